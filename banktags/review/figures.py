"""What the review page shows of one quarter, read from the marts ``pyramid_review`` and its neighbours."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any

import duckdb

from banktags.pages.currency import YUAN, Currency, read_currency
from banktags.warehouse import Row, records

#: What the page reads, each in the order in which it is shown: the highest tier first, the latest quarter last.
QUERIES = {
    "tiers": "select * from marts.pyramid_review order by period, tier_rank desc",
    "moves": "select * from marts.pyramid_migration order by period, from_tier_rank desc, to_tier_rank desc",
    "concentration": "select * from marts.pyramid_concentration order by period, measure",
    "curve": "select * from marts.pyramid_lorenz_curve order by period, measure, percentile",
    "rfm": "select * from marts.rfm_class_by_tier order by is_deciding desc, tier_rank desc, rfm_pattern desc",
    "rfm_bounds": """
        select axis, measure, scoring_method, min(value_from) as value_from, max(value_to) as value_to
        from segments.segment__rfm_cut_points
        where is_in_force and is_high and scoring_method in (
            select scoring_method from marts.rfm_class_by_tier where is_deciding
        )
        group by axis, measure, scoring_method
    """,
}


@dataclass(frozen=True)
class Totals:
    """All tiers of one quarter together; amounts in the base currency."""

    opening_customers: int
    closing_customers: int
    joined: int
    left: int
    upgraded: int
    downgraded: int
    opening_aum: Decimal
    aum: Decimal
    profit: Decimal | None

    @property
    def retention_rate(self) -> float | None:
        """Opening customers who are still customers, 0-1."""
        return 1 - self.left / self.opening_customers if self.opening_customers else None

    @property
    def aum_growth(self) -> float | None:
        """Change of AUM over the quarter, as a share of what it began with."""
        return float(self.aum / self.opening_aum) - 1 if self.opening_aum else None


@dataclass(frozen=True)
class Review:
    """The quarter ``period`` (2026-Q2) among all that the marts hold; rows are those of the marts."""

    period: str
    tiers: list[Row]
    moves: list[Row]
    concentration: list[Row]
    curve: list[Row]
    currency: Currency = YUAN
    rfm: Sequence[Row] = ()
    rfm_bounds: Sequence[Row] = ()

    @property
    def has_rfm(self) -> bool:
        """Whether the RFM classes of the quarter's end are known: those of the business date alone are."""
        return bool(self.rfm) and self.rfm[0]["as_of_date"] == self.closing_date

    @cached_property
    def of_period(self) -> list[Row]:
        """The tiers of the quarter, the highest first."""
        return [row for row in self.tiers if row["period"] == self.period]

    @cached_property
    def history(self) -> list[Row]:
        """The tiers of the quarter and of those before it, the earliest first."""
        return [row for row in self.tiers if row["period"] <= self.period]

    @property
    def periods(self) -> list[str]:
        """The quarter and those before it, the earliest first."""
        return sorted({row["period"] for row in self.history})

    @property
    def is_latest(self) -> bool:
        """Whether no later quarter can be reviewed."""
        return self.period == max(row["period"] for row in self.tiers)

    @property
    def cells(self) -> list[Row]:
        """The quarter's migration matrix, row by row."""
        return [row for row in self.moves if row["period"] == self.period]

    @property
    def opening_date(self) -> date:
        return self.of_period[0]["opening_date"]

    @property
    def closing_date(self) -> date:
        return self.of_period[0]["closing_date"]

    @property
    def is_complete(self) -> bool:
        return self.of_period[0]["is_complete"]

    def dates_of(self, period: str) -> tuple[date, date]:
        """First and last day of a quarter of the warehouse."""
        return next((row["opening_date"], row["closing_date"]) for row in self.tiers if row["period"] == period)

    @property
    def as_of_date(self) -> date:
        return self.of_period[0]["as_of_date"]

    @property
    def versions(self) -> list[str]:
        """Versions of the tier bounds in force at the quarter's end."""
        return sorted({row["tier_version"] for row in self.of_period if row["tier_version"]})

    @property
    def bounds_changed(self) -> bool:
        """Whether the quarter before ended under another version of the bounds, as far as it is reviewed."""
        versions = [
            {row["tier_version"] for row in self.history if row["period"] == period} for period in self.periods[-2:]
        ]
        return versions[0] != versions[-1]

    def totals(self, period: str | None = None) -> Totals:
        """All tiers together, of this quarter or another."""
        rows = [row for row in self.tiers if row["period"] == (period or self.period)]
        profits = [row["profit_contribution_365d"] for row in rows if row["profit_contribution_365d"] is not None]
        return Totals(
            opening_customers=_sum(rows, "opening_customers"),
            closing_customers=_sum(rows, "closing_customers"),
            joined=_sum(rows, "joined_customers"),
            left=_sum(rows, "left_customers"),
            upgraded=_sum(rows, "upgraded_customers"),
            downgraded=_sum(rows, "downgraded_customers"),
            opening_aum=_sum(rows, "opening_aum_month_avg"),
            aum=_sum(rows, "aum_month_avg"),
            profit=sum(profits) if profits else None,
        )

    def concentrated(self, measure: str) -> list[Row]:
        """Concentration of a measure at each quarter end up to this quarter's, the earliest first."""
        return [row for row in self.concentration if row["measure"] == measure and row["period"] <= self.period]

    def curve_of(self, measure: str) -> list[tuple[int, float]]:
        """Lorenz curve at the quarter's end: percent of the customers and the share they hold; empty if unknown."""
        points = [
            (row["percentile"], row["cumulative_share"])
            for row in self.curve
            if (row["period"], row["measure"]) == (self.period, measure) and row["cumulative_share"] is not None
        ]
        return [(0, 0.0), *points] if points else []


def read_review(warehouse: duckdb.DuckDBPyConnection, quarter: str | None = None) -> Review | None:
    """The review of ``quarter`` (2026Q2 or 2026-Q2; default: the latest), or None while no quarter can be reviewed.

    Raises:
        LookupError: the warehouse lacks the marts, or the quarter is not in them; says what to do.
    """
    try:
        rows = {name: records(warehouse, sql) for name, sql in QUERIES.items()}
    except duckdb.CatalogException as error:
        raise LookupError("the warehouse has no review marts (marts.pyramid_review): run dbt build first") from error
    periods = sorted({row["period"] for row in rows["tiers"]})
    if not periods and quarter is None:
        return None
    period = periods[-1] if quarter is None else next((p for p in periods if _plain(p) == _plain(quarter)), None)
    if period is None:
        held = ", ".join(periods) or "none yet"
        raise LookupError(f"{quarter} is not reviewed in this warehouse; these quarters are: {held}")
    return Review(period, **rows, currency=read_currency(warehouse))


def _plain(quarter: str) -> str:
    return quarter.replace("-", "").upper()


def _sum(rows: Iterable[Row], column: str) -> Any:
    return sum(row[column] for row in rows)
