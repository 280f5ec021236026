"""Whether a dashboard's JSON is what Grafana takes: by the types that Grafana's own SDK generates of its schema."""

import enum
import json
from collections.abc import Iterator
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models import dashboard as schema


def faults(data: dict[str, Any]) -> list[str]:
    """What the schema does not know, or knows otherwise: a place and what is wrong there."""
    register_default_plugins()
    read = schema.Dashboard.from_json(data)
    again = json.loads(JSONEncoder().encode(read))
    return [*_lost(data, again, ""), *_untyped(read, type(read), "")]


def _lost(ours: Any, read: Any, place: str) -> Iterator[str]:
    """Keys and values that do not come back from the schema's types."""
    if isinstance(ours, dict) and isinstance(read, dict):
        for key, value in ours.items():
            if key in read:
                yield from _lost(value, read[key], f"{place}.{key}")
            elif value is not None:
                yield f"{place}.{key}: unknown"
    elif isinstance(ours, list) and isinstance(read, list) and len(ours) == len(read):
        for n, (one, other) in enumerate(zip(ours, read, strict=True)):
            yield from _lost(one, other, f"{place}[{n}]")
    elif ours != read:
        yield f"{place}: {ours!r} is read as {read!r}"


def _untyped(value: Any, kind: Any, place: str) -> Iterator[str]:
    """Values that are not of their type."""
    origin = get_origin(kind)
    if origin is Union:
        kinds = [each for each in get_args(kind) if (each is type(None)) is (value is None)]
        exact = [each for each in kinds if type(value) is each] or kinds
        wrong = [list(_untyped(value, each, place)) for each in exact]
        if all(wrong):
            yield from min(wrong, key=len, default=[f"{place}: null"])
    elif origin is Literal:
        if value not in get_args(kind):
            yield f"{place}: {value!r} is none of {get_args(kind)}"
    elif origin in {list, dict}:
        if not isinstance(value, origin):
            yield f"{place}: {value!r} is not a {origin.__name__}"
        elif origin is list:
            for n, one in enumerate(value):
                yield from _untyped(one, get_args(kind)[0], f"{place}[{n}]")
    elif isinstance(kind, type) and issubclass(kind, enum.Enum):
        if value not in [member.value for member in kind]:
            yield f"{place}: {value!r} is no {kind.__name__}"
    elif kind is float:
        if not isinstance(value, int | float):
            yield f"{place}: {value!r} is not a number"
    elif isinstance(value, dict) and hasattr(kind, "from_json"):  # some the SDK leaves as they are
        yield from _untyped(kind.from_json(value), kind, place)
    elif isinstance(kind, type) and not isinstance(value, kind):
        yield f"{place}: {value!r} is not {kind.__name__}"
    elif hasattr(type(value), "from_json"):
        for name, inner in get_type_hints(type(value)).items():
            yield from _untyped(getattr(value, name), inner, f"{place}.{name}")
