"""Resources as JSON text: numbers as they read. Pure."""

import json
from decimal import Decimal


def to_text(value: object) -> str:
    """A Decimal keeps its digits: 36.40 is written 36.40."""
    match value:
        case dict():
            return f"{{{','.join(f'{json.dumps(name)}:{to_text(each)}' for name, each in value.items())}}}"
        case list() | tuple():
            return f"[{','.join(map(to_text, value))}]"
        case Decimal():
            return f"{value:f}"
        case _:
            return json.dumps(value, ensure_ascii=False)


def to_bytes(value: object) -> bytes:
    """UTF-8; half a surrogate, which it has no place for, is replaced."""
    return to_text(value).encode("utf-8", "replace")
