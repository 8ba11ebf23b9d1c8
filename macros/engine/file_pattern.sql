{# A path as it stands in a quoted pattern of file names, whatever is in it: apostrophes are doubled, and * ? [ stand for themselves.
   The locations in the source YAML do the same by hand, where no macro can be called. #}
{% macro file_pattern(path) -%}
    {{ return(path.translate({39: "''", 42: '[*]', 63: '[?]', 91: '[[]'})) }}
{%- endmacro %}

{# The path that a quoted pattern begins with, as quoted text: what file_pattern made of * ? [ is undone. #}
{% macro path_of_pattern(pattern) -%}
    {{ return(modules.re.sub('\\[([*?\\[])\\]', '\\1', pattern)) }}
{%- endmacro %}
