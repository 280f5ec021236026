"""Inspection (巡检): what was measured of gateways, devices and the database in a period, and what to do about it."""
