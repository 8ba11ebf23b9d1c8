{# The integral of cos(φ)^(df−1) over φ from 0 to reach/√df, times √df: up to a constant, the area under Student's t density between 0
   and t = √df·tan(reach/√df). By the Gauss-Legendre rule of 24 nodes, which lie in pairs around the middle of the range:
   no SQL that both engines speak has the functions for it (DECISIONS 68). #}
{% macro student_t_area(reach, df) -%}
    {%- set terms = [] -%}
    {%- for offset, weight in [
        ('3.20284464313028150e-2', '6.39690976733760103e-2'), ('9.55594337368081553e-2', '6.29187281734141235e-2'),
        ('1.57521339848081698e-1', '6.08352364639016471e-2'), ('2.16896753813022564e-1', '5.77528340268627580e-2'),
        ('2.72710735694419781e-1', '5.37221350579827825e-2'), ('3.24046825968487773e-1', '4.88093260520569630e-2'),
        ('3.70062095789277179e-1', '4.30950807659766025e-2'), ('4.10000992986951474e-1', '3.66732407055400805e-2'),
        ('4.43207763502200536e-1', '2.96492924577181800e-2'), ('4.69137276001366399e-1', '2.21387194087097061e-2'),
        ('4.87364277985654737e-1', '1.42656943144667796e-2'), ('4.97593609998510655e-1', '6.17061489999434516e-3'),
    ] -%}
        {%- for node in ['(0.5e0 - ' ~ offset ~ ')', '(0.5e0 + ' ~ offset ~ ')'] -%}
            {%- do terms.append(
                weight ~ ' * exp((' ~ df ~ ' - 1) * ln(cos(' ~ node ~ ' * ' ~ reach ~ ' / sqrt(' ~ df ~ '))))'
            ) -%}
        {%- endfor -%}
    {%- endfor -%}
    ({{ reach }} * ({{ terms | join(' + ') }}))
{%- endmacro %}

{# How far a t statistic reaches, as √df·arctan(t/√df); beyond 9 nothing is left of the area in double precision. #}
{% macro student_t_reach(t, df) -%}
    least(9e0, sqrt({{ df }}) * atan(abs({{ t }}) / sqrt({{ df }})))
{%- endmacro %}

{# The whole of one side of the density: up to an angle of a right angle. #}
{% macro student_t_full_reach(df) -%}
    least(9e0, sqrt({{ df }}) * 1.5707963267948966e0)
{%- endmacro %}

{# Two-sided p of a t statistic: the share of the density's area that lies farther out. Within 1e-9 for 3 to 10,000,000 degrees of
   freedom, which need not be whole; 1e-4 below. Null without a statistic: least and greatest pass over nulls. #}
{% macro student_t_p(t, df) -%}
    {%- set t, df = 'cast(' ~ t ~ ' as double)', 'cast(' ~ df ~ ' as double)' -%}
    case
        when {{ t }} is not null and {{ df }} is not null
            then greatest(0e0, 1e0 - {{ student_t_area(student_t_reach(t, df), df) }} / {{ student_t_area(student_t_full_reach(df), df) }})
    end
{%- endmacro %}

{# The t that is exceeded on both sides together with probability alpha, by the expansion of Cornish and Fisher (Abramowitz and Stegun
   26.7.5): the start of student_t_critical. `z` is the normal quantile of 1 − alpha/2. #}
{% macro student_t_approximate(df, z) -%}
    {%- set square = '(' ~ z ~ ' * ' ~ z ~ ')' -%}
    ({{ z }} * (1e0 + (
        {{ polynomial(square, ['1e0', '1e0']) }} / 4e0
        + {{ polynomial(square, ['3e0', '16e0', '5e0']) }} / 96e0 / {{ df }}
        + {{ polynomial(square, ['-15e0', '17e0', '19e0', '3e0']) }} / 384e0 / {{ df }} / {{ df }}
        + {{ polynomial(square, ['-945e0', '-1920e0', '1482e0', '776e0', '79e0']) }} / 92160e0 / {{ df }} / {{ df }} / {{ df }}
    ) / {{ df }}))
{%- endmacro %}

{# The t that is exceeded on both sides together with probability alpha: the half width of an interval in standard errors. `start` is the
   column of a CTE before, student_t_approximate of the same, which a step of Halley's corrects below 1,000 degrees of freedom. Within
   1e-9 from 5 degrees of freedom on at alpha 0.05. #}
{% macro student_t_critical(alpha, df, start) -%}
    {%- set missing = '((1e0 - ' ~ alpha ~ ') * ' ~ student_t_area(student_t_full_reach(df), df)
        ~ ' - ' ~ student_t_area(student_t_reach(start, df), df) ~ ')' -%}
    {%- set step = '(' ~ missing ~ ' * exp((' ~ df ~ ' + 1) / 2 * ln(1 + ' ~ start ~ ' * ' ~ start ~ ' / ' ~ df ~ ')))' -%}
    {%- set bend = '(' ~ start ~ ' * (' ~ df ~ ' + 1) / (' ~ df ~ ' + ' ~ start ~ ' * ' ~ start ~ '))' -%}
    {{ start }} + case
        when {{ df }} < 1000 then {{ step }} / (1e0 - {{ bend }} * {{ step }} / 2)
        else 0e0
    end
{%- endmacro %}
