"""``banktags portrait``: the portrait of a customer or of a group, as one HTML file and in short on the screen."""

import hashlib
import re
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Group
from rich.table import Column, Table

from banktags.contract import PROJECT_ROOT
from banktags.door import ByOption, Door, PurposeOption, ReasonOption, RoleOption, clear_errors, enter
from banktags.pages.numbers import p_value
from banktags.portrait import offers, permissions, person, traits, usage, values
from banktags.portrait.customer import CustomerPortrait, read_customer
from banktags.portrait.group import GroupPortrait, purpose_of, read_group
from banktags.portrait.page import render_customer, render_group
from banktags.records import refuse_served, write_page
from banktags.terminal import Screen, say
from banktags.warehouse import open_read_only

app = typer.Typer(help="Portraits (画像) of a customer or a group; who opened which.", no_args_is_help=True)

#: Where the pages are written: not below ``site``, which is served.
OUT = PROJECT_ROOT / "data" / "portraits"
OutOption = Annotated[
    Path, typer.Option(envvar="BANK_TAGS_PORTRAITS", help="Folder to write the page to, not one that is served.")
]


@app.command()
def customer(
    customer: Annotated[str, typer.Argument(help="Golden customer id, or a customer number of core or CRM.")],
    by: ByOption,
    role: RoleOption = None,
    purpose: PurposeOption = None,
    reason: ReasonOption = None,
    out: OutOption = OUT,
) -> None:
    """Write the portrait of one customer (单客画像), masked by role, and print it in short; on record."""
    refuse_served(out)
    with open_read_only() as warehouse, clear_errors("portrait"):
        door = enter(warehouse, role, purpose, by, reason)
        portrait = door.hand_over(read_customer(warehouse, customer, door))
    page = _write(out, door, f"customer-{portrait.customer_id}", render_customer(portrait))
    Screen().print(_short(portrait))
    say(f"Page: {page}")


@app.command()
def group(
    group: Annotated[str, typer.Argument(help="An audience, or the tag of a group: see portraits.portrait_groups.")],
    by: ByOption,
    role: RoleOption = "relationship_manager",
    purpose: PurposeOption = None,
    reason: ReasonOption = None,
    out: OutOption = OUT,
) -> None:
    """Write the portrait of one group (群体画像), masked by role, and print what sets it apart; on record.

    An audience is opened for its own purpose only. Without a role a relationship manager reads, and the answer says so.
    """
    refuse_served(out)
    with open_read_only() as warehouse, clear_errors("portrait"):
        door = enter(warehouse, role, purpose, by, reason, kept_for=purpose_of(warehouse, group))
        portrait = door.hand_over(read_group(warehouse, group, door))
    page = _write(out, door, f"group-{group}", render_group(portrait))
    say(f"Read as {door.role.role} ({door.role.name_zh}), for {door.role.purpose}; --role and --purpose say otherwise.")
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


def _write(folder: Path, door: Door, name: str, page: str) -> Path:
    """The page under a name of its own for each role and purpose: what one may see never replaces another's page."""
    said = f"{name}-{door.role.role}-{door.role.purpose}"
    safe = re.sub(r"[^\w-]+", "_", said)
    if safe != said:
        # Two ids that differ only by signs that no file is named by.
        safe += f"-{hashlib.sha256(said.encode()).hexdigest()[:8]}"
    path = folder / f"{safe}.html"
    write_page(path, page)
    return path


def _short(portrait: CustomerPortrait) -> Table:
    """The portrait in short: who, tier, tasks, what may be done, and the tags of the portrait's own scenario."""
    title = f"{portrait.customer_id}  {portrait.role.name_zh}·{portrait.role.purpose_zh}  {portrait.as_of_date}"
    table = Table(show_header=False, title=title, title_justify="left")
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("who 是谁", "\n".join(person.who(portrait)))
    tier = [f"{label} {text}" for label, text in person.next_tier(portrait)]
    tier += [f"{row['name_zh']}：{row['service_level']}" for row in portrait.entitlements]
    table.add_row("tier 层级", "\n".join([portrait.label("service_tier") or "—", *tier]))
    alert = person.alert(portrait)
    tasks = [
        f"{row['name_zh']}，期限 {row['due_date']}：{row['plan_zh'] or ''}"
        + (f"可提供：{row['offer_zh']}。" if row["offer_zh"] else "")
        + "".join(offers.task_contact(row))
        for row in portrait.tasks
    ]
    said = "\n".join([*([alert] if alert else []), *tasks]) or "—"
    table.add_row("tasks 待办", said if portrait.sees("beside") else "***")
    for is_allowed, label in ((True, "may 可以"), (False, "must not 不得")):
        said = [one.chinese for one in permissions.permissions(portrait) if one.is_allowed is is_allowed]
        table.add_row(label, "\n".join(said) or "—")
    groups = "、".join(row["name_zh"] for row in portrait.memberships)
    table.add_row("groups 客群", groups or "—")
    own = [row for row in portrait.rows if row["scenario"] == "portrait" and not values.is_nothing(row)]
    table.add_row("tags 标签", "、".join(f"{row['name_zh']} {values.shown(row)}" for row in own) or "—")
    if portrait.masked_tags:
        table.add_row("masked 脱敏", f"{portrait.masked_tags} tags above {portrait.role.name_zh}'s class stand as ***")
    return table


def _differences(portrait: GroupPortrait) -> Group:
    columns = ("n 人数", "share 占比", "others 对照", "TGI", "p adjusted 校正p", "benefit 权益")
    offered = {id(row) for _, row in portrait.benefits}
    table = Table(Column("trait 特征", overflow="fold"), *columns)
    for row in [*portrait.above[:10], *portrait.below[:5]]:
        table.add_row(
            traits.trait(row),
            f"{row['n']:,}",
            f"{row['member_share']:.1%}",
            f"{row['comparison_share']:.1%}",
            f"{row['tgi']:.0f}",
            p_value(row["p_adjusted"]),
            row["benefit_zh"] if id(row) in offered else "",
        )
    chinese, english = traits.group_headline(portrait)
    masked = f"masked 脱敏: traits of {portrait.masked_tags} tags above the class of the role stand as ***"
    return Group(chinese, english, *([table] if table.row_count else []), *([masked] if portrait.masked_tags else []))
