{# The whole of an audience model: whom the predicate over tags finds, less those whom the gates of its purpose remove.

       {% raw %}{% call audience(name_zh='…', purpose='marketing', owner='财富管理部', product='WP04', channels=['APP', 'SMS']) %}
           aum_month_avg >= 300000
           and is_frequent_transactor_90d
       {% endcall %}{% endraw %}

   The predicate is SQL over the columns of customer_tags. What the call says is kept in the model's meta, where the catalogue and
   the tables about audiences read it. #}
{% macro audience(
    name_zh, purpose, owner, product=none, channels=[], scenario=none, priority=none, including=[], excluding=[], min_confidence={}
) -%}
    {%- set entry = {
        'name_zh': name_zh, 'purpose': purpose, 'owner': owner, 'product': product, 'channels': channels, 'scenario': scenario,
        'priority': priority, 'including': including, 'excluding': excluding, 'min_confidence': min_confidence,
        'predicate': caller() | trim,
    } -%}
    {{- config(meta={'audience': entry}) -}}
    {%- set relations = {
        'customer_tags': ref('customer_tags'),
        'tag_confidence': ref('tag_confidence'),
        'products_on_sale': ref('int_products__on_sale'),
        'audience_purposes': ref('audience_purposes'),
    } -%}
    {%- for name in including + excluding -%}
        {%- do relations.update({name: ref('audience__' ~ name)}) -%}
    {%- endfor -%}
    {%- do check_audience(this.identifier, entry) -%}

select
    customer_id,
    as_of_date,
    channel,
    product_id
from (
{{ audience_query(entry, relations) }}
) as screened
where removed_by is null
{%- endmacro %}

{# True where something that the tags date happened within the last days, today being day 0; never, or not known, is not within. The
   negation is `not`: {% raw %}not {{ within_days('wealth_purchase', 90) }}{% endraw %} finds who bought nothing in the window (近三月无理财产品购买). #}
{% macro within_days(event, days) -%}
    coalesce({{ event }}_recency_days < {{ days }}, false)
{%- endmacro %}

{# Stops the run where an audience asks for what its purpose does not admit, with what to do about it. #}
{% macro check_audience(name, entry) -%}
    {%- if execute -%}
        {%- set problems = [] -%}
        {%- if not entry.predicate -%}
            {%- do problems.append("has no predicate: write a condition over tags between call and endcall") -%}
        {%- elif modules.re.search('(?i)\\b(select|from)\\b', predicate_words(entry.predicate) | join(' ')) -%}
            {%- do problems.append("reads a table: a predicate reads tags; other audiences go into including or excluding") -%}
        {%- endif -%}
        {%- if entry.purpose == 'marketing' and not entry.product -%}
            {%- do problems.append("names no product: marketing says what it offers, so that suitability can be judged") -%}
        {%- endif -%}
        {%- if entry.purpose == 'marketing' and not entry.channels -%}
            {%- do problems.append("names no channel: consent is given by channel") -%}
        {%- endif -%}
        {%- for channel in entry.channels if channel not in ['SMS', 'PHONE', 'APP', 'WECOM'] -%}
            {%- do problems.append("names channel " ~ channel ~ ": consent is known for SMS, PHONE, APP and WECOM") -%}
        {%- endfor -%}
        {%- for other in entry.including -%}
            {%- set included = audience_entries() | selectattr('audience', 'equalto', other) | first -%}
            {%- if included and included.purpose != entry.purpose -%}
                {%- do problems.append("includes " ~ other ~ ", whose purpose is " ~ included.purpose ~ ": what one purpose may know another may not use") -%}
            {%- endif -%}
        {%- endfor -%}
        {%- set levels = purpose_levels() -%}
        {%- if levels and entry.purpose not in levels -%}
            {%- do problems.append("has purpose " ~ entry.purpose ~ ": seed audience_purposes knows " ~ levels | join(', ')) -%}
        {%- endif -%}
        {%- set words = predicate_words(entry.predicate) -%}
        {%- for tag in tag_entries()
            if tag.tag_code in words and tag.security_level > levels.get(entry.purpose, tag.security_level) -%}
            {%- do problems.append(
                "reads " ~ tag.tag_code ~ " of security level " ~ tag.security_level ~ ": for " ~ entry.purpose ~ " at most level "
                ~ levels[entry.purpose] ~ " is allowed (seed audience_purposes); take another tag"
            ) -%}
        {%- endfor -%}
        {%- if problems -%}
            {{ exceptions.raise_compiler_error("audience " ~ name ~ " " ~ problems | join('; it ')) }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{# The words of a predicate, without those in texts and comments. #}
{% macro predicate_words(predicate) -%}
    {%- set bare = modules.re.sub("'[^']*'", "''", modules.re.sub('(?s)/[*].*?[*]/|--[^\n]*', ' ', predicate)) -%}
    {{ return(modules.re.findall('[A-Za-z_][A-Za-z0-9_]*', bare) | map('lower') | unique | list) }}
{%- endmacro %}

{# The highest security level of tags that each purpose may use; empty before the policy is seeded. #}
{% macro purpose_levels() -%}
    {%- set levels = {} -%}
    {%- if load_relation(ref('audience_purposes')) -%}
        {%- for row in run_query('select purpose, max_security_level from ' ~ ref('audience_purposes') ~ ' order by purpose').rows -%}
            {%- do levels.update({row[0]: row[1] | int}) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(levels) }}
{%- endmacro %}

{# All audiences by name, as their models say: what macro audience() was given, with name, description and relation. None while
   dbt parses and in a unit test. #}
{% macro audience_entries() -%}
    {%- set entries = [] -%}
    {%- for node in graph.get('nodes', {}).values() if node.resource_type == 'model' and node.config.get('meta', {}).get('audience') -%}
        {%- set entry = {
            'audience': node.name | replace('audience__', ''), 'description': node.description, 'relation': node.relation_name,
        } -%}
        {%- do entry.update(node.config.meta.audience) -%}
        {%- do entries.append(entry) -%}
    {%- endfor -%}
    {{ return(entries | sort(attribute='audience')) }}
{%- endmacro %}

{# The rows of several audiences, each with the name of its audience. #}
{% macro members_of(audiences) -%}
    {%- for relation in audiences %}
select
    '{{ relation.identifier | replace("audience__", "") }}' as audience,
    customer_id,
    as_of_date,
    channel,
    product_id
from {{ relation }}
{{ 'union all' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
