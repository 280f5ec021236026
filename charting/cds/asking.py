"""Asks decision support services, by parcels that leave when they can; nothing and nobody waits for an answer."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Protocol
from uuid import UUID, uuid5

from charting.case.state import Case
from charting.cds import resources
from charting.cds.config import CdsService, Hook
from charting.cds.discovery import Endpoint
from charting.cds.prefetch import Resource, fill
from charting.cds.question import Question, of_alarms, of_entry
from charting.cds.services import Services
from charting.cds.window import Median, medians, window
from charting.desk import Desk
from charting.filler.sources import SourceError, Sources
from charting.metrics import Metrics
from charting.outbox.parcel import Outbox, Parcel
from charting.trail.entries import Entry
from charting.watch.state import Board
from collector.clock import rfc3339

QUESTION = "cds-hook"
"""Kind of the parcels that ask."""
WINDOW = "cds-window"
"""Kind of those that tell vital signs to who takes advice."""
JSON = "application/json"

_INSTANCES = UUID("5f6a6f0c-6a0e-5d0b-9d0e-2f1d6d9a7c11")
"""Namespace of hookInstance: the same question has the same one."""
_REMEMBERED = 10_000


class Mapper(Protocol):
    """A case as FHIR R4: who he is called there, and his resources of a type (None: we make none of it)."""

    def ids(self, case: Case) -> tuple[str, str]:
        """Of Patient and Encounter."""

    def of(self, case: Case, type_: str) -> Sequence[Resource] | None: ...


class Asker:
    """Calls block; one at a time."""

    def __init__(
        self,
        desk: Desk,
        sources: Sources,
        outbox: Outbox,
        services: Services,
        mapper: Mapper,
        takers: Sequence[str],
        now_us: Callable[[], int],
        metrics: Metrics,
    ) -> None:
        """`takers`: destinations that are told the windows."""
        self._desk = desk
        self._sources = sources
        self._outbox = outbox
        self._services = services
        self._mapper = mapper
        self._takers = takers
        self._now_us = now_us
        self._metrics = metrics
        self._raised: dict[tuple[str, str], None] = {}

    def act(self, entries: Sequence[Entry]) -> None:
        """What these entries bring up is asked. Raises VitalsdError for a database that is away."""
        for entry in entries:
            question = of_entry(entry)
            if question is not None:
                self._desk.apart.trying(entry.case, partial(self.ask, question))

    def look(self, board: Board) -> None:
        """What devices alarm of at beds with one open case."""
        for bed, state in board.beds.items():
            rows = board.cases(bed)
            if len(rows) != 1 or not state.alarms:
                continue
            for question in of_alarms(rows[0].case, state.alarms, board.at_us):
                key = question.case, question.reason
                if key not in self._raised:
                    self._raised[key] = None
                    self._desk.apart.trying(question.case, partial(self.ask, question))
        while len(self._raised) > _REMEMBERED:
            del self._raised[next(iter(self._raised))]

    def ask(self, question: Question) -> None:
        """Once for the same reason; not, where it is too late, or where the service is left alone."""
        if not question.case or question.until_us <= self._now_us():
            return
        case = self._desk.case(question.case)
        asked = self._services.asked(question.hook, case.area)
        if case.state == "discarded" or not asked:
            return
        found = _Found(case, self._sources, self._mapper, self._now_us())
        parcels = []
        for service, endpoint in asked:
            if self._services.breakers[service.name].pauses:
                self._metrics.cds_questions.labels(service.name, "paused").inc()
            else:
                parcels.append(self._parcel(question, service, endpoint, found))
        put = self._outbox.put(parcels)
        for parcel in parcels:
            if parcel.key in put:
                self._metrics.cds_questions.labels(service_of(parcel.to), "asked").inc()

    def tell_windows(self, board: Board, slot: int) -> None:
        """The vital signs of all open cases to all who take advice, once in a slot of time. Raises VitalsdError."""
        until_us = self._now_us() + self._services.section.window_s * 1_000_000
        for row in board.rows if self._takers else ():
            case = self._desk.apart.trying(row.case, partial(self._desk.case, row.case))
            if case is None or case.area not in {"or", "pacu", "icu", "offsite"} or not case.bed:
                continue
            found = _Found(case, self._sources, self._mapper, self._now_us())
            body = json.dumps(found.window, ensure_ascii=False, allow_nan=False).encode()
            self._outbox.put(
                [
                    Parcel(
                        key=f"{WINDOW}:{to}:{row.case}:{slot}",
                        to=to,
                        kind=WINDOW,
                        body=body,
                        content_type=JSON,
                        case=row.case,
                        until_us=until_us,
                    )
                    for to in self._takers
                ]
            )

    def _parcel(self, question: Question, service: CdsService, endpoint: Endpoint, found: "_Found") -> Parcel:
        key = f"{QUESTION}:{service.name}:{endpoint.id}:{question.case}:{question.hook}:{question.reason}"
        context = found.context(question)
        said: dict[str, Any] = {
            "hook": endpoint.hook,
            "hookInstance": str(uuid5(_INSTANCES, key)),
            "context": context,
            "extension": {"reason": question.reason, "version": endpoint.version or "", "asked": rfc3339(found.now_us)},
        }
        if endpoint.prefetch:
            said["prefetch"] = fill(endpoint.prefetch, context, found.known(endpoint.prefetch.values()))
        return Parcel(
            key=key,
            to=destination(service.name, question.hook),
            kind=QUESTION,
            body=json.dumps(said, ensure_ascii=False, allow_nan=False).encode(),
            content_type=JSON,
            path=f"/cds-services/{endpoint.id}",
            case=question.case,
            until_us=question.until_us,
        )


_CHOOSING = " (choosing)"


def destination(service: str, hook: Hook) -> str:
    """Where a question leaves for: while somebody chooses there is less time."""
    return service + _CHOOSING if hook == "order-select" else service


def service_of(to: str) -> str:
    """Whose destination it is."""
    return to.removesuffix(_CHOOSING)


class _Found:
    """What is told of a case, each made when it is first asked for."""

    def __init__(self, case: Case, sources: Sources, mapper: Mapper, now_us: int) -> None:
        self.now_us = now_us
        self._case = case
        self._sources = sources
        self._mapper = mapper
        self._medians: Sequence[Median] | None = None
        self._patient, self._encounter = mapper.ids(case)

    def context(self, question: Question) -> Mapping[str, Any]:
        by = question.by or self._case.opened_by
        told: dict[str, Any] = {
            "userId": f"Practitioner/{resources.fhir_id(by)}",
            "patientId": self._patient,
            "encounterId": self._encounter,
        }
        if question.hook == "vitals-window":
            told |= self.window
        if question.hook == "record-signed":
            told["document"] = self._case.documents[question.document].template
        if question.chosen is not None:
            draft = resources.draft(*question.chosen, self._patient, self._encounter)
            told["selections"] = [f"{draft['resourceType']}/{draft['id']}"]
            told["draftOrders"] = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": draft}]}
        return told

    def known(self, templates: Iterable[str]) -> Mapping[str, Sequence[Resource] | None]:
        """Of the types that the templates ask for."""
        types = {template.split("?")[0].split("/")[0] for template in templates}
        return {type_: self._of(type_) for type_ in types}

    @property
    def window(self) -> Mapping[str, Any]:
        return window(self._case, self.medians, self.now_us)

    @property
    def medians(self) -> Sequence[Median]:
        if self._medians is None:
            self._medians = self._read()
        return self._medians

    def _of(self, type_: str) -> Sequence[Resource] | None:
        case = self._case
        if type_ == "Observation":
            return resources.observations(case.patient, self.medians, self._patient, self._encounter, self.now_us)
        if type_ == "AllergyIntolerance":
            return resources.allergies(case.patient, self._patient)
        return self._mapper.of(case, type_)

    def _read(self) -> Sequence[Median]:
        """Of a bed that cannot be read nothing is told."""
        try:
            reader = self._sources.reader(self._case.bed)
            return [] if reader is None else medians(self._case, reader, self.now_us)
        except SourceError:
            return []
