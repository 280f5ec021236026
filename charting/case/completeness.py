"""What a document lacks before it may be signed, and the digest of what was signed. Pure."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence

from charting.case.state import Case, Document, witness_of
from charting.templates.template import Template
from charting.trail.contents import Answer, Controlled, Score, Volume
from charting.trail.entries import cell_json, content_json


def lacking(case: Case, document: Document, template: Template) -> Sequence[str]:
    """Keys of what is required and not there: `field:<id>` or a need's `what` (see charting.templates.template)."""
    there = set(_there(case, document))
    fields = [f"field:{f.id}" for f in template.fields if f.required and f"field:{f.id}" not in there]
    return [*fields, *(need.what for need in template.needs if there.isdisjoint({need.what, need.unless}))]


def _there(case: Case, document: Document) -> Iterator[str]:
    patient = case.patient
    for name in patient.__slots__:
        if getattr(patient, name) not in {"", None}:
            yield f"patient.{name}"
    yield from (f"event.{e.key}" for e in case.events)
    yield from (f"coded.{c.use}" for c in case.coded)
    yield from (f"attendance.{a.role}" for a in case.attendances)
    for item in document.items.values():
        content = item.content
        if content is None:
            continue
        yield f"item.{content.kind}"
        if isinstance(content, Controlled) and witness_of(case, document.id, item) is not None:
            yield "item.controlled.witnessed"
        if isinstance(content, Answer) and content.value not in {"", ()}:
            yield f"field:{content.field}"
        if isinstance(content, Volume):
            yield f"item.volume.{content.way}"
            yield f"item.volume.{content.group}"
        if isinstance(content, Score):
            yield f"item.score.{content.scale}"


def digest_of(document: Document) -> str:
    """SHA-256, hex, over the JSON (sorted keys, no spaces) of what the document says: each item's value by a person,
    else by a device; gaps; template and version.
    """
    said = {
        "template": document.template,
        "template_version": document.template_version,
        "version": document.version,
        "items": {id_: _said(document, id_) for id_ in document.items},
        "gaps": [[g.signal, g.start_us, g.end_us, g.cause] for g in document.gaps],
    }
    text = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _said(document: Document, id_: str) -> Mapping[str, object] | None:
    item = document.items[id_]
    if item.versions:
        return None if item.content is None else content_json(item.content)
    return None if item.captured is None else cell_json(item.captured)
