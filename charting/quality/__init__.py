"""Quality: what is counted of cases, by which rules, and what was counted (clinical.md §1)."""
