"""What can be subscribed to, and which entries of the audit trail it is. Pure; source: protocols, fhir §7."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from itertools import pairwise

from charting.case.state import PATIENT_ITEM, Case
from charting.fhir.observations import observation_ids
from charting.fhir.release import Release
from charting.fhir.source import Source
from charting.fhir.terms import Json, ours
from charting.fill.types import Cell
from charting.trail.contents import Charted, Patient
from charting.trail.entries import Entry, Filled, Set, Signed, Voided

FILTERS = ("encounter", "location", "patient")
PLACES = ("opened", "moved", "located")
"""Entries that say where the patient is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """`kinds` of entries; `focus`: names of the resources that such an entry is of, none: it is none of the topic."""

    name: str
    about: str
    resource: str
    kinds: tuple[str, ...]
    focus: Callable[[Source, Entry], list[str]]

    @property
    def url(self) -> str:
        return ours(f"topic:{self.name}")

    def resource_of(self, release: Release) -> Json:
        """As a SubscriptionTopic."""
        trigger = {"resource": self.resource, "description": self.about}
        filters = [{"resource": self.resource, "filterParameter": name} for name in FILTERS]
        told: Json = {"resourceType": "SubscriptionTopic", "id": self.name, "url": self.url, "title": self.about,
                      "status": "active", "resourceTrigger": [trigger], "canFilterBy": filters}  # fmt: skip
        return told if release is Release.R4B else {**told, "name": self.name.replace("-", "_")}


def _encounter(source: Source, _: Entry) -> list[str]:
    return [f"Encounter/{source.key}"]


def _charted(source: Source, entry: Entry) -> list[str]:
    """The case, and the Observations of the cells that it sets, or takes away."""
    match entry.body:
        case Filled(cells=cells, document=document) if cells:
            places = [(cell.signal, cell.mark_us) for cell in cells]
        case Set(content=Charted() as content, document=document):
            places = [(content.signal, content.mark_us)]
        case Voided(item=item, document=document):
            places = _cell_of(source, document, item)
        case _:
            places = []
    if not places:
        return []
    return [f"Encounter/{source.key}", *(f"Observation/{id_}" for id_ in observation_ids(source, document, places))]


def _cell_of(source: Source, document: str, item: str) -> list[tuple[str, int]]:
    """Signal and mark of a cell; nothing of what is none, whatever it is called."""
    found = source.case.documents[document].items[item] if document else None
    told = [found.captured, *(version.content for version in found.versions)] if found is not None else []
    return [(each.signal, each.mark_us) for each in told if isinstance(each, Cell | Charted)][:1]


def _begun(source: Source, entry: Entry) -> list[str]:
    """Of a patient's data only where they say another number."""
    if isinstance(entry.body, Set) and not _is_another(source.case, entry):
        return []
    return _encounter(source, entry)


def _is_another(case: Case, entry: Entry) -> bool:
    numbers = [(v.seq, v.content.number) for v in case.items[PATIENT_ITEM].versions if isinstance(v.content, Patient)]
    return any(seq == entry.seq and number != before for (_, before), (seq, number) in pairwise(numbers))


def _signed(source: Source, entry: Entry) -> list[str]:
    assert isinstance(entry.body, Signed)
    return [f"DocumentReference/{source.id('document', entry.body.document)}", f"Encounter/{source.key}"]


_ALL = (
    Topic(name="encounter-start",
          about="A case was opened, confirmed at the bed, or opened again; its patient is another, or is known now",
          resource="Encounter", kinds=("opened", "confirmed", "reopened", "merged", "set"), focus=_begun),
    Topic(name="encounter-end", about="A case was closed, or was none", resource="Encounter",
          kinds=("closed", "discarded"), focus=_encounter),
    Topic(name="encounter-moved", about="A patient came to another bed, or where he was is told anew",
          resource="Encounter", kinds=("moved", "located"), focus=_encounter),
    Topic(name="vitals-charted", about="Values were charted, changed or taken away", resource="Observation",
          kinds=("filled", "set", "voided"), focus=_charted),
    Topic(name="document-signed", about="A record was signed", resource="DocumentReference", kinds=("signed",),
          focus=_signed),
    Topic(name="charge-posted", about="A line of a bill was posted, or taken back", resource="ChargeItem", kinds=(),
          focus=lambda _source, _entry: []),
)  # fmt: skip
TOPICS: Mapping[str, Topic] = {topic.name: topic for topic in _ALL}


def topic_of(url: str) -> Topic | None:
    return next((topic for topic in _ALL if topic.url == url), None)


def fits(filters: tuple[tuple[str, str], ...], key: str, beds: Callable[[], Collection[str]]) -> bool:
    """Whether an event of a case is wanted. `beds`: where it was; of a move also by whom the patient leaves."""
    return all(not _wanted(name, text).isdisjoint(beds() if name == "location" else (key,)) for name, text in filters)


def _wanted(name: str, text: str) -> frozenset[str]:
    """Values with commas between: a bed's name, perhaps with its system, or a reference."""
    return frozenset(each.rpartition("|" if name == "location" else "/")[2] for each in text.split(","))
