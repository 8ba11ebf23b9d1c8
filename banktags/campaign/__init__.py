"""Campaigns: the calibration of the readout, and the report of one campaign."""
