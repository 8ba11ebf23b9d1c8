{# At the start of a run that hashes: the warehouse holds no hashes of another key. They would not meet, and a run with a forgotten or
   mistyped key would hash all of history anew. Each staged batch remembers the first digits of a hash with its key. Whoever
   changes the key says so, with those digits of the new one: a setting that is left behind then lets no other key through.
   The key itself is never read here; whether it may be used at all, dbt_bank_tags has judged. #}
{% macro check_key() -%}
    {%- if execute and flags.WHICH in ('build', 'run') -%}
        {%- set held = [] -%}
        {%- for table in staged_tables() if table.hashed -%}
            {%- set name = 'base_' ~ table.system ~ '__' ~ table.name -%}
            {%- for node in graph.nodes.values() if node.resource_type == 'model' and node.name == name -%}
                {%- set relation = load_relation(api.Relation.create(database=node.database, schema=node.schema, identifier=node.alias)) -%}
                {%- if relation and not relation.is_view -%}
                    {%- do held.append(
                        "select '" ~ name ~ "' as table_name, regexp_extract(batch_fingerprint, 'key ([0-9a-f]+)', 1) as held_key from "
                        ~ relation ~ " group by batch_fingerprint"
                    ) -%}
                {%- endif -%}
            {%- endfor -%}
        {%- endfor -%}
        {%- if held -%}
            {%- set rows = run_query(
                "select min(table_name) as table_name, max(given_key) as given_key from (" ~ held | join(' union all ') ~ ") as held cross join (select "
                ~ key_digits() ~ " as given_key) as given where held_key <> given_key and held_key <> ''"
            ).rows -%}
            {%- if rows[0][0] is not none and env_var('BANK_TAGS_REHASH', '') != rows[0][1] -%}
                {%- do refuse_run(
                    rows[0][0] ~ ' is hashed with another key than this run has (BANK_TAGS_PII_KEY, or the demo key where it is not set): set the'
                    ~ ' key of this warehouse. To hash all of its history anew with this key instead, run it with BANK_TAGS_REHASH=' ~ rows[0][1]
                ) -%}
            {%- endif -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{# By what batches remember the key. Not by way of keyed_hash, in whose place a unit test may put the number itself. #}
{% macro key_digits() -%}
    substr({{ adapter.dispatch('keyed_hash')("'fingerprint'") }}, 1, 8)
{%- endmacro %}
