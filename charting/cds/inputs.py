"""What a service was told, for people to read beside its card: from the very question that was sent. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from charting.cds.times import us_of
from charting.trail.entries import CardInput

MOST = 40
"""Lines of them that are kept."""
_LONGEST = 160

_NAMED = ("medicationCodeableConcept", "code", "medication")
_TIMES = ("effectiveDateTime", "authoredOn", "recordedDate", "occurrenceDateTime")


def inputs(question: Mapping[str, Any]) -> Sequence[CardInput]:
    """Medians and infusions of a window, drafts of orders, and what was sent beforehand."""
    context = question.get("context", {})
    found = [*_window(context), *_resources(context.get("draftOrders"))]
    for told in (question.get("prefetch") or {}).values():
        found += _resources(told)
    return list(dict.fromkeys(found))[:MOST]


def _window(context: Mapping[str, Any]) -> Iterator[CardInput]:
    for each in context.get("medians", ()):
        value = f"{each['median']} {each['unit']}"
        yield CardInput(name=_both(each["name"]), value=value, at_us=us_of(each["last"]))
    for each in context.get("infusions", ()):
        value = f"{each['rate']} {each['unit']}"
        yield CardInput(name=_both(each["name"]), value=value, at_us=us_of(each["since"]))


def _both(name: Mapping[str, str]) -> str:
    return f"{name['zh']} {name['en']}"


def _resources(told: Any) -> Iterator[CardInput]:
    if not isinstance(told, Mapping):
        return
    if told.get("resourceType") == "Bundle":
        for entry in told.get("entry", ()):
            yield from _resources(entry.get("resource"))
        return
    made = _of(told)
    if made is not None:
        yield made


def _of(resource: Mapping[str, Any]) -> CardInput | None:
    name = next((_text(resource[key]) for key in _NAMED if resource.get(key)), str(resource.get("resourceType", "")))
    at_us = next((us_of(resource[key]) for key in _TIMES if key in resource), None)
    if at_us is None:
        period = resource.get("effectivePeriod") or {}
        at_us = us_of(period.get("end") or period.get("start"))
    value = _value(resource)
    return CardInput(name=name[:_LONGEST], value=value[:_LONGEST], at_us=at_us)


def _value(resource: Mapping[str, Any]) -> str:
    quantity = resource.get("valueQuantity") or _dose(resource)
    if quantity:
        return f"{quantity.get('value', '')} {quantity.get('unit') or quantity.get('code', '')}".strip()
    return str(resource.get("birthDate") or resource.get("status") or "")


def _dose(resource: Mapping[str, Any]) -> Mapping[str, Any]:
    dosage = resource.get("dosage") or {}
    if dosage:
        return dosage.get("dose") or dosage.get("rateQuantity") or {}
    for instruction in resource.get("dosageInstruction", ()):
        for amount in instruction.get("doseAndRate", ()):
            return amount.get("doseQuantity") or amount.get("rateQuantity") or {}
    return {}


def _text(concept: Any) -> str:
    if not isinstance(concept, Mapping):
        return str(concept)
    concept = concept.get("concept", concept)
    codings = concept.get("coding") or [{}]
    return str(concept.get("text") or codings[0].get("display") or codings[0].get("code") or "")
