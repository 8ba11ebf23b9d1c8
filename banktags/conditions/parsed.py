"""What is parsed of the project's models: seed ``parsed_conditions``, by which a build knows that it was.

A row a model and tag that it reads, with the checksum of the file as dbt has it, and of a derived tag its own code;
what reads no tag has one row.
"""

import csv
import hashlib
import io
import re
from collections.abc import Iterator
from pathlib import Path

from banktags.conditions.audience_models import AudienceModel, audience_entries, read_audience_model
from banktags.conditions.derived_models import DerivedModel, read_derived_model
from banktags.conditions.errors import ConditionError, ModelError
from banktags.conditions.known import of_project
from banktags.contract import PROJECT_ROOT

SEED = Path("seeds/catalogue/parsed_conditions.csv")
COLUMNS = ("model_name", "checksum", "read_by", "tag_code")
#: Files of models that are parsed, below the project.
AUDIENCES, DERIVED = "models/**/audience__*.sql", "models/tags/derived/**/*.sql"
NAME = re.compile(r"[a-z][a-z0-9_]*")


class UnparsedModels(ValueError):
    """Models that are not admitted, one a line: file, position, what is in the way, what to write instead."""


def parsed_models(root: Path = PROJECT_ROOT) -> Iterator[tuple[Path, AudienceModel | DerivedModel]]:
    """Every audience and derived-tag model of the project, with its file, in the order of names.

    Raises:
        UnparsedModels: some of them are not admitted; says all of them.
    """
    tags = of_project(root)
    entries = audience_entries(root)
    seeds = {file.stem: file for file in sorted((root / "seeds").rglob("*.csv"))}
    found: list[tuple[Path, AudienceModel | DerivedModel]] = []
    problems = []
    for pattern in (AUDIENCES, DERIVED):
        for file in sorted(root.glob(pattern)):
            shown = file.relative_to(root)
            try:
                _check_file(file, shown)
                if pattern == AUDIENCES:
                    found.append((file, read_audience_model(file, shown, tags, entries.get(file.stem))))
                else:
                    found.append((file, read_derived_model(file, shown, tags, seeds)))
            except ModelError as error:
                problems.append(str(error))
    if problems:
        raise UnparsedModels("\n".join(problems))
    yield from sorted(found, key=lambda pair: pair[1].name)


def parsed_conditions(root: Path = PROJECT_ROOT) -> str:
    """The text of the seed.

    Raises:
        UnparsedModels: some models are not admitted.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for file, model in parsed_models(root):
        readers = model.columns if isinstance(model, DerivedModel) else {"": model.tags}
        for reader, tags in sorted(readers.items()):
            for tag in sorted(tags) or ("",):
                writer.writerow((model.name, checksum(file), reader, tag))
    return text.getvalue()


def checksum(file: Path) -> str:
    """SHA-256 of a model's file, as dbt's manifest has it."""
    return hashlib.sha256(file.read_bytes().decode("utf-8").strip().encode("utf-8")).hexdigest()


def _check_file(file: Path, shown: Path) -> None:
    if not NAME.fullmatch(file.stem):
        raise ModelError(shown, ConditionError("", 0, 0, "the name is not lower case", "name it by a-z, 0-9 and _"))
    try:
        file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        told = ConditionError("", 0, 0, f"byte {error.start + 1} is not UTF-8", "save the file as UTF-8")
        raise ModelError(shown, told) from None
