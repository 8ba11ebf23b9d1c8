{# The whole of an audience model: whom the predicate over tags finds, less those whom the gates of its purpose remove.

       {% call audience(name_zh='…', purpose='marketing', owner='财富管理部', product='WP04', channels=['APP', 'SMS']) %}
           aum_month_avg >= 300000
           and is_frequent_transactor_90d
       {% endcall %}

   The predicate is SQL over the columns of customer_tags, parsed by `banktags catalogue conditions` before a build. What the call says is
   kept in the model's meta, where the catalogue and the tables about audiences read it. #}
{% macro audience(
    name_zh=none, purpose=none, owner=none, product=none, channels=[], scenario=none, priority=none, including=[], excluding=[], min_confidence={}
) -%}
    {%- set entry = {
        'name_zh': name_zh, 'purpose': purpose, 'owner': owner, 'product': product, 'channels': channels, 'scenario': scenario,
        'priority': priority, 'including': including, 'excluding': excluding, 'min_confidence': min_confidence,
        'predicate': caller() | trim,
    } -%}
    {{- config(meta={'audience': entry}) -}}
    {%- set relations = audience_relations() -%}
    {%- for name in including + excluding -%}
        {%- do relations.update({name: ref('audience__' ~ name)}) -%}
    {%- endfor -%}
    {%- do ref('parsed_conditions') if not is_unit_test() -%}
    {%- do check_audience(this.identifier, entry) -%}

select
    customer_id,
    as_of_date,
    channel,
    address_token,
    product_id,
    unreached_because
from (
{{ audience_query(entry, relations) }}
) as screened
where removed_by is null
{%- endmacro %}

{# What every audience reads, by the names that macro audience_query uses. #}
{% macro audience_relations() -%}
    {{ return({
        'customer_tags': ref('customer_tags'),
        'tag_confidence': ref('tag_confidence'),
        'products_on_sale': ref('int_products__on_sale'),
        'audience_purposes': ref('audience_purposes'),
        'audience_gates': ref('audience_gates'),
        'contact_permissions': ref('contact_permissions'),
        'offer_exclusions': ref('offer_exclusions'),
    }) }}
{%- endmacro %}

{# True where something that the tags date happened within the last days, today being day 0; never, or not known, is not within.
   `not` therefore finds those, too, of whom nothing is known: who did nothing in a window (近三月无理财产品购买) is better asked by
   a tag that counts it, has_no_wealth_purchase_90d, which is null where the orders do not cover the window. #}
{% macro within_days(event, days) -%}
    coalesce({{ event }}_recency_days < {{ days }}, false)
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

{# The rows of several audiences, each with the name and purpose of its audience. #}
{% macro members_of(audiences) -%}
    {%- set purposes = {} -%}
    {%- for entry in audience_entries() -%}{%- do purposes.update({entry.audience: entry.purpose}) -%}{%- endfor -%}
    {%- for relation in audiences %}
    {%- set audience = relation.identifier | replace('audience__', '') %}
select
    '{{ audience }}' as audience,
    '{{ purposes[audience] }}' as purpose,
    customer_id,
    as_of_date,
    channel,
    address_token,
    product_id,
    unreached_because
from {{ relation }}
{{ 'union all' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
