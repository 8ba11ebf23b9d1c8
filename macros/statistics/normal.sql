{# The polynomial c0 + c1 x + c2 x² + …, by Horner's scheme. Coefficients are texts with an exponent, so that both engines read doubles. #}
{% macro polynomial(x, coefficients) -%}
    {%- set terms = coefficients | reverse | list -%}
    {%- set scheme = namespace(sql=terms[0]) -%}
    {%- for coefficient in terms[1:] -%}
        {%- set scheme.sql = '(' ~ scheme.sql ~ ' * ' ~ x ~ ' + ' ~ coefficient ~ ')' -%}
    {%- endfor -%}
    {{ scheme.sql }}
{%- endmacro %}

{# P(Z ≤ x) of the standard normal distribution to double precision, in the tails relative to their size: the rational functions of
   W. J. Cody (1969), "Rational Chebyshev approximations for the error function", in the form of his routine ANORM (1993). #}
{% macro normal_cdf(x) -%}
    {%- set x = 'cast(' ~ x ~ ' as double)' -%}
    {%- set size = 'abs(' ~ x ~ ')' -%}
    {%- set square = '(' ~ x ~ ' * ' ~ x ~ ')' -%}
    {#- exp(−x²/2) with the square split at a sixteenth: the rounding of a large x² would be multiplied by it. -#}
    {%- set grain = '(floor(' ~ size ~ ' * 16) / 16)' -%}
    {%- set bell = 'exp(-0.5e0 * ' ~ grain ~ ' * ' ~ grain ~ ') * exp(-0.5e0 * (' ~ size ~ ' - ' ~ grain ~ ') * (' ~ size ~ ' + ' ~ grain ~ '))' -%}
    {%- set middle = bell ~ ' * ' ~ polynomial(size, [
        '9.8427148383839780218e3', '1.1602651437647350124e4', '6.8481904505362823326e3', '2.4945375852903726711e3',
        '5.9727027639480026226e2', '9.3506656132177855979e1', '8.8831497943883759412e0', '3.9894151208813466764e-1',
        '1.0765576773720192317e-8',
    ]) ~ ' / ' ~ polynomial(size, [
        '1.9685429676859990727e4', '3.8912003286093271411e4', '3.4900952721145977266e4', '1.8615571640885098091e4',
        '6.4855582982667607550e3', '1.5193775994075548050e3', '2.3538790178262499861e2', '2.2266688044328115691e1', '1e0',
    ]) -%}
    {%- set inverse = '(1e0 / ' ~ square ~ ')' -%}
    {%- set outer = bell ~ ' * (3.98942280401432677940e-1 - ' ~ inverse ~ ' * ' ~ polynomial(inverse, [
        '2.9112874951168792e-5', '1.421619193227893466e-3', '2.2235277870649807e-2', '1.274011611602473639e-1',
        '2.1589853405795699e-1', '2.307344176494017303e-2',
    ]) ~ ' / ' ~ polynomial(inverse, [
        '7.29751555083966205e-5', '3.78239633202758244e-3', '6.59881378689285515e-2', '4.68238212480865118e-1',
        '1.28426009614491121e0', '1e0',
    ]) ~ ') / ' ~ size -%}
    case
        when {{ size }} <= 0.67448975e0
            then 0.5e0 + {{ x }} * {{ polynomial(square, [
                '1.8154981253343561249e4', '1.0676894854603709582e3', '1.6102823106855587881e2',
                '2.2352520354606839287e0', '6.5682337918207449113e-2',
            ]) }} / {{ polynomial(square, [
                '4.5507789335026729956e4', '1.0260932208618978205e4', '9.7609855173777669322e2', '4.7202581904688241870e1', '1e0',
            ]) }}
        when {{ x }} < -38 then 0e0
        when {{ x }} > 38 then 1e0
        when {{ x }} < -5.656854249492380195e0 then {{ outer }}
        when {{ x }} < 0 then {{ middle }}
        when {{ x }} > 5.656854249492380195e0 then 1e0 - {{ outer }}
        when {{ x }} > 0 then 1e0 - {{ middle }}
    end
{%- endmacro %}

{# The value below which a standard normal variable lies with probability p: algorithm AS 241 (PPND16) of M. J. Wichura (1988), good to
   about sixteen digits. Null outside (0, 1). #}
{% macro normal_quantile(p) -%}
    {%- set p = 'cast(' ~ p ~ ' as double)' -%}
    {%- set q = '(' ~ p ~ ' - 0.5e0)' -%}
    {%- set central = '(0.180625e0 - ' ~ q ~ ' * ' ~ q ~ ')' -%}
    {%- set tail = 'sqrt(-ln(least(' ~ p ~ ', 1e0 - ' ~ p ~ ')))' -%}
    {%- set near = '(' ~ tail ~ ' - 1.6e0)' -%}
    {%- set far = '(' ~ tail ~ ' - 5e0)' -%}
    case
        when {{ p }} <= 0 or {{ p }} >= 1 then null
        when abs({{ q }}) <= 0.425e0
            then {{ q }} * {{ polynomial(central, [
                '3.3871328727963666080e0', '1.3314166789178437745e2', '1.9715909503065514427e3', '1.3731693765509461125e4',
                '4.5921953931549871457e4', '6.7265770927008700853e4', '3.3430575583588128105e4', '2.5090809287301226727e3',
            ]) }} / {{ polynomial(central, [
                '1e0', '4.2313330701600911252e1', '6.8718700749205790830e2', '5.3941960214247511077e3',
                '2.1213794301586595867e4', '3.9307895800092710610e4', '2.8729085735721942674e4', '5.2264952788528545610e3',
            ]) }}
        else sign({{ q }}) * case
            when {{ tail }} <= 5
                then {{ polynomial(near, [
                    '1.42343711074968357734e0', '4.63033784615654529590e0', '5.76949722146069140550e0', '3.64784832476320460504e0',
                    '1.27045825245236838258e0', '2.41780725177450611770e-1', '2.27238449892691845833e-2', '7.74545014278341407640e-4',
                ]) }} / {{ polynomial(near, [
                    '1e0', '2.05319162663775882187e0', '1.67638483018380384940e0', '6.89767334985100004550e-1',
                    '1.48103976427480074590e-1', '1.51986665636164571966e-2', '5.47593808499534494600e-4', '1.05075007164441684324e-9',
                ]) }}
            else {{ polynomial(far, [
                '6.65790464350110377720e0', '5.46378491116411436990e0', '1.78482653991729133580e0', '2.96560571828504891230e-1',
                '2.65321895265761230930e-2', '1.24266094738807843860e-3', '2.71155556874348757815e-5', '2.01033439929228813265e-7',
            ]) }} / {{ polynomial(far, [
                '1e0', '5.99832206555887937690e-1', '1.36929880922735805310e-1', '1.48753612908506148525e-2',
                '7.86869131145613259100e-4', '1.84631831751005468180e-5', '1.42151175831644588870e-7', '2.04426310338993978564e-15',
            ]) }}
        end
    end
{%- endmacro %}

{# Two-sided p of a standard normal test statistic. #}
{% macro normal_p(z) -%}
    2e0 * ({{ normal_cdf('-abs(' ~ z ~ ')') }})
{%- endmacro %}
