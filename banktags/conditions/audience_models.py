"""Audience models as files: each selects the customers of whom a condition over tags holds, and nothing else.

Read without dbt: nothing of it is rendered. What an audience says beyond its condition stands in its YAML; of that the
floors of confidence are read here, because they name tags too.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from banktags.conditions.condition import Condition, parse_condition
from banktags.conditions.errors import ConditionError, ModelError
from banktags.conditions.known import YAML_LOADER, KnownTags

#: What stands before the condition: comments, and the select itself. Macro condition_of reads it likewise.
SELECT = re.compile(
    r"(?:\s|--[^\n]*\n)*select\s+customer_id\s+from\s+\{\{\s*ref\(\s*'customer_tags'\s*\)\s*\}\}\s+where\b",
    re.IGNORECASE,
)
SHAPE = "select customer_id from {{ ref('customer_tags') }} where <condition>"
#: How an audience was written before.
OLD_FORM = re.compile(r"\{%-?\s*call\s+audience\b")
#: What its YAML has beside the description.
ENTRY = "config: {meta: {audience: {name_zh: …, purpose: …, owner: …}}}"


@dataclass(frozen=True)
class AudienceModel:
    """An audience model: its name, the condition, its floors of confidence by tag, and the tags of both."""

    name: str
    condition: Condition
    floors: Mapping[str, object] = field(default_factory=dict)

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags that the audience reads itself."""
        return tuple(sorted({*self.condition.tags, *self.floors}))


@dataclass(frozen=True)
class AudienceEntry:
    """What the YAML says of an audience, and where: the file, and the line of its name."""

    file: Path
    line: int
    said: Mapping[str, Any]


def read_audience_model(file: Path, shown: Path, tags: KnownTags, entry: AudienceEntry | None = None) -> AudienceModel:
    """Read an audience model from its file, which errors call ``shown``, and the floors from its entry.

    Raises:
        ModelError: it is more than a select with a condition, the condition is not admitted, it has no entry, or a
            floor is none.
    """
    text = file.read_text(encoding="utf-8")
    try:
        condition = _condition(text, tags)
    except ConditionError as error:
        raise ModelError(shown, error) from None
    if entry is None:
        told = (
            "the audience has no entry in YAML",
            "write config: {meta: {audience: {name_zh: …, purpose: …, owner: …}}}",
        )
        raise ModelError(shown, ConditionError(text, 0, 0, *told))
    floors = entry.said.get("min_confidence") or {}
    for tag, floor in floors.items() if isinstance(floors, Mapping) else [("min_confidence", floors)]:
        if problem := floor_problem(tag, floor, tags):
            raise ModelError(entry.file, ConditionError("\n" * (entry.line - 1), entry.line - 1, 0, *problem))
    return AudienceModel(file.stem, condition, floors)


def audience_entries(root: Path) -> dict[str, AudienceEntry]:
    """What the YAML below ``models`` says of each audience, by the name of its model."""
    found = {}
    for file in sorted((root / "models").rglob("*.y*ml")):
        text = file.read_text(encoding="utf-8", errors="replace")
        if "audience__" not in text:
            continue
        for model in (yaml.load(text, Loader=YAML_LOADER) or {}).get("models") or []:
            name = str(model.get("name"))
            said = _meta(model).get("audience")
            if name.startswith("audience__") and isinstance(said, Mapping):
                line = text.count("\n", 0, max(text.find(f"name: {name}\n"), 0)) + 1
                found[name] = AudienceEntry(file.relative_to(root), line, said)
    return found


def _meta(model: Mapping[str, Any]) -> Mapping[str, Any]:
    config = model.get("config") or {}
    return (config.get("meta") if isinstance(config, Mapping) else None) or {}


def _condition(text: str, tags: KnownTags) -> Condition:
    """The condition behind ``where``, with errors at their place in the file."""
    if old := OLD_FORM.search(text):
        length = len(old.group())
        raise ConditionError(
            text,
            old.start(),
            length,
            "an audience is a select, no call of a macro",
            f"write {SHAPE}, and into its YAML what the call said, as {ENTRY}",
        )
    match = SELECT.match(text)
    if not match:
        words = re.search(r"(?m)^(?!\s*--)\s*\S.*$", text)
        start, end = words.span() if words else (0, 0)
        raise ConditionError(text, start, end - start, "an audience is one select with a condition", f"write {SHAPE}")
    # Blank lines and columns before it, so that its words keep their places.
    before = re.sub(r"[^\n]", " ", text[: match.end()])
    return parse_condition(before + text[match.end() :], tags, in_model=True)


def floor_problem(tag: str, floor: object, tags: KnownTags) -> tuple[str, str] | None:
    """What is wrong with a floor of confidence, and the remedy; None where nothing is."""
    if tag not in tags.kinds:
        return f"min_confidence names {tag}, which is no tag", tags.nearest(tag)
    if isinstance(floor, bool) or not isinstance(floor, int | float) or not 0 <= floor <= 1:
        return f"the floor of {tag} is {floor}", "a confidence is a number from 0 to 1"
    return None
