"""A case: its state as the fold of its entries, what may be done to it, and what is wrong with it."""
