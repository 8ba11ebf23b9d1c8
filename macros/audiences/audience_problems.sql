{# What an audience asks for that its purpose does not admit. Nothing of dbt is used in here: `banktags audience estimate` judges by this very
   text. #}

{# What an audience asks for that its purpose does not admit, each with the remedy, joined by '; it '; empty where nothing is wrong.

   `entry` is what the YAML of the audience says, with the tags that its condition and floors name. `policy` is seed audience_purposes by
   purpose (max_security_level, may_name_product, channels, scenarios), empty before it is known; `tags` the security level of each tag;
   `audiences` what each audience is: purpose, including, excluding, and the highest level of the tags that it reads. #}
{% macro audience_problems(entry, policy, tags, audiences) -%}
    {%- set problems = entry.get('faults', []) | list -%}
    {%- set purpose = policy.get(entry.purpose) -%}
    {%- for field in ['name_zh', 'owner'] if field in entry and not entry[field] -%}
        {%- do problems.append("has no " ~ field ~ ": write " ~ field ~ ": … into its meta") -%}
    {%- endfor -%}
    {%- if not entry.purpose -%}
        {%- do problems.append("has no purpose: seed audience_purposes knows " ~ policy | sort | join(', ')) -%}
    {%- elif policy and not purpose -%}
        {%- do problems.append("has purpose " ~ entry.purpose ~ ": seed audience_purposes knows " ~ policy | sort | join(', ')) -%}
    {%- endif -%}
    {%- if entry.product and not modules.re.fullmatch('[A-Za-z0-9_.-]{1,64}', entry.product | string) -%}
        {%- do problems.append("names product " ~ entry.product | tojson ~ ": a product id has letters, digits, - . and _ only") -%}
    {%- endif -%}
    {%- if entry.purpose == 'marketing' and not entry.product -%}
        {%- do problems.append("names no product: marketing says what it offers, so that suitability can be judged") -%}
    {%- endif -%}
    {%- if entry.purpose == 'marketing' and not entry.channels -%}
        {%- do problems.append("names no channel: consent is given by channel") -%}
    {%- endif -%}
    {%- if purpose and entry.product and not purpose.may_name_product -%}
        {%- do problems.append(
            "offers product " ~ entry.product ~ ": an offer is marketing, whatever it calls itself, and " ~ entry.purpose
            ~ " names no product (seed audience_purposes); take purpose marketing, or leave the product out"
        ) -%}
    {%- endif -%}
    {%- if purpose and entry.get('scenario') and entry.scenario not in purpose.scenarios -%}
        {%- do problems.append(
            "has scenario " ~ entry.scenario ~ ", which is none of " ~ entry.purpose ~ ": seed audience_purposes knows "
            ~ purpose.scenarios | join(', ')
        ) -%}
    {%- endif -%}
    {%- for channel in entry.channels if purpose and channel not in purpose.channels -%}
        {%- do problems.append(
            "names channel " ~ channel ~ ": " ~ entry.purpose ~ " reaches customers by "
            ~ (purpose.channels | join(', ') or 'no channel') ~ " (seed audience_purposes)"
        ) -%}
    {%- endfor -%}
    {%- for other in entry.including + entry.excluding if other not in audiences and other != entry.get('audience') -%}
        {%- do problems.append("names audience " ~ other ~ ", which there is not: take one of " ~ audiences | sort | join(', ')) -%}
    {%- endfor -%}
    {%- set traced = {} -%}
    {%- do trace_sets(dict(audiences, **{'': entry}), traced) -%}
    {%- if entry.get('audience') in traced[''].behind -%}
        {%- do problems.append("names itself by the sets that it includes and excludes: leave one of them out") -%}
    {%- endif -%}
    {%- for other in traced[''].told -%}
        {%- set way = 'includes ' ~ other if other in entry.including else 'tells who is in ' ~ other ~ ' by the sets that it names' -%}
        {%- set remedy = 'leave the set out' if other in entry.including else 'exclude ' ~ other ~ ' as well' -%}
        {%- if audiences[other].purpose != entry.purpose -%}
            {%- do problems.append(
                way ~ ", whose purpose is " ~ audiences[other].purpose ~ ": what is known for one purpose may not be used for another; " ~ remedy
            ) -%}
        {%- elif purpose and audiences[other].level > purpose.max_security_level -%}
            {%- do problems.append(
                way ~ " of security level " ~ audiences[other].level ~ ": for " ~ entry.purpose ~ " level " ~ purpose.max_security_level
                ~ " is the highest (seed audience_purposes); " ~ remedy
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for tag in entry.tags -%}
        {%- if tag not in tags -%}
            {%- do problems.append("reads " ~ tag ~ ", which is no tag: search the catalogue") -%}
        {%- elif purpose and tags[tag] > purpose.max_security_level -%}
            {%- do problems.append(
                "reads " ~ tag ~ " of security level " ~ tags[tag] ~ ": for " ~ entry.purpose ~ " level " ~ purpose.max_security_level
                ~ " is the highest (seed audience_purposes); take another tag"
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {{- problems | join('; it ') -}}
{%- endmacro %}

{# What membership tells through sets, transitively, into `traced`, of `audiences` by name with what each includes and excludes:
   behind: all that it names, and what these name; told: audiences in which a member may be told to be; barred: those in which no member is; hidden: those in which somebody may be told
   to be by not being a member.

   Who is left out of an offer because of a warning is protected: the list holds nobody who has one. Who is left out of *that* list may
   have the warning, so that a list without its members is a list of warnings, unless it leaves out the warned as well. #}
{% macro trace_sets(audiences, traced) -%}
    {%- for name in audiences -%}{%- do traced.update({name: {'behind': [], 'told': [], 'barred': [], 'hidden': []}}) -%}{%- endfor -%}
    {#- Each round follows the sets one step further, and there are no more steps than audiences. -#}
    {%- for _ in audiences -%}
        {%- for name, entry in audiences.items() -%}
            {%- set behind, told, barred, hidden = entry.including + entry.excluding, [], [], [] -%}
            {%- for other in entry.including + entry.excluding if other in traced -%}
                {%- do behind.extend(traced[other].behind) -%}
            {%- endfor -%}
            {%- for other in entry.including if other in traced -%}
                {%- do told.extend([other] + traced[other].told) -%}
                {%- do barred.extend(traced[other].barred) -%}
                {%- do hidden.extend(traced[other].hidden) -%}
            {%- endfor -%}
            {%- for other in entry.excluding if other in traced -%}
                {%- do told.extend(traced[other].hidden) -%}
                {%- do barred.append(other) -%}
                {%- do hidden.extend([other] + traced[other].told) -%}
            {%- endfor -%}
            {%- do traced.update({name: {
                'behind': behind | unique | list,
                'told': told | reject('in', barred) | unique | list,
                'barred': barred | unique | list,
                'hidden': hidden | unique | list,
            }}) -%}
        {%- endfor -%}
    {%- endfor -%}
{%- endmacro %}
