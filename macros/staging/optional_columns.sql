{# What a row can do without, by table: the columns that become unknown where their value can't be right, each with the column of the
   base model that it becomes. tests/python/test_staging.py proves that it agrees with the models. #}
{% macro optional_columns() -%}
    {{ return({
        'core.customers': {
            'id_type': 'id_type', 'id_no': 'id_no_hash', 'gender': 'gender', 'birth_date': 'birth_date',
            'mobile': 'mobile_hash', 'city_code': 'city_code', 'occupation_code': 'occupation_code',
            'education_code': 'education_code', 'marital_status_code': 'marital_status_code',
            'annual_income': 'annual_income', 'opened_date': 'opened_date', 'closed_date': 'closed_date',
            'status': 'status', 'deceased_date': 'deceased_date',
        },
        'core.accounts': {
            'opened_date': 'opened_date', 'closed_date': 'closed_date', 'maturity_date': 'maturity_date',
            'status': 'status',
        },
        'core.transactions': {'transaction_at': 'transaction_at', 'channel': 'channel'},
        'core.products': {
            'issuer_risk_rating': 'issuer_risk_rating', 'seller_risk_rating': 'seller_risk_rating',
            'term_days': 'term_days', 'launched_date': 'launched_date', 'delisted_date': 'delisted_date',
        },
        'core.branches': {'city_code': 'city_code', 'branch_type': 'branch_type'},
        'core.managers': {'role': 'role'},
        'crm.contacts': {
            'mobile': 'mobile_hash', 'id_no_sha256': 'id_no_hash', 'birth_date': 'birth_date', 'gender': 'gender',
            'city_code': 'city_code', 'occupation_code': 'occupation_code', 'lead_source': 'lead_source',
            'created_date': 'created_date',
        },
        'crm.relations': {'since_date': 'since_date', 'until_date': 'until_date'},
        'crm.risk_assessments': {'valid_to': 'valid_to', 'investment_goal': 'investment_goal'},
        'crm.consents': {'withdrawn_at': 'withdrawn_at'},
        'crm.do_not_contact': {
            'mobile': 'mobile_hash', 'channel': 'channel', 'purpose': 'purpose', 'listed_from': 'listed_from',
            'listed_until': 'listed_until',
        },
        'crm.complaints': {'category': 'category', 'resolved_date': 'resolved_date'},
        'wealth.orders': {'channel': 'channel'},
        'lending.loans': {
            'loan_type': 'loan_type', 'principal': 'principal', 'outstanding_principal': 'outstanding_principal',
            'granted_date': 'granted_date', 'maturity_date': 'maturity_date', 'status': 'status',
            'annual_rate': 'annual_rate',
        },
        'lending.repayments': {'paid_date': 'paid_date'},
        'lending.limits': {
            'limit_type': 'limit_type', 'used_amount': 'used_amount', 'valid_from': 'valid_from',
            'valid_to': 'valid_to',
        },
        'card.cards': {
            'card_type': 'card_type', 'card_level': 'card_level', 'issued_date': 'issued_date',
            'activated_date': 'activated_date', 'closed_date': 'closed_date', 'credit_limit': 'credit_limit',
            'days_past_due': 'days_past_due',
        },
        'card.card_transactions': {
            'transaction_at': 'transaction_at', 'mcc': 'mcc', 'merchant_country': 'merchant_country',
            'instalments': 'instalments',
        },
        'digital.app_events': {'page': 'page'},
        'digital.devices': {'first_seen_date': 'first_seen_date', 'os': 'os'},
        'bureau.credit_reports': {
            'credit_score': 'credit_score', 'external_debt': 'external_debt',
            'overdue_count_24m': 'overdue_count_24m', 'inquiry_count_6m': 'inquiry_count_6m',
        },
        'marketing.touches': {'touch_at': 'touch_at'},
    }) }}
{%- endmacro %}
