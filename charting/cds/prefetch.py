"""Fills what a service wants to know beforehand, from resources that we have: what we cannot answer exactly, or have
none of, is left out, for null would say that there is none (CDS Hooks 2.0, Prefetch Template). Pure.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

Resource = Mapping[str, Any]

_PLACE = re.compile(r"\{\{\s*context\.([A-Za-z]+)\s*\}\}")
_READ = re.compile(r"([A-Za-z]+)/([A-Za-z0-9.-]{1,64})")
_SUBJECT = frozenset({"patient", "subject"})


def fill(
    templates: Mapping[str, str], context: Mapping[str, Any], known: Mapping[str, Sequence[Resource] | None]
) -> Mapping[str, Resource]:
    """`known`: what there is of the case, by type; None or a missing type: nobody knows."""
    told = {key: _answer(template, context, known) for key, template in templates.items()}
    return {key: each for key, each in told.items() if each is not None}


def _answer(
    template: str, context: Mapping[str, Any], known: Mapping[str, Sequence[Resource] | None]
) -> Resource | None:
    query = _PLACE.sub(lambda found: str(context.get(found[1], "{{")), template)
    if "{{" in query:
        return None
    read = _READ.fullmatch(query)
    if read:
        return next((each for each in known.get(read[1]) or () if each.get("id") == read[2]), None)
    type_, _, asked = query.partition("?")
    found = known.get(type_)
    parameters = parse_qsl(asked, keep_blank_values=True)
    if found is None or not parameters:
        return None
    for name, value in parameters:
        kept = _narrowed(found, name, value, context)
        if kept is None:
            return None
        found = kept
    if not found:
        return None
    entries = [{"resource": each} for each in found]
    return {"resourceType": "Bundle", "type": "searchset", "total": len(entries), "entry": entries}


def _narrowed(
    found: Sequence[Resource], name: str, value: str, context: Mapping[str, Any]
) -> Sequence[Resource] | None:
    """Those that a parameter of the search leaves; None: a parameter that we do not know."""
    if name in _SUBJECT:
        return found if value.removeprefix("Patient/") == context.get("patientId") else None
    if name == "encounter":
        return found if value.removeprefix("Encounter/") == context.get("encounterId") else None
    if name in {"code", "category"}:
        wanted = set(value.split(","))
        return [each for each in found if not wanted.isdisjoint(_tokens(each.get(name)))]
    return None


def _tokens(concept: Any) -> set[str]:
    """The ways to ask for a CodeableConcept, or for one of several: code, system|code, system|."""
    concepts = concept if isinstance(concept, list) else [concept] if concept else []
    codings = [coding for each in concepts for coding in each.get("coding", ())]
    told = [(str(coding.get("system", "")), str(coding.get("code"))) for coding in codings]
    return {text for system, code in told for text in (code, f"{system}|{code}", f"{system}|")}
