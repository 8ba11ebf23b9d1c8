-- To whom no campaign of a purpose may offer a class of product, whatever the channel (不得推介): one row a
-- customer, purpose, class and gate, of those that stand. What closes every offer is in contact_permissions and not
-- here.

with

offer_exclusions as (
    select distinct
        restrictions.customer_id,
        {{ as_of_date() }} as as_of_date,
        gates.purpose,
        gates.product_class,
        restrictions.gate
    from {{ ref('int_contact__restrictions') }} as restrictions
    inner join {{ ref('contact_gates') }} as gates
        on
            restrictions.gate = gates.gate
            and gates.product_class <> 'ANY'
            and gates.is_in_force
)

select * from offer_exclusions
