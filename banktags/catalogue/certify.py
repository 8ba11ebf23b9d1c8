"""``banktags catalogue certify``: certify tags anew whose rule has changed, by appending to their record."""

import datetime
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from banktags.catalogue import certificates
from banktags.catalogue.certificates import IN_FORCE, ChainError, Step, read_steps, rule_hashes
from banktags.catalogue.sync import CATALOGUE_SEEDS, synced_files
from banktags.contract import PROJECT_ROOT
from banktags.terminal import say

#: Steps from each state to the certificate, and on to where the tag stood before.
WAY = {
    "verified": ("certified",),
    "certified": ("developed", "verified", "certified"),
    "published": ("developed", "verified", "certified", "published"),
    "monitored": ("developed", "verified", "certified", "published"),
}


def certify(
    reviewer: Annotated[str, typer.Option("--by", help="Role that certifies; not the one that developed the tag.")],
    date: Annotated[datetime.datetime, typer.Option(formats=["%Y-%m-%d"], help="Day of the certificate.")],
    reason: Annotated[str, typer.Option(help="Why the rule is another one.")],
    tag_codes: Annotated[list[str] | None, typer.Argument(metavar="TAG…", help="Codes of the tags.")] = None,
    changed: Annotated[
        bool, typer.Option("--changed", help="All tags whose rule is not the one that was certified.")
    ] = False,
) -> None:
    """Append a certificate of today's rule to the record of tags; the steps before it are taken by who took them last.

    Rows on record stay as they are. A tag whose rule is certified already is left alone.
    """
    if bool(tag_codes) == changed:
        raise typer.BadParameter("name the tags, or give --changed", param_hint="TAG")
    rules = CATALOGUE_SEEDS / "tag_rules.csv"
    if synced_files()[rules] != rules.read_text(encoding="utf-8"):
        raise typer.BadParameter(
            "the recorded rules are not those of the code: run banktags catalogue sync first", param_hint="project"
        )
    try:
        certified = append_certificates(PROJECT_ROOT, tag_codes, reviewer, date.date(), reason)
    except ChainError as error:
        raise typer.BadParameter(str(error), param_hint="record") from None
    say(f"{certificates.EVENTS}: {len(certified)} tags are certified" + "".join(f"\n  {tag}" for tag in certified))


def seal() -> None:
    """Give a chain to steps that were brought from elsewhere to the end of their tags' records."""
    try:
        count = certificates.seal(PROJECT_ROOT)
    except ChainError as error:
        raise typer.BadParameter(str(error), param_hint="record") from None
    say(f"{certificates.EVENTS}: {count} rows have got a chain")


def append_certificates(
    root: Path, tag_codes: Sequence[str] | None, reviewer: str, date: datetime.date, reason: str
) -> list[str]:
    """Certify the recorded rules of some tags, or of all whose certificate is of another rule; their codes.

    Raises:
        typer.BadParameter: a tag can't be certified; says what to do instead.
        ChainError: a row of the record has been changed.
    """
    hashes = rule_hashes(root)
    lives: dict[str, list[Step]] = {}
    for step in read_steps(root):
        lives.setdefault(step["tag_code"], []).append(step)
    if tag_codes is None:
        wanted = [tag for tag, life in lives.items() if tag in hashes and life[-1]["to_state"] in IN_FORCE]
        wanted = [tag for tag in wanted if certified_hash(lives[tag]) != hashes[tag]]
    else:
        wanted = list(dict.fromkeys(tag_codes))
    steps = [step for tag in wanted for step in _steps(tag, lives.get(tag, []), hashes, reviewer, date, reason)]
    certificates.append(root, steps)
    return wanted


def certified_hash(life: Sequence[Step]) -> str | None:
    """Digest of the rule that was certified last."""
    return next((step["rule_hash"] for step in reversed(life) if step["to_state"] == "certified"), None)


def _steps(
    tag: str, life: Sequence[Step], hashes: Mapping[str, str], reviewer: str, date: datetime.date, reason: str
) -> list[Step]:
    if tag not in hashes:
        raise typer.BadParameter(f"{tag} is no tag, or its rule is not recorded yet", param_hint="TAG")
    state = life[-1]["to_state"] if life else "nothing on record"
    if state not in WAY:
        raise typer.BadParameter(
            f"{tag} is at {state}: take it to verified first (banktags tag advance)", param_hint="TAG"
        )
    if state in IN_FORCE and certified_hash(life) == hashes[tag]:
        raise typer.BadParameter(f"the rule of {tag} is the one that was certified", param_hint="TAG")
    if date.isoformat() < life[-1]["event_date"]:
        raise typer.BadParameter(f"the last step of {tag} is of {life[-1]['event_date']}", param_hint="--date")
    actors = {step["to_state"]: step["actor"] for step in life} | {"certified": reviewer}
    if actors["developed"] == reviewer:
        raise typer.BadParameter(f"{reviewer} developed {tag}: let somebody else certify it", param_hint="--by")
    return [
        {
            "tag_code": tag,
            "to_state": to_state,
            "event_date": date.isoformat(),
            "actor": actors[to_state],
            "rule_hash": hashes[tag] if to_state == "certified" else "",
            "note": reason if to_state == "certified" else "",
        }
        for to_state in WAY[state]
    ]
