"""The currency of the amounts that a page shows: the base currency that the warehouse was built for."""

from dataclasses import dataclass

import duckdb

from banktags.pages.numbers import Number, amount
from banktags.warehouse import records


@dataclass(frozen=True)
class Currency:
    """A currency by its ISO 4217 code, with what a Chinese text writes after an amount of it: 元, 捷克克朗."""

    code: str
    name_zh: str
    unit_zh: str

    def amount(self, value: Number | None) -> str:
        """An amount of a sentence: 2,852万元, 12.34亿捷克克朗."""
        return f"{amount(value)}{self.unit_zh}"

    @property
    def note(self) -> str:
        """What a page says of all of its amounts."""
        named = self.name_zh if self.name_zh == self.unit_zh else f"{self.unit_zh}（{self.name_zh}）"
        return f"金额单位：{named}。Amounts in {self.code}."


#: The currency of the demo bank.
YUAN = Currency("CNY", "人民币", "元")


def read_currency(warehouse: duckdb.DuckDBPyConnection) -> Currency:
    """The base currency of the last build.

    Raises:
        LookupError: the warehouse does not tell; says what to do.
    """
    try:
        (row,) = records(warehouse, "select currency, name_zh, unit_zh from governance.base_currency")
    except duckdb.CatalogException as error:
        raise LookupError("the warehouse has no governance.base_currency: run dbt build first") from error
    return Currency(row["currency"], row["name_zh"], row["unit_zh"])
