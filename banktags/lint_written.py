"""Lints the models that are written from the project graph: ``python -m banktags.lint_written``.

What they compile to is thousands of rows, columns or characters, which sqlfluff takes minutes over: .sqlfluffignore
leaves them out of its run with dbt. Here their own lines are linted, with a short text for what each macro writes.
"""

import logging
import re
import sys
from pathlib import Path
from typing import Any

from sqlfluff.core import FluffConfig, Linter
from sqlfluff.core.templaters.jinja import JinjaTemplater

from banktags.contract import PROJECT_ROOT

MACRO = re.compile(r"\{%-?\s*macro\s+(\w+)\s*\(")
#: What macros write that write no expression: a query, a table, or what a loop goes through.
QUERIES = {name: "select * from {0}" for name in ("unpivot_tags", "with_holm", "scan_tags")}
RELATIONS = {"rows_from": "(select 1 as one)"}
LISTS: dict[str, list[dict[str, Any]]] = {
    "tag_entries": [],
    "tags_to_scan": [],
    "policy_seeds": [{"name": "written", "key": ["code"], "by_date": True, "by_currency": True}],
}
NUMBERS = {"numbers": [{"column": "amount", "unit": "'CNY'", "name_zh": "'金额'"}], "columns": ["name_zh"]}


class Written(JinjaTemplater):
    """The templater of sqlfluff for Jinja, with each macro of the project as a text that it could have written."""

    def get_context(self, *arguments: Any, **named: Any) -> dict[str, Any]:
        """The context of sqlfluff, with the macros of the project and what dbt has besides."""
        context = super().get_context(*arguments, **named)
        texts = {name: "written" for path in (PROJECT_ROOT / "macros").rglob("*.sql") for name in names_in(path)}
        for name, text in (texts | QUERIES | RELATIONS).items():
            context[name] = lambda *read, text=text, **_: text.format(*read)
        for name, values in LISTS.items():
            context[name] = lambda values=values: values
        context["policy_numbers"] = lambda *_, **__: NUMBERS
        context |= {"execute": False, "graph": {"nodes": {}, "sources": {}}, "dbt": Dbt()}
        return context


class Dbt:
    """Macros of dbt itself."""

    def __getattr__(self, name: str) -> Any:
        return lambda *_, **__: "written"


def names_in(path: Path) -> list[str]:
    """The macros of a file."""
    return MACRO.findall(path.read_text(encoding="utf-8"))


def left_out(root: Path = PROJECT_ROOT) -> list[Path]:
    """The models that .sqlfluffignore leaves out."""
    lines = (root / ".sqlfluffignore").read_text(encoding="utf-8").splitlines()
    return [root / line for line in lines if line.startswith("models/")]


def faults(path: Path) -> list[str]:
    """What the linter says of a model."""
    config = FluffConfig.from_path(str(PROJECT_ROOT), overrides={"templater": "jinja"})
    linter = Linter(config=config)
    linter.templater = Written()
    linted = linter.lint_string(path.read_text(encoding="utf-8"), fname=str(path))
    name = path.relative_to(PROJECT_ROOT)
    return [f"{name}, line {found.line_no}: {found.rule_code()} {found.desc()}" for found in linted.get_violations()]


def main() -> None:
    """Print what is wrong; end with 1 if anything is."""
    # It would say of each file that the templater is not that of .sqlfluff.
    logging.getLogger("sqlfluff").setLevel(logging.ERROR)
    found = [fault for path in left_out() for fault in faults(path)]
    print("\n".join(found) if found else f"{len(left_out())} models that are written from the graph: no fault")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
