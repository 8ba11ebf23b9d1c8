{# A share of successes in trials, as double; null without trials. #}
{% macro rate(successes, trials) -%}
    (cast({{ successes }} as double) / nullif(cast({{ trials }} as double), 0))
{%- endmacro %}

{# Wilson's interval of a proportion: (lower, upper) by `side`, for the normal quantile z of 1 − alpha/2. #}
{% macro wilson_bound(successes, trials, z, side) -%}
    {%- set p, n = rate(successes, trials), 'cast(' ~ trials ~ ' as double)' -%}
    (
        ({{ p }} + {{ z }} * {{ z }} / (2 * {{ n }})
        {{ '-' if side == 'lower' else '+' }} {{ z }} * sqrt({{ p }} * (1 - {{ p }}) / {{ n }} + {{ z }} * {{ z }} / (4 * {{ n }} * {{ n }})))
        / (1 + {{ z }} * {{ z }} / {{ n }})
    )
{%- endmacro %}

{# The pooled z statistic of two proportions: null where none, or everybody, succeeded, for then there is nothing to compare. #}
{% macro two_proportion_z(successes_1, trials_1, successes_2, trials_2) -%}
    {%- set pooled = rate('(' ~ successes_1 ~ ' + ' ~ successes_2 ~ ')', '(' ~ trials_1 ~ ' + ' ~ trials_2 ~ ')') -%}
    (({{ rate(successes_1, trials_1) }} - {{ rate(successes_2, trials_2) }})
    / nullif(sqrt({{ pooled }} * (1 - {{ pooled }}) * (1e0 / nullif({{ trials_1 }}, 0) + 1e0 / nullif({{ trials_2 }}, 0))), 0))
{%- endmacro %}

{# One bound of Newcombe's hybrid score interval of a difference of two proportions (R. G. Newcombe 1998, method 10), from the rates and
   their Wilson bounds. #}
{% macro newcombe_bound(successes_1, trials_1, successes_2, trials_2, z, side) -%}
    {%- set first, second = rate(successes_1, trials_1), rate(successes_2, trials_2) -%}
    {%- set out, back = (('lower', 'upper') if side == 'lower' else ('upper', 'lower')) -%}
    ({{ first }} - {{ second }} {{ '-' if side == 'lower' else '+' }} sqrt(
        power({{ first }} - {{ wilson_bound(successes_1, trials_1, z, out) }}, 2)
        + power({{ second }} - {{ wilson_bound(successes_2, trials_2, z, back) }}, 2)
    ))
{%- endmacro %}

{# Chi-square (one degree of freedom) of a split in two against the share planned for the second part: the sample-ratio mismatch. #}
{% macro sample_ratio_chi_square(trials_1, trials_2, planned_share_2) -%}
    {%- set n = 'cast(' ~ trials_1 ~ ' + ' ~ trials_2 ~ ' as double)' -%}
    (power({{ trials_2 }} - {{ n }} * {{ planned_share_2 }}, 2) / nullif({{ n }} * {{ planned_share_2 }} * (1 - {{ planned_share_2 }}), 0))
{%- endmacro %}

{# p of a chi-square with one degree of freedom. #}
{% macro chi_square_p(chi_square) -%}
    {{ normal_p('sqrt(' ~ chi_square ~ ')') }}
{%- endmacro %}

{# Customers needed in each of two equal arms to tell rate_1 from rate_2 (Fleiss, Levin and Paik 2003, eq. 4.14, without continuity correction):
   n = (z_alpha √(2 p̄ (1 − p̄)) + z_power √(p₁(1 − p₁) + p₂(1 − p₂)))² / (p₁ − p₂)², rounded up to whole customers; null for equal rates. #}
{% macro required_per_arm(rate_1, rate_2, z_alpha, z_power) -%}
    {%- set middle = '((' ~ rate_1 ~ ' + ' ~ rate_2 ~ ') / 2e0)' -%}
    case
        when {{ rate_1 }} <> {{ rate_2 }}
            then cast(least(9e15, ceil(power(
                ({{ z_alpha }} * sqrt(2 * {{ middle }} * (1 - {{ middle }}))
                + {{ z_power }} * sqrt({{ rate_1 }} * (1 - {{ rate_1 }}) + {{ rate_2 }} * (1 - {{ rate_2 }})))
                / ({{ rate_1 }} - {{ rate_2 }}),
                2
            ))) as bigint)
    end
{%- endmacro %}

{# The smallest difference of proportions that two arms of these sizes can tell from nothing with the power asked for, at the rate given:
   (z_alpha + z_power) √(p (1 − p) (1/n₁ + 1/n₂)). Null at a rate of 0 or 1, which says nothing about the scatter. #}
{% macro detectable_difference(rate, trials_1, trials_2, z_alpha, z_power) -%}
    nullif(({{ z_alpha }} + {{ z_power }})
    * sqrt({{ rate }} * (1 - {{ rate }}) * (1e0 / nullif({{ trials_1 }}, 0) + 1e0 / nullif({{ trials_2 }}, 0))), 0)
{%- endmacro %}
