"""Sequences of messages, the site that they come to, and what stands there afterwards."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from charting.case.state import Case
from charting.desk import Desk
from charting.inbox.hl7_door import Hl7Door, hl7_source
from charting.inbox.hl7_events import Hl7Reading
from charting.inbox.inbox import Inbox
from charting.inbox.messages import MemoryMessages, Messages
from charting.inbox.places import PlaceRow, Places
from charting.library.library import Libraries
from charting.templates.loader import Templates
from charting.trail.trail import MemoryTrail, Trail
from collector.hl7.message import parse
from tests.charting.clock import Clock
from tests.shared import capture

DATA = Path(__file__).parents[2] / "data" / "hl7"
EXPECTED: Mapping[str, Any] = tomllib.loads((DATA / "expected.toml").read_text(encoding="utf-8"))
AFTER_US = 1_772_900_000_000_000
"""2026-03-07 16:13 UTC: all of it is over."""
AREAS = {
    "OR-03": "or", "OR-05": "or", "PACU-4": "pacu", "ICU-1": "icu",
    "RAT": "pacu", "M05": "pacu", "M04": "pacu", "EAU": "pacu", "WRONG": "pacu",
}  # fmt: skip
PLACES = (
    PlaceRow(told="OR^OR3", bed="OR-03"), PlaceRow(told="OR^OR5", bed="OR-05"), PlaceRow(told="PACU^^4", bed="PACU-4"),
    PlaceRow(told="ICU", bed="ICU-1"),
    PlaceRow(told="ED^^RAT-CHAIR", bed="RAT"), PlaceRow(told="ED^NON COVID MAJORS 05", bed="M05"),
    PlaceRow(told="ED^NON COVID MAJORS 04", bed="M04"), PlaceRow(told="EAU", bed="EAU"),
    PlaceRow(told="ED^SHOULD DELETE", bed="WRONG"),
)  # fmt: skip
ROLES = {"SURGEON": "surgeon", "ANESTHESIOLOGIST": "anaesthetist"}
_EMAP = {
    "Moves": ("02_A01", "03_A02", "04_A02", "05_A02", "06_A02", "07_A06", "08_A03"),
    "CancelAdmit": ("01_A01", "02_A11", "03_A01", "04_A02", "05_A03"),
    "CancelDischarge": ("01_A01", "02_A02", "03_A03", "04_A13", "05_A03"),
}
_ZATO = {"CancelBooking": ("SIU-S12-01", "SIU-S13-01", "SIU-S15-01")}
_UNFRAMED = b"\x0b\x1c"


def unframed(data: bytes) -> bytes:
    return data.removeprefix(b"\x0b").removesuffix(b"\x1c\r")


@cache
def sequence(name: str) -> tuple[bytes, ...]:
    """In the order of sending. All of UCL's have the same control id: here each has its own."""
    if name == "case_day":
        return tuple(
            unframed(file.read_bytes()) for file in sorted(DATA.glob("case_0?_*.hl7")) if "gb" not in file.name
        )
    if name == "CancelTransfer":
        return tuple(_cancel_transfer())
    if name in _ZATO:
        return tuple(capture("hl7", "adt-siu-orm-dft", f"zato_{part}.hl7").read_bytes() for part in _ZATO[name])
    files = (capture("hl7", "adt-siu-orm-dft", f"emap_{name}_{part}.hl7") for part in _EMAP[name])
    return tuple(renumbered(file.read_bytes(), f"{name}-{n}") for n, file in enumerate(files, 1))


def renumbered(message: bytes, control: str) -> bytes:
    control_id = parse(message).control_id
    return message.replace(f"|{control_id}|".encode(), f"|{control}|".encode(), 1)


def adt(
    trigger: str, n: int, at: str, place: str, prior: str = "", *, number: str = "40800001", visit: str = "77",
    recorded: str = "", name: str = "ORANGE^BLOOD",
) -> bytes:  # fmt: skip
    """A message of our own; `at`: HHMM of 2013-02-11, `recorded` likewise."""
    segments = [
        f"MSH|^~\\&|HIS|HOSP|AIMS|OR|20130211{recorded or at}52||ADT^{trigger}|{trigger}-{n}|P|2.4|||AL|NE",
        f"EVN|{trigger}|20130211{recorded or at}52||||20130211{at}52",
        f"PID|1||{number}^^^HOSP^MR||{name}||19700101|F",
        f"PV1|1|I|{place}|||{prior}|||||||||||||{visit}^^^HOSP^VN",
    ]
    return "".join(f"{segment}\r" for segment in segments).encode()


RAT, M04, M05, EAU = (
    "ED^CHAIR^RAT-CHAIR^U",
    "ED^NON COVID MAJORS 04^04^U",
    "ED^NON COVID MAJORS 05^05^U",
    "EAU^BY02^08^U",
)


def _cancel_transfer() -> Sequence[bytes]:
    return [
        adt("A01", 1, "1100", RAT), adt("A02", 2, "1200", M05, RAT), adt("A02", 3, "1300", M04, M05),
        adt("A12", 4, "1300", M05, M04, recorded="1330"), adt("A02", 5, "1400", EAU, M05), adt("A03", 6, "1500", EAU),
    ]  # fmt: skip


@dataclass
class Site:
    """`trail`, `messages`: in memory where none is given."""

    zone: str = "Asia/Shanghai"
    id_type: str = "MR"
    icu_apart: bool = True
    trail: Trail | None = None
    messages: Messages | None = None
    clock: Clock = field(default_factory=lambda: Clock(AFTER_US))
    update_moves: bool = False

    def __post_init__(self) -> None:
        trail = self.trail or MemoryTrail(self.clock.now_us)
        self.trail = trail
        self.desk = Desk(trail, _templates(), _libraries(), self.clock.now_us, self.zone)
        self.reading = Hl7Reading(
            zone=self.zone,
            places=Places(PLACES, AREAS),
            id_type=self.id_type,
            roles=ROLES,
            surgery=("OR",),
            update_moves=self.update_moves,
        )
        kept = self.messages or MemoryMessages(self.clock.now_us)
        self.inbox = Inbox(kept, self.desk, {"his": hl7_source(self.reading)}, icu_apart=self.icu_apart)
        self.door = Hl7Door(self.inbox, "his", "utf-8", self.clock.now_us)

    @classmethod
    def of(cls, name: str, **more: Any) -> "Site":
        """For a sequence."""
        return cls(zone=EXPECTED[name]["zone"], id_type=_id_type(name), **more)

    def tell(self, *messages: bytes) -> None:
        """One after the other, each done before the next one comes."""
        for message in messages:
            assert self.door.take(message) is not None
            self.look()

    def look(self) -> None:
        while self.inbox.look():
            pass

    @property
    def cases(self) -> list[Case]:
        """All but discarded ones."""
        trail = self.desk.trail
        found = [self.desk.case(row.case) for row in trail.rows(limit=1000) if row.state != "discarded"]
        return sorted(found, key=lambda case: case.opened_us)

    @property
    def states(self) -> list[str]:
        return [message.state for message in reversed(self.inbox.messages.latest())]


def _id_type(name: str) -> str:
    return "MEDREC" if name in _EMAP else "MR"


@cache
def _templates() -> Templates:
    return Templates.load()


@cache
def _libraries() -> Libraries:
    return Libraries.sample()


def seen(case: Case) -> Mapping[str, object]:
    """Of a case what messages make."""
    return {
        "stays": [(s.bed, s.start_us, s.end_us or case.closed_us) for s in case.stays],
        "state": case.state,
        "closed_us": case.closed_us,
        "says": case.says.what if case.says is not None and case.says_open else "",
        "number": case.patient.number,
        "numbers": {p.number for p in case.identities},
        "name": case.patient.name,
        "provisional": case.provisional,
    }


def at_us(said: str, zone: str) -> int:
    return round(datetime.fromisoformat(said).replace(tzinfo=ZoneInfo(zone)).timestamp()) * 1_000_000


def check(name: str, site: Site) -> None:
    """The case and the booking are as the table says; there is no other."""
    expected = EXPECTED[name]
    zone = expected["zone"]
    assert len(site.cases) == ("stays" in expected)
    for case in site.cases:
        stays = [(bed, at_us(start, zone), at_us(end, zone) if end else None) for bed, start, end in expected["stays"]]
        found = seen(case)
        assert found["stays"] == stays
        assert found["state"] == expected["state"]
        assert found["closed_us"] == (at_us(expected["closed"], zone) if "closed" in expected else None)
        assert found["says"] == expected.get("says", "")
        if "numbers" in expected:
            assert found["number"] == expected["number"]
            assert found["numbers"] == set(expected["numbers"])
            assert found["name"] == expected["name"]
            assert case.patient.visit == expected["visit"]
        assert expected.get("never") not in {stay.bed for stay in case.stays}
    day = expected.get("booking")
    if day is not None:
        booking = site.inbox.messages.operation(day["id"])
        assert booking is not None
        assert (booking.bed, booking.minutes, booking.state) == (day["bed"], day["minutes"], day["state"])
        assert booking.start_us == at_us(day["start"], zone)
        assert {p.role: p.name for p in booking.staff} == day["staff"]
        assert [p.code for p in booking.procedures] == [day["procedure"]]
