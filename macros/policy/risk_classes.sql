{# The five-class grade (五级分类) of exposures, by days past due on the scale of their kind (seed risk_class_scales). What is written
   off is lost, whatever its instalments say: it takes the band that has no upper end. An exposure of which not all days are known is
   at least as bad as the days that are seen: a bad class stands, and 正常 does not. Loans and cards are graded apart, so that a card
   rests on no source of loans.

   exposures: relation of customer_id, exposure_id, days_past_due, days_past_due_seen and is_written_off; scale: loan or card. #}
{% macro risk_classes_of(exposures, scale) -%}
    {%- set is_known = "exposures.days_past_due is not null or exposures.is_written_off or scales.risk_class <> 'normal'" -%}
    select
        exposures.customer_id,
        '{{ scale }}' as scale,
        exposures.exposure_id,
        exposures.days_past_due,
        case when {{ is_known }} then scales.risk_class end as risk_class,
        case when {{ is_known }} then scales.severity end as severity
    from {{ exposures }} as exposures
    left join {{ ref('risk_class_scales') }} as scales
        on
            scales.scale = '{{ scale }}'
            and case
                when exposures.is_written_off then scales.days_to is null
                else
                    exposures.days_past_due_seen is not null
                    and {{ in_band('exposures.days_past_due_seen', 'scales.days_from', 'scales.days_to') }}
            end
{%- endmacro %}
