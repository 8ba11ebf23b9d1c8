"""Which postings count, by the words of DECISIONS.md: the tests' own calculation, posting by posting."""

from collections import defaultdict
from typing import Any

import pandas as pd

from banktags.contract import PROJECT_ROOT
from banktags.seeds.rows import seed_file

DICTIONARIES = PROJECT_ROOT / "seeds" / "dictionaries"

#: What two postings of one account, moment and amount may differ in.
CONTENT = ("transaction_type", "channel", "counterparty_account", "counterparty_bank")

#: What is read of each posting, under these names; ``cents`` is its amount.
COLUMNS = (
    "transaction_id, transaction_date, transaction_at, account_id, direction, transaction_type, channel, "
    "counterparty_account, counterparty_bank, reverses_transaction_id"
)


def counted_postings(rows: pd.DataFrame, owners: pd.Series, households: pd.Series) -> pd.DataFrame:
    """The valid postings of ``rows`` that count, with golden customer, category, initiator and household moves.

    ``rows`` has COLUMNS and ``cents``; ``owners`` the golden customer of each account, ``households`` the household of
    each golden customer who has one. Accounts that nobody owns are left out.
    """
    types = pd.read_csv(DICTIONARIES / "transaction_types.csv").set_index("transaction_type")
    reversed_keys = _reversed_keys(rows)
    keys = list(zip(rows["transaction_id"], rows["transaction_date"], strict=True))
    counted = rows[[key not in reversed_keys for key in keys]].copy()
    counted["golden"] = counted["account_id"].map(owners)
    counted = counted[counted["golden"].notna()]

    other = counted["counterparty_account"].map(owners)
    may_move = counted["transaction_type"].map(types["is_move"]) & (
        counted["account_id"] != counted["counterparty_account"]
    )
    may_move &= counted["counterparty_bank"].fillna("") == ""
    counted = counted[~(may_move & (other == counted["golden"]))]
    other, may_move = other[counted.index], may_move[counted.index]
    counted["is_household_move"] = may_move & (other.map(households) == counted["golden"].map(households))

    counted["category"] = counted["transaction_type"].map(types["category"])
    judged = [
        _initiator(*kind) for kind in counted[["transaction_type", "direction", "channel"]].itertuples(index=False)
    ]
    counted["initiator"] = [initiator for initiator, _ in judged]
    counted["is_activity"] = [is_activity for _, is_activity in judged]
    return counted


def _initiator(transaction_type: str, direction: str, channel: Any) -> tuple[str, bool]:
    rows = _INITIATORS[transaction_type, direction]
    return rows.get(channel) or rows[None]


def _read_initiators() -> dict[tuple[str, str], dict[str | None, tuple[str, bool]]]:
    found: dict[tuple[str, str], dict[str | None, tuple[str, bool]]] = defaultdict(dict)
    for row in pd.read_csv(DICTIONARIES / "transaction_initiators.csv").itertuples():
        channel = None if pd.isna(row.channel) else row.channel
        found[row.transaction_type, row.direction][channel] = (row.initiator, bool(row.is_activity))
    return found


_INITIATORS = _read_initiators()


def _reversed_keys(rows: pd.DataFrame) -> set[tuple[str, pd.Timestamp]]:
    """Keys of what is reversed and of what reverses it: one reversal after the other, as a clerk would."""
    days = pd.read_csv(seed_file("reversal_policy")).set_index("parameter")["value"]
    is_reversal = (rows["transaction_type"] == "REVERSAL") | rows["reverses_transaction_id"].notna()
    touched = rows[rows["account_id"].isin(rows.loc[is_reversal, "account_id"])]
    gone: set[tuple[str, pd.Timestamp]] = set()
    for _, account in touched.groupby("account_id"):
        postings = account.sort_values(["transaction_date", "transaction_at"]).to_dict("records")
        reversals = [
            p for p in postings if p["transaction_type"] == "REVERSAL" or pd.notna(p["reverses_transaction_id"])
        ]
        # The last word first: a reversal that is reversed says nothing more. Then those that name what they mean.
        for reversal in reversed([p for p in reversals if pd.notna(p["reverses_transaction_id"])]):
            if _key(reversal) not in gone:
                candidates = [
                    p
                    for p in postings
                    if p["transaction_id"] == reversal["reverses_transaction_id"]
                    and _may_be_reversed(p, reversal, days["named_within_days"])
                ]
                if candidates and _key(candidates[-1]) not in gone:
                    gone |= {_key(candidates[-1]), _key(reversal)}
        for reversal in [p for p in reversals if pd.isna(p["reverses_transaction_id"])]:
            candidates = [
                p
                for p in postings
                if p not in reversals
                and _key(p) not in gone
                and p["transaction_at"] <= reversal["transaction_at"]
                and _may_be_reversed(p, reversal, days["matched_within_days"])
            ]
            latest = [p for p in candidates if p["transaction_at"] == candidates[-1]["transaction_at"]]
            if _key(reversal) not in gone and len({tuple(str(p[column]) for column in CONTENT) for p in latest}) == 1:
                gone |= {_key(latest[-1]), _key(reversal)}
    return gone


def _key(posting: dict[str, Any]) -> tuple[str, pd.Timestamp]:
    return posting["transaction_id"], posting["transaction_date"]


def _may_be_reversed(posting: dict[str, Any], reversal: dict[str, Any], days: int) -> bool:
    return (
        posting["cents"] == reversal["cents"]
        and posting["direction"] != reversal["direction"]
        and 0 <= (reversal["transaction_date"] - posting["transaction_date"]).days <= days
    )
