"""The documents of a story: who begins and signs them, and when; the people who write in them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from charting.department.people import staff
from charting.department.story import MINUTE_US, Person, Story
from charting.library.library import Libraries
from charting.trail.contents import Content, Patient, Term

RECORD, PACU, BEFORE, AFTER, ANALGESIA = "anaesthesia", "pacu", "before", "after", "analgesia"
TEMPLATES: Mapping[str, str] = {
    RECORD: "anaesthesia_record", PACU: "pacu_record", BEFORE: "preop_visit", AFTER: "postop_visit",
    ANALGESIA: "analgesia_followup",
}  # fmt: skip
"""Documents of a case → their templates. A case has one of each at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """A content that was entered into an item at a time, by an account."""

    at_us: int
    account: str
    document: str
    item: str
    content: Content


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A document: begun by its author, and signed (None: not) by somebody in a slot."""

    document: str
    author: str
    begun_us: int
    start_us: int
    signed_us: int | None
    slot: str


@cache
def libraries() -> Libraries:
    return Libraries.sample()


def identity(person: Person, department: str) -> Patient:
    return Patient(
        number=person.number,
        visit=person.visit,
        temporary=person.temporary,
        name=person.name,
        sex=person.sex if person.number else "",
        birth_date=person.born if person.number else "",
        height_cm=person.height_cm if person.number else None,
        weight_kg=person.weight_kg,
        department=department,
    )


def papers(story: Story) -> Iterator[Paper]:
    """The documents of a case."""
    before, after, analgesia = story.before, story.after, story.analgesia
    if before is not None:
        yield Paper(
            document=BEFORE,
            author=doctor(story, 1),
            begun_us=before.visit_us + MINUTE_US,
            start_us=before.visit_us,
            signed_us=before.signed_us,
            slot="anaesthetist",
        )
    if story.at("t_anes_start") is not None:
        yield Paper(
            document=RECORD,
            author=story.author,
            begun_us=story.zero_us + MINUTE_US,
            start_us=story.zero_us,
            signed_us=story.signed_us,
            slot="anaesthetist",
        )
    entered_us, left_us = story.at("t_pacu_in"), story.at("t_pacu_out")
    if entered_us is not None:
        yield Paper(
            document=PACU,
            author=nurse(story),
            begun_us=entered_us + MINUTE_US,
            start_us=entered_us,
            signed_us=None if left_us is None or story.discarded_us is not None else left_us + 6 * MINUTE_US,
            slot="nurse",
        )
    if after is not None:
        last_us = max(after.visit_us, after.late_us or 0)
        yield Paper(
            document=AFTER,
            author=doctor(story, 2),
            begun_us=after.visit_us,
            start_us=after.visit_us,
            signed_us=None if story.discarded_us is not None else last_us + 20 * MINUTE_US,
            slot="anaesthetist",
        )
    if analgesia is not None:
        unsigned = analgesia.vas is None or story.discarded_us is not None
        yield Paper(
            document=ANALGESIA,
            author=doctor(story, 3),
            begun_us=analgesia.started_us + 12 * MINUTE_US,
            start_us=analgesia.started_us,
            signed_us=None if unsigned else analgesia.asked_us + 20 * MINUTE_US,
            slot="anaesthetist",
        )


@cache
def term(library: str, code: str) -> Term:
    found = libraries().named(library, code)
    if found is None:
        raise LookupError(f"{library} {code}")
    return found


def number(story: Story) -> int:
    """Of the case in its year."""
    return int(story.case.rsplit("-", 1)[-1])


def doctor(story: Story, n: int) -> str:
    """The account of one of the anaesthetists: who visits him."""
    doctors = staff().anaesthetist
    return doctors[(number(story) + n * 7) % len(doctors)].account


def nurse(story: Story) -> str:
    """The account of the PACU's nurse."""
    there = next((p.account for p in story.crew if p.role == "pacu_nurse"), "")
    return there or staff().pacu_nurse[number(story) % len(staff().pacu_nurse)].account
