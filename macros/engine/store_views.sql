{# `dbt run-operation store_views`: what each view answers, as Parquet files beside those of the tables, for `banktags parity`
   to read, if it stands; of those about one customer, what they answer about these. Difference: Spark only; DuckDB's views are read as they are. #}
{% macro store_views(of_one_customer, customers) -%}
    {% for node in graph.nodes.values() if node.resource_type == 'model' and node.config.materialized == 'view'
        and load_relation(api.Relation.create(schema=node.schema, identifier=node.alias)) %}
        {% set asked = " where customer_id in ('" ~ customers | join("', '") ~ "')" if node.name in of_one_customer else '' %}
        {% do run_query(
            "insert overwrite directory '" ~ env_var('BANK_TAGS_SPARK_WAREHOUSE', 'warehouse/spark') ~ '/' ~ node.schema ~ '.db/' ~ node.alias
            ~ "' using parquet select * from " ~ node.schema ~ '.' ~ node.alias ~ asked
        ) %}
    {% endfor %}
{%- endmacro %}
