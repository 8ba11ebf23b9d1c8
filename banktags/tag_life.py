"""``banktags tag``: record the next step in the life of a tag (标签生命周期)."""

import datetime
from pathlib import Path
from typing import Annotated

import typer

from banktags.catalogue.certificates import EVENTS, TRANSITIONS, ChainError, append, read_rows, read_steps, rule_hashes
from banktags.contract import PROJECT_ROOT
from banktags.terminal import say

#: Status of the dictionary entry after each step; before certification a tag is a draft.
STATUS = {
    **dict.fromkeys(("certified", "published", "monitored"), "certified"),
    **{state: state for state in ("deprecated", "retired")},
}

app = typer.Typer(help="The life of a tag.", no_args_is_help=True)


@app.callback()
def tag() -> None:
    """The life of a tag, from requested to retired; seed tag_lifecycle_transitions says which step follows which."""


@app.command()
def advance(
    tag_code: Annotated[str, typer.Argument(help="Code of the tag.")],
    to_state: Annotated[str, typer.Option("--to", help="State after the step, e.g. certified.")],
    actor: Annotated[str, typer.Option("--by", help="Role that takes the step; who certifies is not who developed.")],
    date: Annotated[datetime.datetime, typer.Option(formats=["%Y-%m-%d"], help="Day of the step.")],
    note: Annotated[str, typer.Option(help="Why, where it is not plain.")] = "",
) -> None:
    """Record the next step of a tag; the build checks that it may be taken."""
    status = record_step(PROJECT_ROOT, tag_code, to_state, actor, date.date(), note)
    say(f"{EVENTS}: {tag_code} is {to_state}. Set status: {status} in its dictionary entry, then dbt build.")


def record_step(root: Path, tag_code: str, to_state: str, actor: str, date: datetime.date, note: str) -> str:
    """Append a step to the seed of lifecycle events under ``root``; the status that the entry must now say.

    Raises:
        typer.BadParameter: there is no such tag, or it can't go to this state from the one it is in.
    """
    hashes = rule_hashes(root)
    if tag_code not in hashes:
        # Not before it is needed: the tag models are a megabyte of YAML.
        from banktags.conditions.known import of_project

        raise typer.BadParameter(f"{tag_code} is no tag: {of_project(root).nearest(tag_code)}", param_hint="tag_code")
    past = [row for row in read_steps(root) if row["tag_code"] == tag_code]
    state = past[-1]["to_state"] if past else "none"
    allowed = [row["to_state"] for row in read_rows(root / TRANSITIONS) if row["from_state"] == state]
    if to_state not in allowed:
        raise typer.BadParameter(
            f"{tag_code} is {state} and can go to {', '.join(allowed) or 'nothing'}", param_hint="--to"
        )
    if to_state == "certified" and actor == next(
        row["actor"] for row in reversed(past) if row["to_state"] == "developed"
    ):
        raise typer.BadParameter(f"{actor} developed {tag_code}: let somebody else certify it", param_hint="--by")
    step = {
        "tag_code": tag_code,
        "to_state": to_state,
        "event_date": date.isoformat(),
        "actor": actor,
        "rule_hash": hashes[tag_code] if to_state == "certified" else "",
        "note": note,
    }
    try:
        append(root, [step])
    except ChainError as error:
        raise typer.BadParameter(str(error), param_hint="record") from None
    return STATUS.get(to_state, "draft")
