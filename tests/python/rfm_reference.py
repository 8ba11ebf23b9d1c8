"""RFM by its written definition (models/segments/rfm.md), in pandas: what the models are compared with."""

import pandas as pd

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


def quintile_scores(goodness: pd.Series, has_some: pd.Series) -> pd.Series:
    """Score 1 to 5: five times the share of customers who are no better, rounded up; who has none always gets 1."""
    no_better = goodness.rank(method="max").astype(int)
    return (-(-5 * no_better // len(goodness))).where(has_some, 1)


def rfm_scores(measures: pd.DataFrame, window_days: int) -> pd.DataFrame:
    """Scores, pattern and class of eligible customers with ``recency_days``, ``frequency`` and ``monetary``."""
    scores = pd.DataFrame(
        {
            "recency_score": quintile_scores(-measures["recency_days"], measures["recency_days"] < window_days),
            "frequency_score": quintile_scores(measures["frequency"], measures["frequency"] > 0),
            "monetary_score": quintile_scores(measures["monetary"], measures["monetary"] > 0),
        }
    )
    is_high = scores * len(scores) > scores.sum()
    pattern = is_high.astype(int).astype(str).agg("".join, axis=1)
    return scores.assign(pattern=pattern, rfm_class=pattern.map(CLASSES))
