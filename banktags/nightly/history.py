"""What the working file remembers of the dates that were run, and how dates are taken back."""

import datetime
from dataclasses import dataclass

import duckdb

from banktags.load.extract import quoted
from banktags.publish.publication import begin_work
from banktags.warehouse import open_read_only, wait_until_free, work_file

SCHEMA = "history"
LEDGER, OBSERVED, STATE = "business_dates", "observed_dates", "tag_state"


@dataclass(frozen=True)
class Ledger:
    """The observed dates in order, and of those whose run was completed the digest of their batch."""

    observed: tuple[datetime.date, ...]
    digests: dict[datetime.date, str | None]

    @property
    def done(self) -> datetime.date | None:
        """The last date whose run was completed."""
        return max(self.digests, default=None)

    def observed_from(self, date: datetime.date) -> list[datetime.date]:
        return [day for day in self.observed if day >= date]

    def reach(self) -> str:
        return f"from {self.observed[0]} to {self.done}" if self.digests else "no completed date"


def read_ledger() -> Ledger:
    """The ledger of the working file; an empty one where nothing was built yet. Waits for a program that holds it.

    Raises:
        WarehouseBusy: the program holds it for too long.
        PublicationError: there is no working file, and it can't be begun with what is published.
    """
    begin_work()
    if not work_file().exists():
        return Ledger((), {})
    wait_until_free(work_file(), read_only=True)
    with open_read_only(work_file()) as con:
        if not {LEDGER, OBSERVED} <= set(_tables(con)):
            return Ledger((), {})
        observed = con.sql(f"select as_of_date from {SCHEMA}.{OBSERVED} order by 1").fetchall()
        completed = con.sql(f"select as_of_date, batch_digest from {SCHEMA}.{LEDGER} order by 1").fetchall()
    return Ledger(tuple(row[0] for row in observed), dict(completed))


def forget_from(date: datetime.date) -> None:
    """Take back, in one transaction, the rows that history holds of a date and all later ones.

    Raises:
        WarehouseBusy: another program holds the warehouse for too long.
    """
    wait_until_free(work_file())
    with duckdb.connect(str(work_file())) as con:
        con.begin()
        for table in _tables(con):
            con.execute(f"delete from {SCHEMA}.{quoted(table)} where as_of_date >= ?", [date])
        con.commit()


def lacks_state_of(date: datetime.date) -> bool:
    """Whether the state that a date leaves for the next one is not held, as after dates were taken back.

    Raises:
        WarehouseBusy: another program holds the warehouse for too long.
    """
    wait_until_free(work_file(), read_only=True)
    with open_read_only(work_file()) as con:
        if STATE not in _tables(con):
            return True
        return con.execute(f"select count(*) = 0 from {SCHEMA}.{STATE} where as_of_date = ?", [date]).fetchone()[0]


def _tables(con: duckdb.DuckDBPyConnection) -> list[str]:
    found = con.execute(
        """
        select table_name
        from information_schema.tables
        where table_catalog = current_catalog() and table_schema = ? and table_type = 'BASE TABLE'
        order by 1
        """,
        [SCHEMA],
    )
    return [row[0] for row in found.fetchall()]
