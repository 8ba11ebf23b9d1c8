"""The key of the keyed hashes, the environment variable ``BANK_TAGS_PII_KEY``: which one a run takes (DECISIONS 85).

Only the demo bank may be built without one: a published key stands in, and the macro ``warn_demo_key`` says so at the
start of the run. ``dbt_bank_tags`` asks here before dbt builds anything, and takes the key out of what dbt renders.
"""

from pathlib import Path

from banktags.landing import has_extracts, is_demo_bank

SETTING = "BANK_TAGS_PII_KEY"
DEMO_KEY = "bank-tags-demo-key"
#: Below these a key is guessed: signs, and different signs among them.
SHORTEST, FEWEST_SIGNS = 16, 6
#: What dbt and everything that it renders is shown in the place of a key that is set.
SHOWN = "set, and shown to nobody"
HOW_TO_MAKE_ONE = "make one, as with: openssl rand -hex 32, and keep it as safe as the extracts"


def key_fault(key: str, root: Path) -> str | None:
    """Why no run may hash the extracts under ``root`` with this key, on one line with the remedy; None when it may."""
    if not key:
        if is_demo_bank(root) or not has_extracts(root):
            return None
        return (
            f"{SETTING} is not set, and the extracts in {root} are no demo bank: without a key of your own anyone "
            f"recovers the names and numbers. Set the one that this bank is hashed with, or {HOW_TO_MAKE_ONE}"
        )
    if _letters(DEMO_KEY) in _letters(key) or key == SHOWN:
        if is_demo_bank(root):
            return None
        return f"{SETTING} is the published demo key, and the extracts in {root} are no demo bank: {HOW_TO_MAKE_ONE}"
    if key != key.strip() or not key.isprintable():
        return f"{SETTING} begins or ends with a blank, or holds a sign that does not show: set the key without it"
    if any(sign in key for sign in "'\"\\$`{}<>"):
        return (
            f"{SETTING} holds a quote, backslash, dollar, brace or angle bracket, which engines read: {HOW_TO_MAKE_ONE}"
        )
    if len(key) < SHORTEST:
        return f"{SETTING} has fewer than {SHORTEST} characters and is soon guessed: {HOW_TO_MAKE_ONE}"
    if len(set(key)) < FEWEST_SIGNS:
        return f"{SETTING} has fewer than {FEWEST_SIGNS} different characters and is soon guessed: {HOW_TO_MAKE_ONE}"
    return None


def _letters(key: str) -> str:
    """What is left of a key without the signs and capitals by which a known one is disguised."""
    return "".join(sign for sign in key.casefold() if sign.isalnum())
