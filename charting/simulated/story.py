"""A morning in a small hospital, as its information system tells it. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from charting.simulated.patients import Operation, Person, Writer

MINUTE_US = 60_000_000
PACE_S = 1.0
"""Between what is told in the beginning."""
WARD, EMERGENCY, PACU = "SURG3^0312^2", "ER^ER^1", "PACU^PACU^1"
MISTAKEN = "OR^OR9^1"
"""Where the first patient was brought by a slip of somebody's finger."""

GALLSTONES = Person(
    number="80010001", visit="260001", family="陈", given="珅", sex="M", born="19700402", allergy="青霉素"
)
"""His name's second character ends, in GB 18030, with the byte of HL7's field separator."""
FRACTURE = Person(number="80010002", visit="260002", family="欧阳", given="演", sex="F", born="19510819")
HERNIA = Person(number="80010003", visit="260003", family="李", given="演示", sex="M", born="19880123")
UNKNOWN = replace(HERNIA, number="99000017")
"""How the emergency room called him until somebody knew him."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A message, and how many seconds after the beginning it is sent."""

    after_s: float
    message: bytes


def operations(begin_us: int, room: str, other: str) -> Sequence[Operation]:
    """The list: two in a room, one in another."""
    first = begin_us - begin_us % (5 * MINUTE_US) + 30 * MINUTE_US
    gallbladder = Operation(
        id="OP-1001", person=GALLSTONES, code="51.2300", name="腹腔镜下胆囊切除术", diagnosis="K80.2",
        disease="胆囊结石", room=other, start_us=first, minutes=90, surgeon="王演示", anaesthetist="赵演示",
    )  # fmt: skip
    hip = Operation(
        id="OP-1002", person=FRACTURE, code="81.5100", name="全髋关节置换术", diagnosis="S72.0",
        disease="股骨颈骨折", room=room, start_us=first + 60 * MINUTE_US, minutes=120, surgeon="孙演示",
        anaesthetist="赵演示",
    )  # fmt: skip
    hernia = Operation(
        id="OP-1003", person=HERNIA, code="53.0000", name="单侧腹股沟疝修补术", diagnosis="K40.9",
        disease="单侧腹股沟疝", room=room, start_us=first + 30 * MINUTE_US, minutes=60, surgeon="周演示",
        anaesthetist="吴演示", urgent=True,
    )  # fmt: skip
    return gallbladder, hip, hernia


def morning(
    writer: Writer, begin_us: int, *, room: str, other: str, check_in_s: float, leave_s: float | None = None
) -> Iterator[Told]:
    """Three are admitted and booked, one of them under two numbers; one booking is moved, one cancelled. After
    `check_in_s` the first is brought to `other`, after a slip that is taken back; after `leave_s` he is in the
    recovery room, and then discharged (None: he stays).
    """
    gallbladder, hip, hernia = operations(begin_us, room, other)
    at_us = begin_us - 60 * MINUTE_US
    yield Told(after_s=0, message=writer.admission("A01", GALLSTONES, at_us, place=WARD))
    yield Told(after_s=0, message=writer.admission("A01", FRACTURE, at_us, place=WARD))
    yield Told(after_s=0, message=writer.schedule("S12", gallbladder, at_us, ward=WARD))
    yield Told(after_s=0, message=writer.schedule("S12", hip, at_us, ward=WARD))
    yield Told(after_s=PACE_S, message=writer.admission("A04", UNKNOWN, at_us + MINUTE_US, place=EMERGENCY))
    booked = replace(hernia, person=UNKNOWN, start_us=hernia.start_us + 15 * MINUTE_US)
    yield Told(after_s=PACE_S, message=writer.schedule("S12", booked, at_us + 2 * MINUTE_US, ward=EMERGENCY))
    yield Told(
        after_s=2 * PACE_S, message=writer.schedule("S13", replace(hernia, person=UNKNOWN), begin_us, ward=EMERGENCY)
    )
    yield Told(after_s=3 * PACE_S, message=writer.merge(HERNIA, UNKNOWN.number, begin_us))
    yield Told(after_s=4 * PACE_S, message=writer.schedule("S15", hip, begin_us, ward=WARD))
    slip_us, back_us, there_us = (begin_us + round((check_in_s - early_s) * 1e6) for early_s in (2, 1, 0))
    slip = writer.admission("A02", GALLSTONES, slip_us, place=MISTAKEN, prior=WARD)
    yield Told(after_s=check_in_s - 2, message=slip)
    back = writer.admission("A12", GALLSTONES, back_us, place=WARD, prior=MISTAKEN)
    yield Told(after_s=check_in_s - 1, message=back)
    yield Told(after_s=check_in_s, message=writer.admission("A02", GALLSTONES, there_us, place=other, prior=WARD))
    if leave_s is not None:
        left_us = begin_us + round(leave_s * 1e6)
        yield Told(after_s=leave_s, message=writer.admission("A02", GALLSTONES, left_us, place=PACU, prior=other))
        home_us = left_us + MINUTE_US
        yield Told(after_s=leave_s + 60, message=writer.admission("A03", GALLSTONES, home_us, place=WARD))
