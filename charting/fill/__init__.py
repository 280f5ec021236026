"""Which value goes into which cell of a record: pure, numpy (clinical.md §3.1-§3.3)."""
