"""A department's year, simulated: what happened is decided first, then written down as people and devices would."""
