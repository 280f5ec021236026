"""The keys of configuration files, from their pydantic models; what they mean is in the table of words."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from charting.config import ChartingConfig
from charting.inbox.template import PATIENT, Template
from collector.config import Config
from collector.update.config import UpdateConfig
from tools.manuals.parts.tables import code, table
from tools.manuals.words import Words

Schema = Mapping[str, Any]
_KINDS = {"string": "text", "integer": "whole", "number": "number", "boolean": "truth"}


def bed(words: Words) -> str:
    return _table(Config.model_json_schema(), "bed", words)


def charting(words: Words) -> str:
    return _table(ChartingConfig.model_json_schema(), "charting", words)


def update(words: Words) -> str:
    return _table(UpdateConfig.model_json_schema(), "update", words)


def template(words: Words) -> str:
    """Of a hospital's own messages, with what may be told of a patient."""
    attributes = ", ".join(map(code, sorted(PATIENT)))
    return f"{_table(Template.model_json_schema(), 'template', words)}\n{words('template.patient')}{attributes}\n"


def _table(schema: Schema, file: str, words: Words) -> str:
    heads = [words(key) for key in ("key", "kind", "default", "meaning")]
    rows = [
        [code(key), _kind(found, words), default, words(f"{file}-file.{key}")]
        for key, found, default in _keys(schema, schema["$defs"], "", words)
    ]
    return table(heads, rows)


def _keys(section: Schema, inner: Schema, before: str, words: Words) -> Iterator[tuple[str, Schema, str]]:
    """Key with its tables before it, what it takes, its default in words."""
    for name, given in section["properties"].items():
        found = _bare(given)
        key = f"{before}.{name}" if before else name
        within = _bare(found["items"]) if found.get("type") == "array" else found
        if "$ref" in within:
            under = inner[within["$ref"].rpartition("/")[2]]
            many = "[]" if within is not found else ""
            yield from _keys(under, inner, f"{key}{many}", words)
        else:
            needed = words("needed") if name in section.get("required", ()) else ""
            yield key, found, needed or _default(name, given.get("default"))


def _bare(given: Schema) -> Schema:
    """Without "or nothing"."""
    kinds = [one for one in given.get("anyOf", ()) if one.get("type") != "null"]
    return kinds[0] if kinds else given


def _default(name: str, value: object) -> str:
    if value is None:
        return "–"
    if name.endswith("_bytes") and isinstance(value, int):
        size, unit = (value >> 30, "GiB") if value >= 1 << 30 else (value >> 20, "MiB")
        value = f"{size} {unit}"
    return code(json.dumps(value, ensure_ascii=False))


def _kind(found: Schema, words: Words) -> str:
    if "const" in found or "enum" in found:
        return " · ".join(code(json.dumps(one)) for one in found.get("enum", [found.get("const")]))
    if found.get("type") == "array":
        return words("list")
    if found.get("type") == "object":
        return words("map")
    if found.get("format") == "path":
        return words("path")
    kind = words(_KINDS[found["type"]])
    least, most = found.get("minimum"), found.get("maximum")
    return f"{kind} {least}–{most}" if least is not None and most is not None else kind
