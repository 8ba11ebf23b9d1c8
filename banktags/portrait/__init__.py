"""Portraits (画像): one customer for the front line, masked by role, and one group for who plans for it."""
