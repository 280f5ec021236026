"""Yes, no, and nobody knows: what is not known stays so, unless it makes no difference."""

Three = bool | None


def both(*said: Three) -> Three:
    return False if False in said else None if None in said else True


def either(*said: Three) -> Three:
    return True if True in said else None if None in said else False


def negated(said: Three) -> Three:
    return None if said is None else not said


def equal(told: str, wanted: str) -> Three:
    """Nobody knows where nothing is told."""
    return None if not told else told == wanted
