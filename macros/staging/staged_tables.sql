{# Every source table with the columns that identify its rows, as the contract says; batched: staged incrementally, so that the
   base model may hold batches after the run's date; state: a later batch may revise a row (see revisions).
   tests/python/test_staging.py proves that it agrees with the contract. #}
{% macro staged_tables() -%}
    {{ return([
        {'system': 'core', 'name': 'customers', 'key': ['customer_id']},
        {'system': 'core', 'name': 'accounts', 'key': ['account_id']},
        {'system': 'core', 'name': 'account_balances', 'key': ['account_id', 'balance_date'], 'batched': true, 'state': true},
        {'system': 'core', 'name': 'transactions', 'key': ['transaction_id', 'transaction_date'], 'batched': true},
        {'system': 'core', 'name': 'products', 'key': ['product_id']},
        {'system': 'core', 'name': 'branches', 'key': ['branch_id']},
        {'system': 'core', 'name': 'managers', 'key': ['manager_id']},
        {'system': 'core', 'name': 'batches', 'key': ['batch_id', 'system_name', 'table_name', 'business_date'], 'batched': true},
        {'system': 'crm', 'name': 'contacts', 'key': ['contact_id']},
        {'system': 'crm', 'name': 'relations', 'key': ['relation_id']},
        {'system': 'crm', 'name': 'risk_assessments', 'key': ['assessment_id']},
        {'system': 'crm', 'name': 'consents', 'key': ['consent_id']},
        {'system': 'crm', 'name': 'nps_responses', 'key': ['response_id', 'responded_date'], 'batched': true},
        {'system': 'crm', 'name': 'complaints', 'key': ['complaint_id']},
        {'system': 'wealth', 'name': 'holdings', 'key': ['customer_id', 'product_id', 'holding_date'], 'batched': true, 'state': true},
        {'system': 'wealth', 'name': 'orders', 'key': ['order_id', 'order_date'], 'batched': true},
        {'system': 'lending', 'name': 'loans', 'key': ['loan_id']},
        {'system': 'lending', 'name': 'repayments', 'key': ['loan_id', 'instalment_no']},
        {'system': 'lending', 'name': 'limits', 'key': ['limit_id']},
        {'system': 'card', 'name': 'cards', 'key': ['card_id']},
        {'system': 'card', 'name': 'card_transactions', 'key': ['card_transaction_id', 'transaction_date'], 'batched': true},
        {'system': 'digital', 'name': 'app_events', 'key': ['event_id', 'event_date'], 'batched': true},
        {'system': 'digital', 'name': 'devices', 'key': ['device_id', 'customer_id']},
        {'system': 'bureau', 'name': 'credit_reports', 'key': ['report_id']},
        {'system': 'marketing', 'name': 'campaigns', 'key': ['campaign_id']},
        {'system': 'marketing', 'name': 'assignments', 'key': ['campaign_id', 'customer_id']},
        {'system': 'marketing', 'name': 'touches', 'key': ['touch_id', 'touch_date'], 'batched': true},
        {'system': 'marketing', 'name': 'costs', 'key': ['cost_id', 'cost_date']},
        {'system': 'governance', 'name': 'tag_requests', 'key': ['request_id']},
        {'system': 'governance', 'name': 'tag_reviews', 'key': ['review_id']},
        {'system': 'governance', 'name': 'query_log', 'key': ['query_id', 'queried_date'], 'batched': true},
    ]) }}
{%- endmacro %}
