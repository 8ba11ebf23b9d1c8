"""The quarterly review of the pyramid (定期复盘): one page with charts, from the review marts."""
