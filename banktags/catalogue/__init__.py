"""The tag dictionary and what is made of it: contract of the wide mart, rules as executed, the catalogue site."""

from banktags.catalogue.entries import DIMENSIONS, GRAIN, TagEntry, tag_entries

__all__ = ["DIMENSIONS", "GRAIN", "TagEntry", "tag_entries"]
