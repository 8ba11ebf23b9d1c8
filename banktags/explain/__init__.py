"""``banktags explain``: why a customer has a tag, since when, and what would change it."""
