"""Whose what is written is: files about customers are their owner's alone, 0600 in folders of 0700."""

import os

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700


def private_from_here() -> None:
    """What this process, and whatever it starts, creates from now on is its owner's alone."""
    os.umask(0o077)
