"""The charting service's API, from its OpenAPI document."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from tests.charting.web.hospital import Hospital
from tools.manuals.parts.tables import code, table
from tools.manuals.words import Words

Schema = Mapping[str, Any]


@cache
def _document() -> Schema:
    return Hospital().app.openapi()


def routes(words: Words) -> str:
    """A section for each tag: method and path, what it does, what it takes, what it answers."""
    heads = [words(key) for key in ("route", "meaning", "takes", "answers")]
    tags = {tag["name"]: list[list[str]]() for tag in _document()["tags"]}
    for path, methods in _document()["paths"].items():
        for method, operation in methods.items():
            asked = [code(p["name"] + ("" if p["required"] or p["in"] == "path" else "?"))
                     for p in operation.get("parameters", ()) if p["in"] != "path"]  # fmt: skip
            body = _model(operation.get("requestBody", {}))
            said = operation.get("description") or operation["summary"]
            row = [code(f"{method.upper()} {path}"), said, ", ".join([*asked, *body]), _answer(operation)]
            tags.setdefault(operation["tags"][0], []).append(row)
    return "\n".join(f"### {tag}\n\n{words(f'tag.{tag}')}\n\n{table(heads, rows)}" for tag, rows in tags.items())


def models(words: Words) -> str:
    """A row for each model of requests and answers: its fields with their types."""
    heads = [words(key) for key in ("model", "fields", "meaning")]
    rows = [
        [code(_short(name)), ", ".join(_fields(schema)), schema.get("description", "")]
        for name, schema in sorted(_document()["components"]["schemas"].items())
        if not name.endswith("-Output")  # the shape of its -Input, which stands here
    ]
    return table(heads, rows)


def _answer(operation: Schema) -> str:
    """Status and model of success."""
    status, answer = next((s, a) for s, a in operation["responses"].items() if s.startswith("2"))
    return " ".join([status, *_model(answer)])


def _model(holder: Schema) -> list[str]:
    return [
        code(_type(content["schema"]) if content.get("schema") else kind)
        for kind, content in holder.get("content", {}).items()
    ]


def _fields(schema: Schema) -> Iterator[str]:
    if "enum" in schema:
        yield " · ".join(code(one) for one in schema["enum"])
    for name, field in schema.get("properties", {}).items():
        optional = "" if name in schema.get("required", ()) else "?"
        yield f"{code(name + optional)} {_type(field)}"


def _type(schema: Schema) -> str:
    if "$ref" in schema:
        return _short(schema["$ref"].rpartition("/")[2])
    for several in ("anyOf", "oneOf"):
        if several in schema:
            return " or ".join(dict.fromkeys(map(_type, schema[several])))
    if "enum" in schema or "const" in schema:
        return " / ".join(map(str, schema.get("enum", [schema.get("const")])))
    if schema.get("type") == "array":
        return f"[{_type(schema['items'])}]" if "items" in schema else "list"
    if schema.get("type") == "object":
        inner = schema.get("additionalProperties")
        return f"{{{_type(inner)}}}" if isinstance(inner, dict) and inner else "object"
    return str(schema.get("type", "any"))


def _short(name: str) -> str:
    """Without the module that tells two of one name apart, but for its last part; asked and answered are one shape."""
    parts = name.removesuffix("-Input").removesuffix("-Output").split("__")
    return ".".join(parts[-2:])
