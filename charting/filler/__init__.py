"""Brings what devices say into open documents: reads series, asks charting.fill, appends what is new."""
