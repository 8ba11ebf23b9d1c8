{# Sample variance by sums: exact where the sums are decimals. Null below two observations. #}
{% macro variance_by_sums(n, sum_y, sum_yy) -%}
    {{ covariance_by_sums(n, sum_y, sum_y, sum_yy) }}
{%- endmacro %}

{# Sample covariance by sums. #}
{% macro covariance_by_sums(n, sum_x, sum_y, sum_xy) -%}
    ((cast({{ sum_xy }} as double) - cast({{ sum_x }} as double) * cast({{ sum_y }} as double) / nullif(cast({{ n }} as double), 0))
    / nullif({{ n }} - 1e0, 0))
{%- endmacro %}

{# Standard error of a difference of two means that are not assumed to scatter alike. #}
{% macro welch_standard_error(variance_1, n_1, variance_2, n_2) -%}
    sqrt({{ variance_1 }} / nullif({{ n_1 }}, 0) + {{ variance_2 }} / nullif({{ n_2 }}, 0))
{%- endmacro %}

{# Degrees of freedom of Welch's t (Satterthwaite); null where neither arm scatters. #}
{% macro welch_degrees_of_freedom(variance_1, n_1, variance_2, n_2) -%}
    (power({{ variance_1 }} / nullif({{ n_1 }}, 0) + {{ variance_2 }} / nullif({{ n_2 }}, 0), 2)
    / nullif(
        power({{ variance_1 }} / nullif({{ n_1 }}, 0), 2) / nullif({{ n_1 }} - 1e0, 0)
        + power({{ variance_2 }} / nullif({{ n_2 }}, 0), 2) / nullif({{ n_2 }} - 1e0, 0),
        0
    ))
{%- endmacro %}

{# CUPED (Deng, Xu, Kohavi and Walker 2013): theta, by which a covariate known before the campaign explains the outcome. Over all arms
   together, cov(x, y) / var(x); null where the covariate does not scatter. #}
{% macro cuped_theta(n, sum_x, sum_y, sum_xx, sum_xy) -%}
    ({{ covariance_by_sums(n, sum_x, sum_y, sum_xy) }} / nullif({{ variance_by_sums(n, sum_x, sum_xx) }}, 0))
{%- endmacro %}

{# Variance of an outcome less theta times its covariate. #}
{% macro cuped_variance(variance_y, variance_x, covariance, theta) -%}
    case
        when {{ theta }} is not null
            then greatest(0e0, {{ variance_y }} - 2 * {{ theta }} * {{ covariance }} + {{ theta }} * {{ theta }} * {{ variance_x }})
    end
{%- endmacro %}

{# Customers needed in each of two equal arms to tell a difference of means from nothing, two-sided:
   n = (z_alpha + z_power)² (s₁² + s₂²) / difference², rounded up to whole customers. #}
{% macro required_per_arm_of_amounts(difference, variance_1, variance_2, z_alpha, z_power) -%}
    case
        when {{ difference }} <> 0
            then cast(least(9e15, ceil(
                power({{ z_alpha }} + {{ z_power }}, 2) * ({{ variance_1 }} + {{ variance_2 }}) / power({{ difference }}, 2)
            )) as bigint)
    end
{%- endmacro %}
