"""A hospital that is told: destinations, who we are there, and a desk whose trail is followed."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog

from charting.codes.front_page import FrontPages
from charting.codes.mapping import Crosswalks
from charting.desk import Desk
from charting.outbox.config import Destination
from charting.outbox.following import Cursors, MemoryCursors
from charting.outbox.memory import MemoryOutbox
from charting.outbox.parcel import Parcel
from charting.results import advisories, charted, coding, papers
from charting.results.advisories import Advising
from charting.results.charted import Charting
from charting.results.coding import Coding
from charting.results.history import Beginnings
from charting.results.message import Sender
from charting.results.papers import Papers
from charting.results.telling import Telling
from charting.trail.trail import MemoryTrail
from tests.charting.clock import Clock
from tests.charting.desk.scenes import LIBRARIES, desk_on

PLACES = {"OR-1": "OR^OR1^1^HOSP", "OR-2": "OR^OR2^1^HOSP"}
SENDER = Sender(
    application="VITALSD", facility="OR", authority="HOSP", zone="Asia/Shanghai", place=lambda bed: PLACES.get(bed, "")
)
PDF = b"%PDF-1.7 made up"


def destination(charset: str = "UNICODE UTF-8") -> Destination:
    return Destination(
        name="emr", url="mllp://127.0.0.1:2575", takes=("vitals",), charset=charset, application="EMR", facility="HOSP"
    )


@dataclass(slots=True)
class Hospital:
    """`failed`: how many entries could not be told."""

    clock: Clock
    charset: str = "UNICODE UTF-8"
    cursors: Cursors = field(default_factory=MemoryCursors)
    failed: list[str] = field(default_factory=list)
    trail: MemoryTrail = field(init=False)
    desk: Desk = field(init=False)
    outbox: MemoryOutbox = field(init=False)

    def __post_init__(self) -> None:
        self.trail = MemoryTrail(self.clock.now_us)
        self.desk = desk_on(self.trail, self.clock)
        self.outbox = MemoryOutbox(self.clock.now_us)

    def telling(self, what: str) -> Telling:
        """As after a start of the service."""
        to, template = destination(self.charset), self.desk.template
        kinds, compose = {
            "vitals": (
                charted.KINDS,
                Charting(SENDER, to, template, Beginnings(self.trail, self.cursors, what).of).compose,
            ),
            "documents": (
                papers.KINDS,
                Papers(
                    SENDER, to, template, lambda *_: PDF, lambda: {"ann": "安|医生"}, "zh", told=self._is_told
                ).compose,
            ),
            "codes": (
                coding.KINDS,
                Coding(
                    SENDER, to, FrontPages(LIBRARIES, Crosswalks.of(None), "Asia/Shanghai").of, "zh", keys=self._keys
                ).compose,
            ),
            "advisories": (advisories.KINDS, Advising(SENDER, to, "zh", 600_000_000).compose),
        }[what]
        return Telling(
            what, self.trail, self.cursors, self.outbox, kinds, compose,
            failed=lambda: self.failed.append(what), log=structlog.get_logger(),
        )  # fmt: skip

    def _keys(self, case: str) -> Sequence[str]:
        return [each.key for each in self.sent(case)]

    def _is_told(self, key: str) -> bool:
        return self.outbox.find(key) is not None

    def look(self, telling: Telling) -> None:
        while telling.look():
            pass

    def sent(self, case: str) -> Sequence[Parcel]:
        return [each.parcel for each in self.outbox.of_case(case)]


def lines(parcel: Parcel) -> Sequence[str]:
    """The segments but MSH, as text."""
    return parcel.body.decode("gb18030" if b"GB" in parcel.body.split(b"\r")[0] else "utf-8").split("\r")[1:-1]
