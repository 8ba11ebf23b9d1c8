"""Conditions that people write over tags: parsed, judged by what they name, and written anew as the SQL that runs."""

from banktags.conditions.condition import Condition, parse_condition
from banktags.conditions.errors import ConditionError
from banktags.conditions.known import KnownTags

__all__ = ["Condition", "ConditionError", "KnownTags", "parse_condition"]
