"""Charges: what a record says was given or used becomes a line of the bill once, corrections become reversals."""
