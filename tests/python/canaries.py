"""Canaries (金丝雀): texts and numbers that stand nowhere else, where they are planted, and how they are heard again.

Each column has a text and a number of its own, so that what is found says where it came from. Heard are they as they
are, in any case, shortened, in Base64 and hex, as a floating number, and as a hash without the key.
"""

import base64
import hashlib
import re
from collections.abc import Iterable

from banktags.contract import Column, Table, read_contract

#: What a text begins and ends with: its first and last seven letters, so that a shortened one is found as well.
HEAD, TAIL = "Kanarie", "Gezwits"
#: The same of a number; a mobile number has the first alone, an identity number both and its last sign.
FIRST, LAST = "3941726", "6271493"
#: What the bank says of itself and its catalogue; none of it is of a customer, and readers see its names.
REFERENCE = {"core.branches", "core.products", "core.managers", "core.exchange_rates", "core.batches"}
REFERENCE |= {"marketing.campaigns", "marketing.costs"}
#: The numbers by which readers know a customer, and a contact who is none yet.
NUMBERS = {("core.customers", "customer_id"), ("crm.contacts", "contact_id")}
#: Weights of the digits of an identity number, and its last sign by the remainder (GB 11643).
WEIGHTS, SIGNS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2), "10X98765432"


def of_customers() -> list[Table]:
    """The tables of the contract that hold something of customers."""
    return [
        table
        for table in read_contract().values()
        if table.qualified_name not in REFERENCE and table.system != "governance"
    ]


def planted_columns() -> list[tuple[str, Column]]:
    """Table and column of each text of a customer: keys, codes and names, but for what refers to another table."""
    return [
        (table.qualified_name, column)
        for table in of_customers()
        for column in table.columns
        if column.data_type == "string" and not column.references and (table.qualified_name, column.name) not in NUMBERS
    ]


def text_canary(number: int) -> str:
    return f"{HEAD}{number:03d}x{TAIL}"


def number_canary(number: int, column: str = "") -> str:
    """Digits alone, as the column would have them: what cannot be a number of its kind is set to unknown.

    Elsewhere too few digits for a card: a night that finds such in a text is refused (assert_no_raw_identifiers).
    """
    if column == "mobile":
        return f"1{FIRST}{number:03d}"
    if column == "id_no":
        digits = f"{FIRST}{number:03d}{LAST}"
        return digits + SIGNS[sum(weight * int(digit) for weight, digit in zip(WEIGHTS, digits, strict=True)) % 11]
    return f"{FIRST}{number:03d}"


def songs(canaries: Iterable[str]) -> list[re.Pattern[str]]:
    """Patterns that find a canary in any of its forms."""
    written = [text for head in (HEAD, TAIL) for text in (head, head.encode().hex())]
    written += [FIRST.encode().hex(), LAST.encode().hex()]
    # Seven digits stand in a digest by chance: no canary begins or ends in the midst of one.
    parted = "[-., ]?"
    written.append(rf"(?<![0-9a-f])(?:(?:00)?86{parted})?(?:1{parted})?{parted.join(FIRST)}(?:{parted}[0-9]){{3}}")
    written.append(rf"[0-9]{{3}}{LAST}[0-9X]?(?![0-9a-f])")
    for text in (HEAD, TAIL, FIRST, LAST):
        for shift in range(3):
            # Of the letters that the shifted text's own bytes decide alone.
            coded = base64.b64encode(b"\0" * shift + text.encode()).decode().rstrip("=")
            written.append(re.escape(coded[-(-shift * 8 // 6) : (shift + len(text)) * 8 // 6]))
    hashes = [
        hashed(text.encode()).hexdigest() for text in canaries for hashed in (hashlib.sha256, hashlib.md5, hashlib.sha1)
    ]
    return [re.compile("|".join(written), re.IGNORECASE), re.compile("|".join(hashes), re.IGNORECASE)]
