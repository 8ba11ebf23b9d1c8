"""The project's only clock: the business date ``as_of_date``."""

import datetime

import yaml

from banktags.contract import PROJECT_ROOT


def project_date() -> datetime.date:
    """The business date that ``dbt_project.yml`` names, which a run without ``--vars`` stands on."""
    project = yaml.safe_load((PROJECT_ROOT / "dbt_project.yml").read_text(encoding="utf-8"))
    return datetime.date.fromisoformat(project["vars"]["as_of_date"])
