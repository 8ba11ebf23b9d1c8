{# The statuses of a touch by which a customer refuses further marketing through its channel, as SQL. #}
{% macro refusal_statuses() -%}
    'unsubscribed', 'refused'
{%- endmacro %}

{# The moment from which a refusal counts. A refusal of midnight sharp came as a date: it counts to the end of its day, so that a
   consent of the same day is later only where both have a time and its own is later. #}
{% macro moment_of_refusal(moment) -%}
    case
        when cast(cast({{ moment }} as date) as timestamp) = {{ moment }}
            then cast({{ dbt.dateadd('second', 86399, moment) }} as timestamp)
        else {{ moment }}
    end
{%- endmacro %}

{# The gates that a person's restrictions are told by (int_contact__restrictions), in the order of seed audience_gates. #}
{% macro restriction_gates() -%}
    {{ return([
        'relationship_ended', 'deceased', 'frozen_by_order', 'no_guardian_consent', 'age_unknown', 'minor', 'staff', 'open_complaint',
    ]) }}
{%- endmacro %}

{# The gates of contact_permissions, in the order of seed audience_gates: the first that closes a channel is the one that is told. #}
{% macro contact_gates() -%}
    {{ return(restriction_gates() + [
        'no_consent', 'do_not_contact', 'number_refused', 'opted_out', 'no_address', 'held_out', 'control',
    ]) }}
{%- endmacro %}

{# The first gate that closes a channel to a purpose; an entry of the do-not-contact list that is for marketing closes no other. Reads
   the CTEs judged and policy of contact_permissions. #}
{% macro first_closing_gate(purpose) -%}
    case
        {%- for gate in contact_gates() %}
        when
            judged.{{ gate }} and policy.{{ gate }}__{{ purpose }}
            {{ 'and judged.is_listed_for_all_purposes' if gate == 'do_not_contact' and purpose != 'marketing' }}
            then '{{ gate }}'
        {%- endfor %}
    end
{%- endmacro %}

{# The gate that closes a row of contact_permissions to a purpose; to one that it does not judge everything is closed. #}
{% macro blocked_by_purpose(purpose, permissions) -%}
    case {{ purpose }}
        when 'marketing' then {{ permissions }}.marketing_blocked_by
        when 'service' then {{ permissions }}.service_blocked_by
        when 'risk' then {{ permissions }}.risk_blocked_by
        else 'no_consent'
    end
{%- endmacro %}

{# By what a rule of seed address_rules orders those who share a number: the least comes first. #}
{% macro address_rule_key(rule) -%}
    case {{ rule }}
        when 'longest_customer' then coalesce(addresses.opened_date, {{ next_day() }})
        when 'eldest' then coalesce(addresses.birth_date, {{ next_day() }})
    end
{%- endmacro %}
