"""RFM by its written definition (models/tags/segment/rfm.md), in pandas: what the models are compared with."""

import pandas as pd

from banktags.seeds.rows import seed_file

CLASSES = {
    "111": "important_value",
    "101": "important_development",
    "011": "important_retention",
    "001": "important_win_back",
    "110": "general_value",
    "100": "general_development",
    "010": "general_retention",
    "000": "general_win_back",
}
AXES = ("recency", "frequency", "monetary")


def quintile_scores(goodness: pd.Series, has_some: pd.Series) -> pd.Series:
    """Score 1 to 5: five times the share of customers who are no better, rounded up; who has none always gets 1."""
    no_better = goodness.rank(method="max").astype(int)
    return (-(-5 * no_better // len(goodness))).where(has_some, 1)


def rfm_by_quintiles(measures: pd.DataFrame, window_days: int) -> pd.DataFrame:
    """Scores, pattern and class of eligible customers with ``recency_days``, ``frequency`` and ``monetary``, by fifths.

    High is above the mean of the scores.
    """
    scores = pd.DataFrame(
        {
            "recency": quintile_scores(-measures["recency_days"], measures["recency_days"] < window_days),
            "frequency": quintile_scores(measures["frequency"], measures["frequency"] > 0),
            "monetary": quintile_scores(measures["monetary"], measures["monetary"] > 0),
        }
    )
    return _classified(scores, scores * len(scores) > scores.sum())


def rfm_by_bands(measures: pd.DataFrame, currency: str, money: str = "aum_month_avg") -> pd.DataFrame:
    """The same by what the seeds say today of a currency: M by the tiers where ``money`` is AUM."""
    bands = pd.read_csv(seed_file("rfm_bands")).query("currency == @currency and valid_to.isna()")
    tiers = pd.read_csv(seed_file("pyramid_tiers")).query("currency == @currency and valid_to.isna()")
    of_tiers = pd.read_csv(seed_file("rfm_tier_scores")).query("valid_to.isna()")
    of_tiers = tiers[["tier", "aum_from", "aum_to"]].merge(of_tiers[["tier", "score", "is_high"]], validate="1:1")
    bands_of = {
        "recency": bands[bands["measure"] == "activity_recency_days"],
        "frequency": bands[bands["measure"] == "activity_monthly_avg_365d"],
        "monetary": of_tiers.rename(columns={"aum_from": "value_from", "aum_to": "value_to"})
        if money == "aum_month_avg"
        else bands[bands["measure"] == money],
    }
    values = measures.rename(columns={"recency_days": "recency"})
    found = {axis: values[axis].map(lambda value, b=bands_of[axis]: _band(value, b)) for axis in AXES}
    scores = pd.DataFrame({axis: found[axis].map(lambda band: band[0]) for axis in AXES})
    return _classified(scores, pd.DataFrame({axis: found[axis].map(lambda band: band[1]) for axis in AXES}))


def _band(value: float, bands: pd.DataFrame) -> tuple[int, bool]:
    """Score of the one half-open band that holds the value, and whether it is high."""
    above, below = bands["value_from"], bands["value_to"]
    (band,) = bands[(above.isna() | (value >= above)) & (below.isna() | (value < below))].itertuples()
    return int(band.score), bool(band.is_high)


def _classified(scores: pd.DataFrame, is_high: pd.DataFrame) -> pd.DataFrame:
    pattern = is_high[list(AXES)].astype(int).astype(str).agg("".join, axis=1)
    return scores.add_suffix("_score").assign(pattern=pattern, rfm_class=pattern.map(CLASSES))
