"""Workload of people from signed records, by a formula with a version (clinical.md §5)."""
