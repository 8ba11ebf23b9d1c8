"""The nightly run: one business date after the other, each complete or not recorded at all."""
