"""``banktags portrait``: the portrait of a customer or of a group, as one HTML file and in short on the screen."""

import getpass
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import duckdb
import typer
from rich.console import Group
from rich.table import Column, Table

from banktags.contract import PROJECT_ROOT
from banktags.pages.numbers import p_value
from banktags.portrait import usage, words
from banktags.portrait.customer import CustomerPortrait, find_role, read_customer
from banktags.portrait.group import GroupPortrait, read_group
from banktags.portrait.page import render_customer, render_group
from banktags.terminal import Screen, say
from banktags.warehouse import open_read_only

app = typer.Typer(help="Portraits (画像) of a customer or a group; who opened which.", no_args_is_help=True)

OUT = PROJECT_ROOT / "site" / "portraits"
By = Annotated[
    str, typer.Option(help="Who opens it; default: the user of this machine.", default_factory=getpass.getuser)
]


@app.command()
def customer(
    customer: Annotated[str, typer.Argument(help="Golden customer id, or a customer number of core or CRM.")],
    role: Annotated[str, typer.Option(help="Who reads it, see seed portrait_roles.")],
    by: By,
    purpose: Annotated[str | None, typer.Option(help="What for; default: the usual purpose of the role.")] = None,
    out: Annotated[Path, typer.Option(help="Folder to write the page to.")] = OUT,
) -> None:
    """Write the portrait of one customer (单客画像), masked by role, and print it in short; on record."""
    with open_read_only() as warehouse, _clear_errors():
        portrait = read_customer(warehouse, customer, find_role(warehouse, role, purpose))
    reader, masked = portrait.role, portrait.masked_tags
    subject = ("customer", portrait.customer_id, portrait.as_of_date, len(portrait.tags) - masked, masked)
    _record(usage.Opening(by, reader.role, reader.purpose, *subject))
    page = _write(out, f"customer-{portrait.customer_id}-{reader.role}-{reader.purpose}", render_customer(portrait))
    Screen().print(_short(portrait))
    say(f"Page: {page}")


@app.command()
def group(
    group: Annotated[str, typer.Argument(help="An audience, or the tag of a group: see portraits.portrait_groups.")],
    by: By,
    role: Annotated[str, typer.Option(help="Who reads it, see seed portrait_roles.")] = "marketing_analyst",
    out: Annotated[Path, typer.Option(help="Folder to write the page to.")] = OUT,
) -> None:
    """Write the portrait of one group (群体画像) and print what sets it apart; on record."""
    with open_read_only() as warehouse, _clear_errors():
        reader = find_role(warehouse, role, None)
        portrait = read_group(warehouse, group)
    shown = [row for row in portrait.of_bank if not row["is_suppressed"]]
    subject = ("group", group, portrait.as_of_date, len(shown), len(portrait.of_bank) - len(shown))
    _record(usage.Opening(by, reader.role, reader.purpose, *subject))
    page = _write(out, f"group-{group}", render_group(portrait))
    Screen().print(_differences(portrait))
    say(f"Page: {page}")


@app.command("log")
def show_log() -> None:
    """Say who opened how many portraits, as which role and what for (画像使用日志)."""
    columns = ("who 谁", "role 角色", "purpose 用途", "portrait 画像", "openings 次数")
    table = Table(*columns, title=str(usage.openings_folder()), title_justify="left")
    for *who, openings in usage.openings():
        table.add_row(*who, str(openings))
    Screen().print(table)


@contextmanager
def _clear_errors() -> Iterator[None]:
    """What is not there as the command's own error."""
    try:
        yield
    except LookupError as error:
        raise typer.BadParameter(str(error), param_hint="portrait") from error


def _record(opening: usage.Opening) -> None:
    try:
        usage.record(opening)
    except (OSError, duckdb.IOException) as error:
        folder = usage.openings_folder()
        message = f"{folder} can't be written, and what can't be kept on record is not opened: {error}"
        raise typer.BadParameter(message, param_hint="BANK_TAGS_LISTS") from error


def _write(folder: Path, name: str, page: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    name = re.sub(r"[^\w-]+", "_", name)
    path = folder / f"{name}.html"
    path.write_text(page, encoding="utf-8")
    return path


def _short(portrait: CustomerPortrait) -> Table:
    """The portrait in short: who, tier, tasks, what may be done, and the tags of the portrait's own scenario."""
    title = f"{portrait.customer_id}  {portrait.role.name_zh}·{portrait.role.purpose_zh}  {portrait.as_of_date}"
    table = Table(show_header=False, title=title, title_justify="left")
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("who 是谁", "\n".join(words.who(portrait)))
    tier = [f"{label} {text}" for label, text in words.next_tier(portrait)]
    tier += [f"{row['name_zh']}：{row['service_level']}" for row in portrait.entitlements]
    table.add_row("tier 层级", "\n".join([portrait.label("service_tier") or "—", *tier]))
    alert = words.alert(portrait)
    tasks = [f"{row['action_name']}，期限 {row['due_date']}：{row['plan_zh']}" for row in portrait.tasks]
    tasks += [f"蜜月期触达，截止 {row['closing_date']}：{row['offer_zh']}" for row in portrait.waves]
    said = "\n".join([*([alert] if alert else []), *tasks]) or "—"
    table.add_row("tasks 待办", said if portrait.is_served else "***")
    for is_allowed, label in ((True, "may 可以"), (False, "must not 不得")):
        said = [one.chinese for one in words.permissions(portrait) if one.is_allowed is is_allowed]
        table.add_row(label, "\n".join(said) or "—")
    groups = "、".join(words.membership(row) for row in portrait.memberships)
    table.add_row("groups 客群", groups or "—")
    own = [row for row in portrait.rows if row["scenario"] == "portrait" and not words.is_nothing(row)]
    table.add_row("tags 标签", "、".join(f"{row['name_zh']} {words.shown(row)}" for row in own) or "—")
    if portrait.masked_tags:
        table.add_row("masked 脱敏", f"{portrait.masked_tags} tags above {portrait.role.name_zh}'s class stand as ***")
    return table


def _differences(portrait: GroupPortrait) -> Group:
    columns = ("n 人数", "share 占比", "others 对照", "TGI", "p adjusted 校正p", "benefit 权益")
    table = Table(Column("trait 特征", overflow="fold"), *columns)
    for row in [*portrait.above[:10], *portrait.below[:5]]:
        table.add_row(
            words.trait(row),
            f"{row['n']:,}",
            f"{row['member_share']:.1%}",
            f"{row['comparison_share']:.1%}",
            f"{row['tgi']:.0f}",
            p_value(row["p_adjusted"]),
            row["benefit_zh"] or "",
        )
    chinese, english = words.group_headline(portrait)
    return Group(chinese, english, *([table] if table.row_count else []))
