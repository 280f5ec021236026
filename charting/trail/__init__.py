"""The audit trail: all that was ever done, in order, hash-chained. What a case looks like is the fold of its entries."""
