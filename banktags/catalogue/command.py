"""``banktags catalogue``: what is made of the tag models, and the site that shows it."""

from banktags.catalogue.certify import certify, seal
from banktags.catalogue.site.command import site
from banktags.catalogue.sync import app

for command in (certify, seal, site):
    app.command()(command)

__all__ = ["app"]
