"""Visits before and after an anaesthetic: who is to be seen, by when, and what was seen."""
