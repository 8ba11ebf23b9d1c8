"""``banktags catalogue``: what is made of the tag models, and the site that shows it."""

from banktags.catalogue.site.command import site
from banktags.catalogue.sync import app

app.command()(site)

__all__ = ["app"]
