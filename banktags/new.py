"""``banktags new``: scaffolds of a tag, a currency and a mapping."""

from banktags.new_currency import new_currency
from banktags.new_mapping import new_mapping
from banktags.new_tag import app

app.command("currency")(new_currency)
app.command("mapping")(new_mapping)

__all__ = ["app"]
