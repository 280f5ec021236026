"""Asks decision support services, by parcels that leave when they can; nothing and nobody waits for an answer."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property, partial
from uuid import UUID, uuid5

from charting.case.state import Case
from charting.cds.config import CdsService, Hook
from charting.cds.discovery import Endpoint
from charting.cds.prefetch import Resource, fill
from charting.cds.question import Question, of_alarms, of_entry
from charting.cds.resources import Resources
from charting.cds.services import Services
from charting.cds.window import Median, medians, window
from charting.desk import Desk
from charting.fhir.terms import Json
from charting.fhir.text import to_bytes
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
USUAL, CHOOSING = "cds", "cds-choosing"
"""How the names of a service's destinations begin."""

_INSTANCES = UUID("5f6a6f0c-6a0e-5d0b-9d0e-2f1d6d9a7c11")
"""Namespace of hookInstance: the same question has the same one."""
_REMEMBERED = 10_000


class Asker:
    """Calls block; one at a time."""

    def __init__(
        self,
        desk: Desk,
        sources: Sources,
        outbox: Outbox,
        services: Services,
        takers: Sequence[str],
        now_us: Callable[[], int],
        metrics: Metrics,
    ) -> None:
        """`takers`: destinations that are told the windows."""
        self._desk = desk
        self._sources = sources
        self._outbox = outbox
        self._services = services
        self._takers = takers
        self._now_us = now_us
        self._metrics = metrics
        self.hurry: Callable[[str], None] = lambda _: None
        """Called with a destination: the courier's pause after failures is longer than a question is of use."""
        self._raised: dict[tuple[str, str], None] = {}
        self.until_us = 0
        """Until when a question that has left may be answered."""

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
        found = _Found(case, self._desk, self._sources, self._now_us())
        parcels = []
        for service, endpoint in asked:
            if self._services.breakers[service.name].pauses:
                self._metrics.cds_questions.labels(service.name, "paused").inc()
            else:
                parcels.append(self._parcel(question, service, endpoint, found))
        put = self._outbox.put(parcels)
        for parcel in parcels:
            if parcel.key in put:
                self.until_us = max(self.until_us, question.until_us)
                self.hurry(parcel.to)
                self._metrics.cds_questions.labels(service_of(parcel.to), "asked").inc()

    def tell_windows(self, board: Board, slot: int) -> None:
        """The vital signs of all open cases to all who take advice, once in a slot of time. Raises VitalsdError."""
        until_us = self._now_us() + self._services.section.window_s * 1_000_000
        for row in board.rows if self._takers else ():
            case = self._desk.apart.trying(row.case, partial(self._desk.case, row.case))
            if case is None or case.area not in {"or", "pacu", "icu", "offsite"} or not case.bed:
                continue
            found = _Found(case, self._desk, self._sources, self._now_us())
            body = to_bytes(found.window)
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
        said: Json = {
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
            body=to_bytes(said),
            content_type=JSON,
            path=f"/cds-services/{endpoint.id}",
            case=question.case,
            until_us=question.until_us,
        )


def destination(service: str, hook: Hook | None = None) -> str:
    """Where a question, or what is told otherwise, leaves for: while somebody chooses there is less time."""
    return f"{CHOOSING if hook == 'order-select' else USUAL}:{service}"


def service_of(to: str) -> str:
    """Whose destination it is."""
    return to.partition(":")[2]


class _Found:
    """What is told of a case, each made when it is first asked for."""

    def __init__(self, case: Case, desk: Desk, sources: Sources, now_us: int) -> None:
        self.now_us = now_us
        self._case = case
        self._sources = sources
        self._resources = Resources(case, desk.clock.zone, desk.template)

    def context(self, question: Question) -> Json:
        by = question.by or self._case.opened_by
        key = self._resources.key
        told: Json = {"userId": f"Practitioner/{by}", "patientId": key, "encounterId": key}
        if question.hook == "vitals-window":
            told |= self.window
        if question.hook == "record-signed":
            told["document"] = self._case.documents[question.document].template
        if question.chosen is not None:
            draft = self._resources.draft(*question.chosen)
            told["selections"] = [f"{draft['resourceType']}/{draft['id']}"]
            told["draftOrders"] = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": draft}]}
        return told

    def known(self, templates: Iterable[str]) -> Mapping[str, Sequence[Resource] | None]:
        """Of the types that the templates ask for."""
        types = {template.split("?")[0].split("/")[0] for template in templates}
        return {type_: self._resources.of(type_, lambda: self._medians) for type_ in types}

    @property
    def window(self) -> Json:
        return window(self._case, self._medians, self.now_us)

    @cached_property
    def _medians(self) -> Sequence[Median]:
        """Of a bed that cannot be read nothing is told."""
        try:
            reader = self._sources.reader(self._case.bed)
            return [] if reader is None else medians(self._case, reader, self.now_us)
        except SourceError:
            return []
