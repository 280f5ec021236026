"""Three values: yes, no, and nobody has said (Kleene's logic). What is not known stays unknown."""

from collections.abc import Iterable

from charting.quality.facts import Three


def either(said: Iterable[Three]) -> Three:
    """Yes where one of them is; no where all are, or there is none."""
    every = list(said)
    return True if True in every else None if None in every else False


def both(*said: Three) -> Three:
    """No where one of them is; yes where all are."""
    return False if False in said else None if None in said else True


def negated(said: Three) -> Three:
    return None if said is None else not said
