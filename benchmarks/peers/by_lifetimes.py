"""Recency, frequency, T and monetary value by lifetimes: ``… by_lifetimes.py ACTIVITY.parquet AS_OF OUT.parquet``.

The activity has customer_id, transaction_date and amount. With the first transaction included, T − recency are the days
since the last activity, and frequency × monetary value is the amount of the year.
"""

import sys

import pandas as pd
from lifetimes.utils import summary_data_from_transaction_data

activity, as_of, out = sys.argv[1:]
summary = summary_data_from_transaction_data(
    pd.read_parquet(activity),
    "customer_id",
    "transaction_date",
    monetary_value_col="amount",
    observation_period_end=as_of,
    include_first_transaction=True,
)
summary.reset_index().to_parquet(out)
