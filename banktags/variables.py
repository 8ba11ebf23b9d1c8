"""The variables of dbt_project.yml by name: each is known, and none is missing.

What each admits is said in ``macros/run/variables.sql`` and checked there, at the start of a run. Here is what no macro
sees: a name in dbt_project.yml that nobody reads, beside which the default of the mistyped one would stand.
"""

import re
from difflib import get_close_matches
from pathlib import Path

import yaml

from banktags.contract import PROJECT_ROOT, YAML_LOADER

PROJECT = "bank_tags"
FILE = "dbt_project.yml"
DEFINITIONS = Path("macros/run/variables.sql")
#: An entry of macro variable_definitions.
DEFINED = re.compile(r"^ {8}'([a-z_]+)': \{", re.MULTILINE)


def known_variables(root: Path = PROJECT_ROOT) -> list[str]:
    """The names that the macro defines."""
    return DEFINED.findall((root / DEFINITIONS).read_text(encoding="utf-8"))


def variable_faults(root: Path = PROJECT_ROOT) -> list[str]:
    """A line for each name in dbt_project.yml that is no variable, and for each variable that is not there."""
    project = yaml.load((root / FILE).read_text(encoding="utf-8"), Loader=YAML_LOADER)
    said = dict(project.get("vars") or {})
    said |= said.pop(PROJECT, None) or {}
    known = known_variables(root)
    faults = [
        f"{FILE}: no variable is called {name}. Did you mean {get_close_matches(name, known, n=1, cutoff=0)[0]}?"
        for name in map(str, said)
        if name not in known
    ]
    faults += [f"{FILE}: the variable {name} is missing. Take it back under vars" for name in known if name not in said]
    return faults
