{# `dbt run-operation store_views`: what each view answers, as Parquet files beside those of the tables, for `banktags parity`
   to read, but for those that it leaves out or that do not stand. Difference: Spark only; DuckDB's views are read as they are. #}
{% macro store_views(left_out) -%}
    {% for node in graph.nodes.values() if node.resource_type == 'model' and node.config.materialized == 'view'
        and node.name not in left_out
        and load_relation(api.Relation.create(schema=node.schema, identifier=node.alias)) %}
        {% do run_query(
            "insert overwrite directory '" ~ env_var('BANK_TAGS_SPARK_WAREHOUSE', 'warehouse/spark') ~ '/' ~ node.schema ~ '.db/' ~ node.alias
            ~ "' using parquet select * from " ~ node.schema ~ '.' ~ node.alias
        ) %}
    {% endfor %}
{%- endmacro %}
