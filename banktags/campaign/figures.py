"""What the pages of campaigns show, read from the models of models/campaigns."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property

import duckdb

from banktags.meant import did_you_mean
from banktags.pages.currency import YUAN, Currency, read_currency
from banktags.warehouse import Row, records

#: What the page of one campaign reads, each in the order in which it is shown.
QUERIES = {
    "readout": """
        select
            readout.*, metrics.metric_order, metrics.name_en as metric_name_en,
            tiers.tier_rank, tiers.name_zh as tier_name_zh
        from marketing.campaign_readout as readout
        inner join policy.campaign_metrics as metrics using (metric)
        left join (
            select distinct on (tier) tier, tier_rank, name_zh from policy.pyramid_tiers order by tier, valid_from desc
        ) as tiers on readout.group_value = tiers.tier
        where campaign_id = $campaign_id
        order by metric_order, horizon_days, tier_rank desc
    """,
    "funnel": """
        select funnel.*, steps.name_en
        from marketing.campaign_funnel as funnel
        inner join policy.campaign_funnel_steps as steps using (step)
        where campaign_id = $campaign_id
        order by group_dimension, group_value, step_number
    """,
    "returns": "select * from marketing.campaign_returns where campaign_id = $campaign_id order by horizon_days",
    "scorecard": """
        select * from marketing.campaign_scorecard where campaign_id = $campaign_id order by step_order, indicator
    """,
    "tags": """
        select * from marketing.campaign_tag_effect
        where campaign_id = $campaign_id
        order by least(coalesce(response_p_adjusted, 1), coalesce(uplift_p_adjusted, 1)), tag_code, tag_value
    """,
    "reviews": """
        select reviews.*, dictionary.name_zh as tag_name_zh, strategies.step_zh
        from governance.campaign_reviews as reviews
        left join governance.tag_dictionary as dictionary using (tag_code)
        left join policy.strategy_map as strategies
            on reviews.strategy = strategies.strategy and reviews.strategy_version = strategies.version
        where campaign_id = $campaign_id and review_date <= $as_of_date
        order by review_date, review_id
    """,
}


@dataclass(frozen=True)
class Campaign:
    """One campaign; rows are those of the models."""

    master: Row
    readout: list[Row]
    funnel: list[Row]
    returns: list[Row]
    scorecard: list[Row]
    tags: list[Row]
    reviews: list[Row]
    currency: Currency = YUAN

    @property
    def campaign_id(self) -> str:
        return self.master["campaign_id"]

    @cached_property
    def decision(self) -> Row:
        """The comparison that decides."""
        return next(row for row in self.readout if row["is_primary"])

    @property
    def as_of_date(self) -> date:
        return self.decision["as_of_date"]

    @property
    def whole(self) -> list[Row]:
        """Comparisons over all customers at the campaign's own window, by metric."""
        window = self.decision["horizon_days"]
        return [row for row in self.readout if row["group_dimension"] == "all" and row["horizon_days"] == window]

    @property
    def by_horizon(self) -> list[Row]:
        """The primary metric over all customers, the nearest horizon first."""
        return [
            row for row in self.readout if row["group_dimension"] == "all" and row["metric"] == self.decision["metric"]
        ]

    @property
    def by_tier(self) -> list[Row]:
        """The primary metric at the campaign's own window by tier, the highest first."""
        metric, window = self.decision["metric"], self.decision["horizon_days"]
        return [
            row
            for row in self.readout
            if row["group_dimension"] == "tier" and row["metric"] == metric and row["horizon_days"] == window
        ]

    def steps(self, dimension: str, value: str) -> list[Row]:
        """The funnel of a group."""
        return [row for row in self.funnel if (row["group_dimension"], row["group_value"]) == (dimension, value)]

    @property
    def channels(self) -> list[str]:
        """Channels of the first message, the largest first."""
        sent = {
            row["group_value"]: row["base_customers"] or 0
            for row in self.funnel
            if row["group_dimension"] == "channel" and row["step"] == "sent"
        }
        return sorted(sent, key=lambda channel: -sent[channel])

    @property
    def window_return(self) -> Row | None:
        """Cost and return at the campaign's own window, once that has passed."""
        return next((row for row in self.returns if row["is_conversion_window"]), None)


@dataclass(frozen=True)
class Overview:
    """All campaigns, and how healthy marketing is."""

    summary: list[Row]
    health: list[Row]
    currency: Currency
    as_of_date: date | None  # none while no campaign is read out


def campaign_ids(warehouse: duckdb.DuckDBPyConnection) -> list[str]:
    """Campaigns that are read out, the latest first; one that is only planned is not.

    Raises:
        LookupError: the warehouse lacks the models; says what to do.
    """
    try:
        rows = records(
            warehouse,
            """
            select campaign_id from marketing.campaign_plans
            where campaign_id in (select campaign_id from marketing.campaign_readout)
            order by start_date desc, campaign_id
            """,
        )
    except duckdb.CatalogException as error:
        raise LookupError(
            "the warehouse has no campaign models (marketing.campaign_readout): run dbt build first"
        ) from error
    return [row["campaign_id"] for row in rows]


def read_campaign(warehouse: duckdb.DuckDBPyConnection, campaign_id: str) -> Campaign:
    """One campaign.

    Raises:
        LookupError: it is not in the readout; names those that are.
    """
    if campaign_id not in (known := campaign_ids(warehouse)):
        rows = records(warehouse, "select campaign_id, campaign_name from marketing.campaign_plans")
        called = {row["campaign_id"]: [row["campaign_name"]] for row in rows if row["campaign_id"] in known}
        hint = did_you_mean(campaign_id, called)
        held = ", ".join(known) or "none"
        raise LookupError(f"{campaign_id} is not read out in this warehouse; {hint}these campaigns are: {held}")
    (master,) = records(warehouse, "select * from marketing.campaign_plans where campaign_id = ?", [campaign_id])
    (clock,) = records(warehouse, "select max(as_of_date) as as_of_date from marketing.campaign_readout")
    given = {"campaign_id": campaign_id, **clock}
    rows = {
        name: records(warehouse, sql, {key: value for key, value in given.items() if f"${key}" in sql})
        for name, sql in QUERIES.items()
    }
    return Campaign(master, **rows, currency=read_currency(warehouse))


def read_overview(warehouse: duckdb.DuckDBPyConnection) -> Overview:
    """The table of all campaigns and the health indicators."""
    (clock,) = records(warehouse, "select max(as_of_date) as as_of_date from marketing.campaign_readout")
    return Overview(
        records(warehouse, "select * from marketing.campaign_summary order by campaign_id = 'TOTAL', campaign_id"),
        records(warehouse, "select * from marketing.marketing_health order by indicator_order"),
        read_currency(warehouse),
        clock["as_of_date"],
    )
