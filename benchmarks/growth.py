"""What a night costs where history is three times as long: ``python benchmarks/growth.py --help``.

Two demo banks of as many customers, one with a year of days and one with three, are built up to the last day but one.
Then each runs the night of the last day, in turn and several times, from the same warehouse. The ratio of the medians
should be 1.15 at most. The banks are kept under ``target/bench/``.
"""

import argparse
import shutil
import statistics
from pathlib import Path

from bench import Contest


class Bank(Contest):
    """A bank that is built once and runs its last night again and again."""

    def build(self) -> None:
        self.clear()
        self.night(self.as_of)
        shutil.copy(self.built, self._before)

    def last_night(self) -> float:
        """Seconds that the last night takes, from the warehouse of the day before."""
        shutil.copy(self._before, self.built)
        return self.night(self.last).seconds

    @property
    def _before(self) -> Path:
        return self.folder / "day_before.duckdb"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--days", type=int, default=365, help="days of the shorter history")
    parser.add_argument("--nights", type=int, default=3, help="how often each bank runs its last night")
    arguments = parser.parse_args()

    banks = [Bank(arguments.customers, days) for days in (arguments.days, 3 * arguments.days)]
    for bank in banks:
        bank.build()
    seconds = [[], []]
    for _ in range(arguments.nights):
        for bank, nights in zip(banks, seconds, strict=True):
            nights.append(bank.last_night())
    short, long = (statistics.median(nights) for nights in seconds)
    for days, nights in zip((arguments.days, 3 * arguments.days), seconds, strict=True):
        print(f"{days} days: {', '.join(f'{night:.0f}' for night in nights)} s")
    print(f"{arguments.customers:,} customers: a night after three times the days takes {long / short:.2f} × the time")


if __name__ == "__main__":
    main()
