{# The ledger of completed business dates, history.business_dates. #}

{# At the end of a run: record its business date as completed, where the run was a build of the whole project that went well. A date
   that is run again replaces its row; one earlier than the last observed date looks at the past and is not recorded. While dbt parses,
   the statement is rendered too, for dbt to see what it reads. #}
{% macro record_business_date(results) -%}
    {%- if not execute or is_whole_build(results) -%}
        {%- set ledger = ref('business_dates') -%}
        {%- if execute -%}
            {%- set settings = graph.nodes['model.' ~ project_name ~ '.business_dates'].config -%}
            {%- set forget = forget_rows('as_of_date', 'as_of_date = ' ~ as_of_date() ~ ' and ' ~ moves_history(), ledger, settings) -%}
            {%- do run_query(forget) if forget -%}
        {%- endif -%}
        insert into {{ ledger }} (as_of_date, previous_date, customers, tag_changes, batch_digest)
        with

        -- What the control table says was delivered on the date, as one fingerprint.
        deliveries as (
            select {{ delivery_digest() }} as batch_digest
            from {{ ref('stg_core__batches') }}
            where dt = {{ as_of_date() }}
        ),

        customers as (
            select count(*) as customers
            from {{ ref('int_customer__spine') }}
        ),

        changes as (
            select count(*) as tag_changes
            from {{ ref('tag_changes') }}
            where as_of_date = {{ as_of_date() }}
        )

        select
            observed.as_of_date,
            observed.previous_date,
            customers.customers,
            changes.tag_changes,
            deliveries.batch_digest
        from {{ ref('observed_dates') }} as observed
        cross join deliveries
        cross join customers
        cross join changes
        where
            observed.as_of_date = {{ as_of_date() }}
            and {{ moves_history() }}
    {%- endif -%}
{%- endmacro %}

{# Whether a run has built every model of the project, and nothing in it failed or was left out because of a failure. A check that
   only warns leaves the date good; a selection leaves it open. #}
{% macro is_whole_build(results) -%}
    {%- if flags.WHICH != 'build' -%}
        {{ return(false) }}
    {%- endif -%}
    {%- set built = {} -%}
    {%- for result in results -%}
        {%- if result.status not in ('success', 'pass', 'warn', 'no-op') -%}
            {{ return(false) }}
        {%- endif -%}
        {%- do built.update({result.node.unique_id: true}) -%}
    {%- endfor -%}
    {%- for node in graph.nodes.values()
        if node.resource_type == 'model' and node.package_name == project_name
        and node.config.materialized != 'ephemeral' and node.unique_id not in built -%}
        {{ return(false) }}
    {%- endfor -%}
    {{ return(true) }}
{%- endmacro %}
