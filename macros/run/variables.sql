{# The variables of a run: what each admits, checked once at its start, and the two that have a default beyond dbt_project.yml. #}

{# Each variable of dbt_project.yml: the pattern of its whole text, its highest value, and what it admits in words, with the reason of
   a bound. may_be_null: null has a meaning. #}
{% macro variable_definitions() -%}
    {%- set whole = '[1-9][0-9]{0,2}' -%}
    {%- set date = '(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])' -%}
    {{ return({
        'as_of_date': {'pattern': date, 'is_date': true, 'admits': 'a business date, as YYYY-MM-DD; left out, it is the last complete batch'},
        'base_currency': {
            'pattern': '[A-Z]{3}', 'admits': 'the three capital letters of ISO 4217; left out, it is BANK_TAGS_CURRENCY, else CNY'
        },
        'session_gap_minutes': {
            'pattern': whole, 'highest': 240, 'admits': 'a whole number of minutes from 1 to 240: who pauses for longer begins anew'
        },
        'home_country': {'pattern': '[A-Z]{2}', 'admits': 'the two capital letters of an ISO 3166 country'},
        'risk_assessment_validity_months': {
            'pattern': whole, 'highest': 36,
            'admits': 'a whole number of months from 1 to 36: the rules ask for a new assessment after a year, no regulator waits for three'
        },
        'foreign_currency_treatment': {'pattern': 'convert|refuse|warn', 'admits': 'convert, refuse or warn'},
        'redelivery_days': {
            'pattern': whole, 'highest': 366,
            'admits': 'a whole number of days from 1 to 366: what comes again a year later is another posting'
        },
        'quality_reference_date': {
            'pattern': date, 'is_date': true, 'may_be_null': true, 'admits': 'a business date, as YYYY-MM-DD, or null'
        },
    }) }}
{%- endmacro %}

{# At the start of every run, before its first statement: each variable is known and admitted. Otherwise the run stops with the
   variable, its value and what is admitted, and no value has reached SQL. #}
{% macro check_variables() -%}
    {%- if execute -%}
        {%- set known = variable_definitions() -%}
        {%- set given = given_variables() -%}
        {%- for name in given if name not in known -%}
            {%- do refuse_run('no variable is called ' ~ name ~ '. Did you mean ' ~ most_alike(name, known) ~ '? There are ' ~ known | join(', ')) -%}
        {%- endfor -%}
        {%- for name, definition in known.items() -%}
            {%- set value = given[name] if name in given else var(name) -%}
            {#- Null in dbt_project.yml means the default beyond it; null on the command line means nothing but a slip. -#}
            {%- if value is not none or (name in given and not definition.may_be_null) -%}
                {%- do check_variable(name, value, definition) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- do check_variable('BANK_TAGS_CURRENCY', env_var('BANK_TAGS_CURRENCY', '') or 'CNY', known.base_currency) -%}
    {%- endif -%}
{%- endmacro %}

{% macro check_variable(name, value, definition) -%}
    {%- set text = value | string -%}
    {%- set admitted = modules.re.fullmatch(definition.pattern, text) -%}
    {%- if admitted and definition.is_date -%}
        {%- set year, month, day = text.split('-') | map('int') -%}
        {%- set next_month = modules.datetime.date(year + month // 12, month % 12 + 1, 1) -%}
        {%- set admitted = day <= (next_month - modules.datetime.timedelta(days=1)).day -%}
    {%- endif -%}
    {%- if admitted and definition.highest -%}
        {%- set admitted = text | int <= definition.highest -%}
    {%- endif -%}
    {%- if not admitted -%}
        {%- do refuse_run(name ~ ' is ' ~ tojson(text if value is not none else none) ~ ', and must be ' ~ definition.admits) -%}
    {%- endif -%}
{%- endmacro %}

{# What the command line says of variables, by name. #}
{% macro given_variables() -%}
    {%- set given = invocation_args_dict.get('vars') or {} -%}
    {{ return(fromyaml(given) if given is string else given) }}
{%- endmacro %}

{# The known name that shares the most pairs of neighbouring letters with a mistyped one. #}
{% macro most_alike(name, known) -%}
    {%- set pairs = [] -%}
    {%- for position in range(name | length - 1) -%}{%- do pairs.append(name[position:position + 2]) -%}{%- endfor -%}
    {%- set best = namespace(name=known | first, shared=-1) -%}
    {%- for candidate in known -%}
        {%- set shared = pairs | select('in', candidate) | list | length -%}
        {%- if shared > best.shared -%}{%- set best.name, best.shared = candidate, shared -%}{%- endif -%}
    {%- endfor -%}
    {{ return(best.name) }}
{%- endmacro %}

{# Ends a run before anything is built. #}
{% macro refuse_run(reason) -%}
    {{ exceptions.raise_compiler_error(reason ~ '. Nothing was built.') }}
{%- endmacro %}

{# The bank's base currency: the variable, or else the setting BANK_TAGS_CURRENCY, which dbt, make and banktags share. #}
{% macro base_currency() -%}
    {{ return(var('base_currency') or ('CNY' if is_unit_test() else env_var('BANK_TAGS_CURRENCY', '') or 'CNY')) }}
{%- endmacro %}

{# The business date that the run stands on, as text: the variable, or else the last complete batch of the extracts, found once in
   a run. Unit tests that name no date, a parse and what has no extracts to stand on take the last date of the demo bank. #}
{% macro business_date() -%}
    {%- set said, demo_date = var('as_of_date'), '2026-06-30' -%}
    {%- if said -%}
        {%- do check_variable('as_of_date', said, variable_definitions().as_of_date) if execute -%}
        {{ return(said | string) }}
    {%- endif -%}
    {%- if not execute or is_unit_test() -%}
        {{ return(demo_date) }}
    {%- endif -%}
    {{ return(delivered_dates().last or demo_date) }}
{%- endmacro %}

{% macro is_unit_test() -%}
    {{ return(model is defined and model.resource_type == 'unit_test') }}
{%- endmacro %}
