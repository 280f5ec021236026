"""What the OpenAPI document says of the routes: their parameters from the tables, their answers."""

from collections.abc import Iterable
from typing import Any

from charting.fhir.kinds import COMMON, Kind
from charting.fhir.subscription import JSON

_OUTCOME = {
    "content": {
        JSON: {
            "schema": {
                "type": "object",
                "required": ["resourceType", "issue"],
                "properties": {
                    "resourceType": {"type": "string", "const": "OperationOutcome"},
                    "issue": {"type": "array", "items": {"type": "object"}},
                },
            }
        }
    }
}
WRONG: dict[int | str, dict[str, Any]] = {
    status: {"description": text, **_OUTCOME}
    for status, text in {
        400: "Not as it should be", 401: "No token", 403: "No scope", 404: "Unknown", 406: "Not spoken here",
        409: "Not now", 410: "Gone", 422: "It cannot be so", 423: "Locked", 429: "Too many wrong tokens",
        503: "The database does not answer",
    }.items()
}  # fmt: skip


def ok(what: str) -> dict[str, Any]:
    schema = {"type": "object", "required": ["resourceType"], "properties": {"resourceType": {"type": "string"}}}
    return {"description": what, "content": {JSON: {"schema": schema}}}


def query(names: Iterable[tuple[str, str, str]]) -> dict[str, Any]:
    """Parameters by name, type and meaning."""
    return {
        "parameters": [
            {"name": name, "in": "query", "required": False, "description": about, "schema": {"type": kind}}
            for name, kind, about in names
        ]
    }


def search_query(kind: Kind) -> dict[str, Any]:
    told = [(name, "string", param.about) for param in (*COMMON, *kind.params) for name in (param.name, *param.also)]
    told += [("_count", "integer", "Of a page"), ("_sort", "string", "date or _lastUpdated, - before it: newest first"),
             ("_include", "string", "As Observation:device")]  # fmt: skip
    return query(told)
