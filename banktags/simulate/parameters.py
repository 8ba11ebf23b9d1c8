"""Numbers that shape the demo bank: tiers, calendar and the documents' named customers, turned into template values."""

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

#: Cents in a yuan.
CENTS = 100

#: Daily weights of customer postings by ISO weekday, and what the last days of a month add.
WEEKDAY_WEIGHT = {1: 6, 2: 6, 3: 6, 4: 6, 5: 7, 6: 5, 7: 4}
MONTH_END_WEIGHT, MONTH_END_DAYS = 3, 2
#: How busy each month is against the year's average.
SEASON = {1: 1.15, 2: 0.9, 6: 1.05, 9: 1.05, 11: 1.1, 12: 1.1}
#: The bank posts demand-deposit interest on this day of these months, and message fees on another.
INTEREST_DAY, INTEREST_MONTHS = 21, (3, 6, 9, 12)
FEE_DAY = 5

#: The story of the documents: assets of 800,000 until the fall, 150,000 from then on, 1,200,000 from the return.
UPDOWN_FALL, UPDOWN_RETURN = date(2026, 3, 21), date(2026, 6, 20)
UPDOWN_STORY_END = date(2026, 6, 30)


@dataclass(frozen=True)
class Tier:
    """One tier of the pyramid: ``share`` of core customers (0–1), amounts in yuan, ``income_cap`` a month.

    Assets run from ``bottom`` to ``top``, which keep a margin to the bounds, along a power law with the given ``mean``.
    """

    number: int
    name: str
    share: float
    low: float
    high: float
    bottom: float
    top: float
    mean: float
    income_cap: float

    @property
    def power(self) -> float:
        """Exponent p of bottom + (top − bottom) · q^p, q uniform, whose mean is ``mean``."""
        return (self.top - self.bottom) / (self.mean - self.bottom) - 1


TIERS = (
    Tier(1, "private", 0.001, 8e6, 1e13, 9e6, 110e6, 28.3e6, 200e3),
    Tier(2, "wealth", 0.02, 1e6, 8e6, 1.1e6, 7.1e6, 2.15e6, 60e3),
    Tier(3, "vip", 0.08, 200e3, 1e6, 220e3, 900e3, 382e3, 25e3),
    Tier(4, "potential", 0.15, 50e3, 200e3, 55e3, 178e3, 84e3, 14e3),
    Tier(5, "mass", 0.749, 0, 50e3, 100, 40e3, 6.9e3, 6e3),
)

#: A quarter of the private-banking customers hold one product only.
SINGLE_PRODUCT_SHARE = 0.25

#: Chance that a customer of each tier holds each kind of investment, beside the demand account that all have, a credit
#: card and a loan that some have. Own choice, since the documents count the products of the private clients only (S2:
#: 25%的私人银行客户仅持有1款产品): product categories a customer are about 1.5, 2.5, 4, 5 and 6 from the lowest tier to
#: the highest. The ladder follows what the tiers are offered: money in a mass account is spent and not invested,
#: relationship managers begin at the third tier, and the whole shelf (trusts, private funds) at the first.
#: Order: time deposit, wealth product, fund, insurance, structured deposit, precious metal, trust.
HOLDING_CHANCES = {
    1: (0.95, 1.0, 0.95, 0.85, 0.75, 0.6, 0.8),
    2: (0.75, 0.95, 0.6, 0.45, 0.3, 0.2, 0.3),
    3: (0.7, 0.7, 0.45, 0.3, 0.2, 0.12, 0.0),
    4: (0.3, 0.25, 0.06, 0.03, 0.02, 0.01, 0.0),
    5: (0.4, 0.3, 0.1, 0.03, 0.02, 0.01, 0.0),
}
#: Share of the customers of the lower tiers who keep everything in cash; of the mass tier, of those who own 1,000 yuan.
CASH_ONLY_SHARE = {4: 0.2, 5: 0.6}


@dataclass(frozen=True)
class ForeignCurrency:
    """A currency of the demo bank's foreign accounts: what one unit costs in yuan, about, and how far that swings.

    The rates are of no day: they have the size that the rates of the middle of the 2020s had.
    """

    code: str
    mid_rate: float
    swing: float


FOREIGN_CURRENCIES = (
    ForeignCurrency("USD", 7.15, 0.012),
    ForeignCurrency("HKD", 0.915, 0.012),
    ForeignCurrency("EUR", 7.85, 0.025),
    ForeignCurrency("JPY", 0.048, 0.03),
)
#: Share of the customers who have an account in a foreign currency.
FOREIGN_ACCOUNT_SHARE = 0.02
#: Share of the customers who are graduates that buy abroad online and think of a loan (S1: 刚毕业两年、喜欢海淘、最近申
#: 请过消费贷款), and share whose account is overdrawn at the end.
GRADUATE_SHOPPER_SHARE, OVERDRAWN_SHARE = 0.006, 0.004
#: Share of the borrowers whose loan has matured unpaid.
MATURED_UNPAID_SHARE = 0.01


def shift_months(day: date, months: int) -> date:
    """``day`` moved by whole months, cut to the length of the month it falls into."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


@dataclass(frozen=True)
class Story:
    """Assets of DEMO-UPDOWN in yuan: ``fall`` and ``comeback`` are the first days of each new level."""

    start: date
    end: date
    before: int = 800_000
    low: int = 150_000
    after: int = 1_200_000

    @cached_property
    def fall(self) -> date:
        return shift_months(UPDOWN_FALL, self._shift)

    @cached_property
    def comeback(self) -> date:
        return shift_months(UPDOWN_RETURN, self._shift)

    @property
    def contact(self) -> date:
        """Day on which their relationship manager calls: three days after the fall."""
        return self.fall + timedelta(days=3)

    @property
    def _shift(self) -> int:
        months = (self.end.year - UPDOWN_STORY_END.year) * 12 + self.end.month - UPDOWN_STORY_END.month
        return months if self.end.day >= UPDOWN_RETURN.day else months - 1

    @property
    def is_complete(self) -> bool:
        """True when the period shows at least twenty days of the high level before the fall."""
        return self.start <= self.fall - timedelta(days=20)

    def assets(self, day: date) -> int:
        """Assets in yuan at the end of ``day``."""
        return self.before if day < self.fall else self.low if day < self.comeback else self.after

    @property
    def month_average(self) -> float:
        """Month-to-date average of assets at the end date, in yuan."""
        days = [self.end.replace(day=number) for number in range(1, self.end.day + 1)]
        return sum(self.assets(day) for day in days) / len(days)

    @property
    def tier(self) -> int:
        return next(tier.number for tier in TIERS if self.month_average >= tier.low)

    def cash(self, day: date) -> int:
        """Part of the assets that lies on the demand account; the rest is a structured deposit."""
        return {self.before: 300_000, self.low: 150_000, self.after: 400_000}[self.assets(day)]


@dataclass(frozen=True)
class Parameters:
    """What determines a demo bank, to the byte."""

    customers: int
    days: int
    seed: int
    end: date

    def __post_init__(self) -> None:
        if self.customers < 50:
            raise ValueError(f"--customers {self.customers}: a demo bank needs at least 50 customers")
        if not 20 <= self.days <= 3660:
            raise ValueError(f"--days {self.days}: between 20 days and ten years")

    @property
    def start(self) -> date:
        """First business date: the initial load. Postings begin on the day after."""
        return self.end - timedelta(days=self.days - 1)

    @cached_property
    def story(self) -> Story:
        return Story(self.start, self.end)

    @cached_property
    def tier_counts(self) -> dict[int, int]:
        """Customers by tier number, exact; at least one private-banking customer."""
        counts = {tier.number: round(tier.share * self.customers) for tier in TIERS}
        counts[1] = max(1, counts[1])
        counts[5] = self.customers - sum(counts[number] for number in range(1, 5))
        return counts

    @cached_property
    def months(self) -> list[tuple[date, date]]:
        """Calendar months of the period, first and last day, cut to the period."""
        months, first = [], self.start
        while first <= self.end:
            last = min(self.end, first.replace(day=calendar.monthrange(first.year, first.month)[1]))
            months.append((first, last))
            first = last + timedelta(days=1)
        return months

    def template_values(self) -> dict[str, Any]:
        """Values of the SQL templates that do not depend on the month."""
        # The named customers stand outside the ranking: they take a place of their tier each.
        named = {4: 1, self.story.tier: 1 + (self.story.tier == 4)}
        month_start = self.end.replace(day=1)
        return {
            "seed": self.seed,
            "customers": self.customers,
            "days": self.days,
            "years": self.days / 365,
            "start": self.start,
            "end": self.end,
            "month_start": month_start,
            "fresh_days": max(0, (month_start - self.start).days - 2),
            "movers": "true" if self.end.day >= 20 and self.days >= 30 else "false",
            "branches": max(8, min(400, self.customers // 400)),
            "employers": max(10, self.customers // 60),
            "seconds": max(1, self.customers // 2000),
            "family_pairs": max(1, self.customers // 1000) if self.customers >= 110 else 0,
            "leaver_candidates": self.customers // 5,
            "mass_customers": float(self.tier_counts[5]),
            "prospects": max(5, self.customers * 6 // 100),
            "prospects_from": self.customers * 2,
            "single_private": round(SINGLE_PRODUCT_SHARE * self.tier_counts[1]),
            "holding_chances": HOLDING_CHANCES,
            "cash_only_share": CASH_ONLY_SHARE,
            "currencies": FOREIGN_CURRENCIES,
            "foreign_account_share": FOREIGN_ACCOUNT_SHARE,
            # So many that a small bank has some too, and one of a few thousand a list that is long enough to be used.
            "graduate_shoppers": max(round(GRADUATE_SHOPPER_SHARE * self.customers), min(80, self.customers // 40)),
            "overdrawn_customers": max(3, round(OVERDRAWN_SHARE * self.customers)),
            "matured_unpaid_share": MATURED_UNPAID_SHARE,
            "tiers": [
                {
                    "number": tier.number,
                    "name": tier.name,
                    "customers": self.tier_counts[tier.number] - named.get(tier.number, 0),
                    "low_cents": int(tier.low * CENTS),
                    "high_cents": int(tier.high * CENTS),
                    "bottom_cents": tier.bottom * CENTS,
                    "top_cents": tier.top * CENTS,
                    "power": tier.power,
                    "income_cap_cents": int(tier.income_cap * CENTS),
                }
                for tier in TIERS
            ],
            "months": [{"first": first, "last": last} for first, last in self.months],
            "updown_tier": self.story.tier,
            "updown_level_cents": self.story.assets(self.end) * CENTS,
            "updown_first_cash_cents": self.story.cash(self.start) * CENTS,
            "updown_tranches": self._updown_tranches(),
            "updown_contact": self.story.contact if self.start < self.story.fall else None,
        }

    def month_values(self, number: int) -> dict[str, Any]:
        """Values of the templates of month ``number`` (from 0)."""
        first, last = self.months[number]
        activity_first = max(first, self.start + timedelta(days=1))
        days = [first + timedelta(days=offset) for offset in range((last - first).days + 1)]
        return {
            "is_first": number == 0,
            "is_last": number == len(self.months) - 1,
            "first": first,
            "last": last,
            "activity_first": activity_first,
            "month_days": len(days),
            "months_to_end": (self.end.year - first.year) * 12 + self.end.month - first.month,
            "serial": number,
            "serial_text": first.strftime("%y%m"),
            "season": SEASON.get(first.month, 1.0) * len(days) / 30.4,
            "interest_day": next(
                (
                    day
                    for day in days
                    if day.day == INTEREST_DAY and day.month in INTEREST_MONTHS and day >= activity_first
                ),
                None,
            ),
            "fee_day": next((day for day in days if day.day == FEE_DAY and day >= activity_first), None),
            "day_slots": [offset for offset, day in enumerate(days) for _ in range(_day_weight(day))],
            "named_postings": [
                posting for posting in self._named_postings() if activity_first <= posting["day"] <= last
            ],
        }

    def _updown_tranches(self) -> list[dict[str, Any]]:
        """Structured deposits of DEMO-UPDOWN: bought before the period unless it began later, sold at the fall."""
        story, tranches = self.story, []
        if self.start < story.fall:
            tranches.append(
                {"slot": 50, "start_date": "null", "end_date": f"date '{story.fall}'", "cents": 500_000 * CENTS}
            )
        begins = f"date '{story.comeback}'" if self.start < story.comeback else "null"
        tranches.append({"slot": 51, "start_date": begins, "end_date": "null", "cents": 800_000 * CENTS})
        return tranches

    def _named_postings(self) -> list[dict[str, Any]]:
        """Postings of the named customers beyond what the month templates give them; amounts in cents."""
        story = self.story
        moves = (
            [(story.fall, story.cash(story.fall) - story.cash(story.fall - timedelta(days=1)))]
            if self.start < story.fall
            else []
        )
        if self.start < story.comeback:
            moves.append((story.comeback, story.cash(story.comeback) - story.cash(story.comeback - timedelta(days=1))))
        updown = [_posting(1, day, 36600, 40, amount * CENTS, "TRANSFER", "APP") for day, amount in moves]

        # DEMO-BEIJING-35: twelve transfers within (end − 30, end], one on the excluded day, some before; spending that
        # keeps their balance level.
        end = self.end
        transfers = [end - timedelta(days=2 * i) for i in range(12)] + [
            end - timedelta(days=back) for back in (30, 31, 45, 60, 75)
        ]
        beijing = [_posting(0, day, 43200, 50, -10_000, "TRANSFER", "APP") for day in transfers]
        for first, last in self.months:
            for day_of_month in (12, 15, 18, 22, 26):
                if first.day <= day_of_month <= last.day:
                    beijing.append(_posting(0, first.replace(day=day_of_month), 66000, 51, -250_000, "PAYMENT", "POS"))
        return updown + beijing


def _posting(n: int, day: date, second: int, code: int, cents: int, kind: str, channel: str) -> dict[str, Any]:
    return {
        "n": n,
        "day": day,
        "second": second,
        "code": code,
        "sign": 1 if cents > 0 else -1,
        "cents": abs(cents),
        "type": kind,
        "channel": channel,
    }


def _day_weight(day: date) -> int:
    is_month_end = day.day > calendar.monthrange(day.year, day.month)[1] - MONTH_END_DAYS
    return WEEKDAY_WEIGHT[day.isoweekday()] + (MONTH_END_WEIGHT if is_month_end else 0)
