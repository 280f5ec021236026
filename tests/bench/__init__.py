"""`make bench`: what design §8 budgets, measured on this machine, each with its reference in the same run."""
