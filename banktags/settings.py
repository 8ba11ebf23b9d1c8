"""The settings of bank-tags, environment variables BANK_TAGS_…: what each admits, and names that nobody reads.

dbt asks before it reads the project, ``banktags`` before each command: a setting of another name would do nothing, one
that says nothing would end in an error of DuckDB or Spark that does not name it.
"""

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache

PREFIX = "BANK_TAGS_"
#: How a name begins that somebody meant for a setting.
MEANT = re.compile(r"BANK_?TAGS?_", re.IGNORECASE)
#: Megabytes of the units of a memory limit, by their first letter.
MEGABYTES = {"k": 0.001, "m": 1, "g": 1000, "t": 1000000}


@dataclass(frozen=True)
class Setting:
    """What a setting admits: the pattern of its whole text, and the same in words."""

    pattern: str = r".*\S.*"
    admits: str = "a text that is not blank"
    may_be_empty: bool = False

    def is_met(self, value: str) -> bool:
        return self.may_be_empty if not value else re.fullmatch(self.pattern, value, re.DOTALL) is not None


PATH = Setting(r"\S|\S.*\S", "a path without blanks around it; leave it unset for the default")
TEXT = Setting(may_be_empty=True)
MINUTES = Setting(r"[0-9]{1,5}(\.[0-9]+)?", "a number of minutes, as in 5")
FLAG = Setting(r"(?i:true|false)", "True or False")
MEMORY = Setting(r"[1-9][0-9]*(\.[0-9]+)? ?[KMGTkmgt](i?[Bb])?", "a number with its unit from 10MB to 999TB, as 3GB")
#: Least memory in megabytes that DuckDB can begin with.
LEAST_MEMORY = 10
SETTINGS: dict[str, Setting] = {
    "BANK_TAGS_CURRENCY": Setting("[A-Z]{3}", "the three capital letters of ISO 4217, as CNY", may_be_empty=True),
    "BANK_TAGS_DB": PATH,
    "BANK_TAGS_LISTS": PATH,
    "BANK_TAGS_LOCK_WAIT": Setting(r"(0|[1-9][0-9]{0,3})(\.[0-9]+)?", "a number of minutes from 0 to 9999, as in 10"),
    "BANK_TAGS_MAPPING_MINUTES": MINUTES,
    "BANK_TAGS_MEMORY": MEMORY,
    "BANK_TAGS_PII_KEY": TEXT,
    "BANK_TAGS_PORTRAITS": PATH,
    "BANK_TAGS_QUERY_MINUTES": MINUTES,
    "BANK_TAGS_RAW": PATH,
    "BANK_TAGS_REHASH": TEXT,
    "BANK_TAGS_ROLE": Setting("[a-z_]+", "a role of seed portrait_roles, as relationship_manager", may_be_empty=True),
    "BANK_TAGS_SPARK_AUTH": TEXT,
    "BANK_TAGS_SPARK_CLUSTER": TEXT,
    "BANK_TAGS_SPARK_DBT": PATH,
    "BANK_TAGS_SPARK_HOST": TEXT,
    "BANK_TAGS_SPARK_KERBEROS_SERVICE": TEXT,
    "BANK_TAGS_SPARK_MASTER": TEXT,
    "BANK_TAGS_SPARK_METHOD": Setting("thrift|http", "thrift or http"),
    "BANK_TAGS_SPARK_PARTITIONS": Setting("[1-9][0-9]{0,4}", "a whole number from 1 to 99999"),
    "BANK_TAGS_SPARK_PASSWORD": TEXT,
    "BANK_TAGS_SPARK_PORT": Setting("[1-9][0-9]{0,4}", "a port, a whole number from 1 to 65535"),
    "BANK_TAGS_SPARK_SSL": FLAG,
    "BANK_TAGS_SPARK_TOKEN": TEXT,
    "BANK_TAGS_SPARK_USER": TEXT,
    "BANK_TAGS_SPARK_WAREHOUSE": PATH,
    "BANK_TAGS_TEST_DATA": PATH,
    "BANK_TAGS_TEST_METRICFLOW": PATH,
    "BANK_TAGS_TEST_NIGHTS": TEXT,
    "BANK_TAGS_TEST_SPARK": PATH,
    "BANK_TAGS_THREADS": Setting("[1-9][0-9]{0,2}", "a whole number from 1 to 999, the cores of the machine at most"),
    "BANK_TAGS_VERSIONS_DAYS": Setting("[1-9][0-9]{0,3}", "a whole number of days from 1 to 9999, as 7"),
    "BANK_TAGS_WORK": PATH,
}
#: Settings whose value no message shows.
SECRETS = ("KEY", "PASSWORD", "TOKEN")


def setting_faults(environment: Mapping[str, str] = os.environ) -> list[str]:
    """A line for each setting that says what it does not admit."""
    return [
        f"{name} is {_shown(name, value)}, and must be {SETTINGS[name].admits}"
        for name, value in sorted(environment.items())
        if name in SETTINGS and not (SETTINGS[name].is_met(value) and _is_enough(name, value))
    ]


def unknown_settings(environment: Mapping[str, str] = os.environ) -> list[str]:
    """A line for each variable that looks like a setting and is none, with the nearest one."""
    lines = []
    for name in sorted(environment):
        if MEANT.match(name) and name not in SETTINGS:
            meant = MEANT.sub(PREFIX, name.upper(), count=1)
            alike = get_close_matches(meant, SETTINGS, n=1, cutoff=0)
            lines.append(f"{name} is no setting of bank-tags and does nothing: did you mean {alike[0]}?")
    return lines


@cache
def warn_unknown_settings() -> None:
    """Say on stderr, once in a process, which variables look like settings and are none."""
    for line in unknown_settings():
        print(line, file=sys.stderr)


def _is_enough(name: str, value: str) -> bool:
    if name == "BANK_TAGS_SPARK_PORT":
        return int(value) <= 65535
    if SETTINGS[name] is MEMORY:
        number, unit = re.findall(r"[0-9.]+|[a-zA-Z]", value)[:2]
        return LEAST_MEMORY <= float(number) * MEGABYTES[unit.lower()] < 1000 * MEGABYTES["t"]
    return True


def _shown(name: str, value: str) -> str:
    return "not shown" if name.endswith(SECRETS) else repr(value)
