"""The demo bank: a synthetic retail bank that fills every table of the source contract."""

from banktags.simulate.bank import Bank, simulate

__all__ = ["Bank", "simulate"]
