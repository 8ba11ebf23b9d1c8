"""What somebody meant by a name that there is not: the code that is called so in Chinese or English, or the nearest."""

import difflib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

#: How alike two names are at least, 0 to 1, to be taken for one another.
ALIKE = 0.6
#: What says nothing in a name: blanks and signs between words.
BETWEEN = re.compile(r"[\W_]+")

#: What is known: code, and what else it is called.
Names = Mapping[str, Sequence[str]]


def meant(asked: str, known: Names, most: int = 3) -> list[str]:
    """The codes that were meant, the nearest first: all that are called just so, else those called most like it."""
    sought = folded(asked)
    called = [(code, folded(name)) for code, names in known.items() for name in (code, *names) if name]
    just_so = _once(code for code, name in called if name == sought)
    if just_so or not sought:
        return just_so
    within = sorted((abs(len(name) - len(sought)), code) for code, name in called if sought in name or name in sought)
    # One sign is within many a name; a name within a much longer text is no sign that it was meant.
    within = [code for difference, code in within if len(sought) > 1 and difference <= 2 * len(sought)]
    alike = difflib.get_close_matches(sought, {name for _, name in called}, n=most, cutoff=ALIKE)
    near = [code for one in alike for code, name in called if name == one]
    return _once([*near, *within])[:most]


def is_called(asked: str, code: str, known: Names) -> bool:
    """Whether a code is called just so, but for case, width and the signs between words."""
    return folded(asked) in {folded(name) for name in (code, *known[code])}


def did_you_mean(asked: str, known: Names) -> str:
    """``did you mean wealth (财富)? ``, with a blank behind it; nothing where nothing is like it.

    Who has mistyped a code need not be told what it is called.
    """
    found = meant(asked, known)
    said = found if asked.isascii() else [shown(code, known) for code in found]
    return f"did you mean {' or '.join(said)}? " if found else ""


def shown(code: str, known: Names) -> str:
    """A code with its Chinese name."""
    names = [name for name in known.get(code, ()) if name and name != code]
    return f"{code} ({names[0]})" if names else code


def listed(known: Names, most: int = 30) -> str:
    """The codes with their names, up to a number of them."""
    codes = list(known)
    beyond = f" and {len(codes) - most} more" if len(codes) > most else ""
    return ", ".join(shown(code, known) for code in codes[:most]) + beyond


def folded(name: str) -> str:
    """A name without what says nothing: case, width of signs, blanks and signs between words."""
    return BETWEEN.sub("", unicodedata.normalize("NFKC", name)).casefold()


def _once(codes: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(codes))
