"""What only completes a content, and what corrects it. Pure."""

from dataclasses import fields

from charting.trail.contents import Content


def completes(before: Content, after: Content) -> bool:
    """Everything that was said stands; what was left empty (an end, a weight) or comes later (a rate) is added."""
    for field in fields(before):
        old, new = getattr(before, field.name), getattr(after, field.name)
        longer = isinstance(old, tuple) and isinstance(new, tuple) and new[: len(old)] == old
        if old != new and old not in ("", None) and not longer and not (isinstance(old, dict) and not old):
            return False
    return True
