"""The audit trail: all that was ever done, in order, hash-chained. A case is the fold of its entries."""
