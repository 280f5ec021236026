"""The types of resources, and by what each is searched: one table for routes, searching and the CapabilityStatement."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from charting.fhir.charges import charge_items
from charting.fhir.devices import devices, metrics
from charting.fhir.encounters import encounters, patients
from charting.fhir.given import administrations
from charting.fhir.observations import observations
from charting.fhir.papers import documents
from charting.fhir.procedures import procedures
from charting.fhir.release import Release, said
from charting.fhir.source import Resource, Source
from charting.fhir.terms import Json

DAY_US = 86_400_000_000
Token = tuple[str, str]
"""System ("": none) and code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Param:
    """`also`: what R4B or R5 calls it. `tokens` of a token, `references` (Type/id) of a reference; a date is the
    resource's own span.
    """

    name: str
    kind: Literal["token", "reference", "date"]
    about: str
    also: tuple[str, ...] = ()
    tokens: Callable[[Json], Iterable[Token]] = lambda _: ()
    references: Callable[[Json], Iterable[str]] = lambda _: ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """`of`: those of a case. `late_us`: how long after the case's end they may come."""

    name: str
    of: Callable[[Source], Iterable[Resource]]
    params: tuple[Param, ...]
    late_us: int = DAY_US

    def param(self, name: str) -> Param | None:
        return next((each for each in (*COMMON, *self.params) if name in {each.name, *each.also}), None)


def _concepts(*path: str) -> Callable[[Json], Iterator[Token]]:
    """Codings of concepts that stand there, one or a list."""

    def tokens(body: Json) -> Iterator[Token]:
        for found in _at(body, path):
            yield from ((each.get("system", ""), each["code"]) for each in found.get("coding", ()))

    return tokens


def _identifiers(*path: str) -> Callable[[Json], Iterator[Token]]:
    return lambda body: ((each.get("system", ""), each["value"]) for each in _at(body, path))


def _code(name: str) -> Callable[[Json], Iterator[Token]]:
    return lambda body: iter((("", str(body[name])),)) if name in body else iter(())


def _references(*path: str) -> Callable[[Json], Iterator[str]]:
    return lambda body: (each["reference"] for each in _at(body, path) if "reference" in each)


def _at(body: Json, path: tuple[str, ...]) -> Iterator[Json]:
    """What stands at a path, lists one by one."""
    found = body.get(path[0])
    for each in found if isinstance(found, list) else () if found is None else (found,):
        if len(path) == 1:
            yield each
        else:
            yield from _at(each, path[1:])


def _all(*several: Callable[[Json], Iterable[Token]]) -> Callable[[Json], Iterator[Token]]:
    return lambda body: (token for each in several for token in each(body))


COMMON = (
    Param(name="_id", kind="token", about="The resource's id", tokens=_code("id")),
    Param(name="_lastUpdated", kind="date", about="When it was changed last, or later"),
)
_PATIENT = (
    Param(name="patient", kind="reference", about="The patient, as the case knows him",
          references=_references("subject")),
    Param(name="subject", kind="reference", about="The same as patient", references=_references("subject")),
    Param(name="patient.identifier", kind="token", about="The patient's number; also patient:identifier"),
)  # fmt: skip
_ENCOUNTER = Param(
    name="encounter", kind="reference", about="The case", also=("context",), references=_references("encounter")
)
_STATUS = Param(name="status", kind="token", about="Its status", tokens=_code("status"))
_CODE = Param(name="code", kind="token", about="Its code: LOINC, MDC or ours", tokens=_concepts("code"))
_CATEGORY = Param(name="category", kind="token", about="Its category", tokens=_concepts("category"))
_IDENTIFIER = Param(name="identifier", kind="token", about="An identifier", tokens=_identifiers("identifier"))


def _date(about: str, *also: str) -> Param:
    return Param(name="date", kind="date", about=about, also=also)


_KINDS = (
    Kind(name="Patient", of=patients, params=(_IDENTIFIER,)),
    Kind(
        name="Encounter",
        of=encounters,
        params=(
            *_PATIENT, _IDENTIFIER, _date("When it was: its period"),
            Param(name="status", kind="token", about="Its status, as either release calls it",
                  tokens=_all(_code("status"), lambda body: _code("status")(said(body, Release.R4B)))),
            Param(name="class", kind="token", about="Emergency or not", tokens=_concepts("class")),
            Param(name="location", kind="token", about="A bed where the patient was or is, by its name",
                  tokens=_identifiers("location", "location", "identifier")),
        ),
    ),
    Kind(
        name="Device",
        of=devices,
        params=(_IDENTIFIER, Param(name="location", kind="token", about="The bed, by its name",
                                   tokens=_identifiers("location", "identifier"))),
    ),
    Kind(
        name="DeviceMetric",
        of=metrics,
        params=(
            Param(name="type", kind="token", about="What it measures", tokens=_concepts("type")),
            Param(name="category", kind="token", about="measurement or setting", tokens=_code("category")),
            Param(name="device", kind="reference", about="The device", also=("source",),
                  references=_references("device")),
        ),
    ),
    Kind(
        name="Observation",
        of=observations,
        params=(
            *_PATIENT, _ENCOUNTER, _CODE, _CATEGORY, _STATUS, _date("When it was measured"),
            Param(name="combo-code", kind="token", about="Its code or that of one of its parts",
                  tokens=_all(_concepts("code"), _concepts("component", "code"))),
            Param(name="component-code", kind="token", about="The code of one of its parts",
                  tokens=_concepts("component", "code")),
            Param(name="device", kind="reference", about="What measured it", references=_references("device")),
        ),
    ),
    Kind(
        name="Procedure",
        of=procedures,
        params=(*_PATIENT, _ENCOUNTER, _CODE, _CATEGORY, _STATUS, _date("When it was done")),
    ),
    Kind(
        name="MedicationAdministration",
        of=administrations,
        params=(
            *_PATIENT, _ENCOUNTER, _STATUS, _date("When it was given", "effective-time"),
            Param(name="code", kind="token", about="The drug or gas", tokens=_concepts("medication", "concept")),
            Param(name="part-of", kind="reference", about="The infusion of which it is a part",
                  references=_references("partOf")),
        ),
    ),
    Kind(
        name="ChargeItem",
        of=charge_items,
        late_us=7 * DAY_US,
        params=(*_PATIENT, _ENCOUNTER, _CODE, _STATUS, _IDENTIFIER, _date("When the service was", "occurrence")),
    ),
    Kind(
        name="DocumentReference",
        of=documents,
        late_us=7 * DAY_US,
        params=(
            *_PATIENT, _STATUS, _date("When it was signed"),
            Param(name="encounter", kind="reference", about="The case", also=("context",),
                  references=_references("context")),
            Param(name="type", kind="token", about="Which record it is", tokens=_concepts("type")),
        ),
    ),
)  # fmt: skip
KINDS: Mapping[str, Kind] = {kind.name: kind for kind in _KINDS}
"""By name, those that others point to first."""
