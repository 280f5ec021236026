"""What can be subscribed to, and which entries of the audit trail it is. Pure; source: protocols, fhir §7."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from charting.case.state import Case
from charting.fhir.observations import observation_ids
from charting.fhir.release import Release
from charting.fhir.source import Source
from charting.fhir.terms import Json, ours
from charting.fill.signals import signals
from charting.trail.contents import Charted
from charting.trail.entries import Entry, Filled, Moved, Set, Signed, Voided

FILTERS = ("encounter", "location", "patient")


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
        case Voided(item=item, document=document) if item.partition("@")[0] in signals():
            signal, _, mark = item.partition("@")
            places = [(signal, int(mark))]
        case _:
            return []
    return [f"Encounter/{source.key}", *(f"Observation/{id_}" for id_ in observation_ids(source, document, places))]


def _signed(source: Source, entry: Entry) -> list[str]:
    assert isinstance(entry.body, Signed)
    return [f"DocumentReference/{source.id('document', entry.body.document)}", f"Encounter/{source.key}"]


_ALL = (
    Topic(name="encounter-start", about="A case was opened, confirmed at the bed, or opened again",
          resource="Encounter", kinds=("opened", "confirmed", "reopened"), focus=_encounter),
    Topic(name="encounter-end", about="A case was closed, or was none", resource="Encounter",
          kinds=("closed", "discarded"), focus=_encounter),
    Topic(name="encounter-moved", about="A patient came to another bed", resource="Encounter", kinds=("moved",),
          focus=_encounter),
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


def fits(filters: tuple[tuple[str, str], ...], source: Source, entry: Entry | None) -> bool:
    """Whether an event of a case is wanted; one of a move also by whom the patient leaves."""
    case = source.case
    return all(bool(_values(name, case, source.key, entry) & _wanted(name, text)) for name, text in filters)


def _values(name: str, case: Case, key: str, entry: Entry | None) -> frozenset[str]:
    if name != "location":
        return frozenset({key})
    moved = entry is not None and isinstance(entry.body, Moved)
    return frozenset(stay.bed for stay in case.stays[-2 if moved else -1 :])


def _wanted(name: str, text: str) -> frozenset[str]:
    """Values with commas between: a bed's name, perhaps with its system, or a reference."""
    return frozenset(each.rpartition("|" if name == "location" else "/")[2] for each in text.split(","))
