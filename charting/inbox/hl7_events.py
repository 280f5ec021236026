"""HL7 v2 messages → what happened (fact sheet hl7-adt-billing §1, §2, §4, §7). Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from charting.inbox import hl7_bookings
from charting.inbox.events import HospitalEvent, Kind, Place
from charting.inbox.hl7_names import ERASED, name_of, plain
from charting.inbox.places import Places
from charting.inbox.reading import Read, UnreadableError
from charting.inbox.times import iso_date, time_us
from collector.hl7.message import Message, MessageError, Segment, parse

ADT: Mapping[str, Kind] = {
    "A01": "admit", "A04": "admit", "A05": "pre_admit", "A02": "transfer", "A06": "transfer", "A07": "transfer",
    "A03": "discharge", "A08": "update", "A28": "update", "A31": "update", "A60": "update", "A11": "cancel_admit",
    "A12": "cancel_transfer", "A13": "cancel_discharge", "A40": "merge", "A18": "merge", "A34": "merge", "A36": "merge",
}  # fmt: skip
"""A06 and A07 change a patient's class and tell where he is then. A41 to A43 move accounts and visits: not ours."""
_SEXES: Mapping[str, str] = {"M": "male", "F": "female", "O": "other", "A": "other", "U": "", "N": "other"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Hl7Reading:
    """How a connection's messages are read. `id_type`: CX-5 of the patient's number; `zone`: of times that tell none.

    `codec`: of a message whose MSH-18 says none. `roles`: word of AIP-4 → role of staff.csv. `surgery`: words of OBR-24
    by which an order asks for an operation. `application`, `facility`: ours, as MSH-5 and 6 name us ("": any).
    `update_moves`: the site's A08 tells of another bed, too.
    """

    zone: str
    places: Places
    id_type: str = "MR"
    codec: str = "utf-8"
    roles: Mapping[str, str]
    surgery: Sequence[str] = ()
    application: str = ""
    facility: str = ""
    update_moves: bool = False

    def __call__(self, body: bytes) -> Read:
        """Raises UnreadableError."""
        try:
            message = parse(body, self.codec)
        except MessageError:
            raise UnreadableError("no_message") from None
        return read(message, self)


def read(message: Message, reading: Hl7Reading) -> Read:
    """Raises UnreadableError."""
    kind = f"{message.type}^{message.trigger}".rstrip("^")
    header = message.header
    for n, ours in ((5, reading.application), (6, reading.facility)):
        if ours and header.component(n) not in {ours, ""}:
            return Read(kind=kind, ignored="not_for_us")
    match message.type:
        case "ADT" if message.trigger in ADT:
            found = list(_adt(message, ADT[message.trigger], reading))
        case "ADT" if message.trigger == "A17":
            _swap(message, reading)
            return Read(kind=kind, ignored="not_known")
        case "SIU" if message.trigger in hl7_bookings.SIU:
            frame = _frame(message, "update", reading)
            found = list(hl7_bookings.of_siu(message, frame, reading.zone, reading.places, reading.roles))
        case "ORM" | "OMG":
            found = list(hl7_bookings.of_orders(message, _frame(message, "update", reading), reading))
            if not found:
                return Read(kind=kind, ignored="no_surgery")
        case _:
            return Read(kind=kind, ignored="not_known")
    if not any(event.number or event.visit or event.booking for event in found):
        return Read(kind=kind, ignored="no_patient")
    return Read(kind=kind, events=found)


def _adt(message: Message, kind: Kind, reading: Hl7Reading) -> Iterator[HospitalEvent]:
    if kind == "merge":
        yield from _merges(message, reading)
        return
    event = _frame(message, kind, reading)
    visit = message.first("PV1")
    moves = reading.update_moves and message.trigger == "A08"
    yield replace(
        event,
        kind="transfer" if moves else kind,
        place=_place(visit, 3, reading.places),
        prior=_place(visit, 6, reading.places),
    )


def _merges(message: Message, reading: Hl7Reading) -> Iterator[HospitalEvent]:
    """Each PID with the MRG that follows it. Raises UnreadableError where one does not say whom."""
    frame = _frame(message, "merge", reading)
    person = message.first("PID")
    if "MRG" not in message:
        raise UnreadableError("merge")
    for segment in message:
        if segment.name == "PID":
            person = segment
        elif segment.name == "MRG":
            number, old = (_number(s, field, reading.id_type) for s, field in ((person, 3), (segment, 1)))
            if not number or not old:
                raise UnreadableError("merge")
            if number != old:
                patient = dict(_patient(message, person))
                yield replace(frame, number=number, old_number=old, patient=patient)


def key_of(message: Message) -> str:
    """By which senders of one connection tell their messages apart: MSH-3 and MSH-10; "": without MSH-10."""
    return f"{message.header.field(3)}|{message.control_id}" if message.control_id else ""


def _swap(message: Message, reading: Hl7Reading) -> None:
    """Two patients who change beds are not read here. Raises UnreadableError unless both beds are others'."""
    places = [_place(segment, 3, reading.places) for segment in message.all("PV1")]
    if not places or any(place is None or place.bed for place in places):
        raise UnreadableError("swap")


def _frame(message: Message, kind: Kind, reading: Hl7Reading) -> HospitalEvent:
    """What every event of a message has."""
    event, header, person = message.first("EVN"), message.header, message.first("PID")
    told = [_time(event, 6, reading.zone), _time(event, 2, reading.zone), _time(header, 7, reading.zone)]
    times = [at for at in told if at is not None]
    if not times:
        raise UnreadableError("no_time")
    recorded = [at for at in told[1:] if at is not None]
    return HospitalEvent(
        kind=kind,
        key=key_of(message),
        occurred_us=times[0],
        recorded_us=(recorded or times)[0],
        number=_number(person, 3, reading.id_type),
        visit=plain(message.first("PV1").component(19)),
        patient=dict(_patient(message, person)),
        is_test=header.component(11) in {"T", "D"},
    )


def _time(segment: Segment, n: int, zone: str) -> int | None:
    return time_us(segment.component(n), zone)


def _number(segment: Segment, n: int, id_type: str) -> str:
    """The id of the wanted type."""
    for repetition in range(1, len(segment.repetitions(n)) + 1):
        if segment.component(n, 5, repetition=repetition) == id_type:
            return plain(segment.component(n, repetition=repetition))
    return ""


def _place(segment: Segment, n: int, places: Places) -> Place | None:
    told = "^".join(segment.components(n)).rstrip("^")
    return places.of(told) if told and told != ERASED else None


def _patient(message: Message, person: Segment) -> Iterator[tuple[str, str]]:
    if person.field(5) == ERASED:
        yield "name", ""
    elif name := _name(person, 5):
        yield "name", name
    born = person.component(7)
    if born == ERASED:
        yield "birth_date", ""
    elif (day := iso_date(born[:8])) is not None:
        yield "birth_date", day
    sex = person.component(8)
    if sex == ERASED or sex in _SEXES:
        yield "sex", _SEXES.get(sex, "")
    allergies = [text for segment in message.all("AL1") if (text := _allergy(segment))]
    if allergies:
        yield "allergies", "; ".join(allergies)


def _allergy(segment: Segment) -> str:
    what = segment.component(3, 2) or segment.component(3)
    reaction = segment.component(5)
    return f"{what} ({reaction})" if what and reaction else what


def _name(person: Segment, n: int) -> str:
    """As written in Chinese where it is told so, else the first one."""
    names = [
        name_of(person.component(n, 1, repetition=r), person.component(n, 2, repetition=r))
        for r in range(1, len(person.repetitions(n)) + 1)
    ]
    told = [name for name in names if name]
    return next((name for name in told if not name.isascii()), told[0] if told else "")
