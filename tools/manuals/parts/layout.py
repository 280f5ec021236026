"""JSON as people read it: what is short stands on a line, and numbers keep their digits."""

import json
from typing import Any

from charting.fhir.text import to_text

_WIDTH = 110


def laid(value: Any, before: str = "") -> str:
    """`before`: the blanks that the line begins with."""
    short = _line(value)
    if len(before) + len(short) <= _WIDTH or not isinstance(value, dict | list | tuple):
        return short
    inner = f"{before}  "
    if isinstance(value, dict):
        parts, around = [f"{inner}{json.dumps(name)}: {laid(each, inner)}" for name, each in value.items()], "{}"
    else:
        parts, around = [f"{inner}{laid(each, inner)}" for each in value], "[]"
    return "\n".join([around[0], ",\n".join(parts), f"{before}{around[1]}"])


def _line(value: Any) -> str:
    if isinstance(value, dict):
        return f"{{{', '.join(f'{json.dumps(name)}: {_line(each)}' for name, each in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_line, value))}]"
    return to_text(value)
