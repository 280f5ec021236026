"""Places in a JSON document: `temperature`, `data.values[0].t`, `[2]`; the empty path is the document itself."""

import re
from collections.abc import Sequence
from typing import Any

_STEP = re.compile(r"(?:^|\.)([^.\[\]]+)|\[(\d{1,6})\]")

Path = Sequence[str | int]


def path(text: str) -> Path:
    """Its steps: names of an object, positions of a list. Raises ValueError."""
    steps: list[str | int] = []
    at = 0
    while at < len(text):
        found = _STEP.match(text, at)
        if found is None:
            raise ValueError(f"{text!r} is no path like data.values[0].t")
        steps.append(found[1] if found[2] is None else int(found[2]))
        at = found.end()
    return tuple(steps)


def find(document: Any, steps: Path) -> Any:
    """What stands there. Raises LookupError."""
    for step in steps:
        match document, step:
            case (list(), int()) | (dict(), str()):
                document = document[step]
            case _:
                raise LookupError(step)
    return document
