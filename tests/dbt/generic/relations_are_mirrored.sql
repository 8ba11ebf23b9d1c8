{# Proves that relations between persons are whole: nobody is related to themselves, and each relation stands from the other side
   too, as the inverse type of seed relation_types. A failing row names the relation and what is wrong.

       data_tests:
         - relations_are_mirrored
#}
{% test relations_are_mirrored(model) %}
    {{- printed_rows(columns=['relation_type', 'problem', 'remedy']) }}
    select
        relations.customer_id,
        relations.related_customer_id,
        relations.relation_type,
        case
            when relations.customer_id = relations.related_customer_id then 'is a relation to oneself'
            when types.relation_type is null then 'is of a type that relation_types does not know'
            else 'does not stand from the other side'
        end as problem,
        'list type and inverse in seeds/dictionaries/relation_types.csv, then dbt build -s int_customer__relations'
            as remedy
    from {{ model }} as relations
    left join {{ ref('relation_types') }} as types
        on relations.relation_type = types.relation_type
    left join {{ model }} as mirrored
        on
            relations.customer_id = mirrored.related_customer_id
            and relations.related_customer_id = mirrored.customer_id
            and types.inverse_relation_type = mirrored.relation_type
    where
        relations.customer_id = relations.related_customer_id
        or mirrored.customer_id is null
{% endtest %}
