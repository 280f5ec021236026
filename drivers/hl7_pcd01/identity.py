"""Who is spoken of and by what: PID, PV1, MSH and the rows of the device.

Source: fact sheets ihe-pcd §2, §8, mindray-and-chinese-hl7 §2, §3, §8.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from collector.hl7.message import Message, Segment
from collector.model import DeviceIdentity, PatientIdentity
from drivers.hl7_pcd01.codes import unit
from drivers.hl7_pcd01.options import Dialect, Options
from drivers.hl7_pcd01.rows import Group
from drivers.hl7_pcd01.values import number

MOST_CHARS = 200
"""Of a name, an id or a location; HL7 2.6 allows 250 for a whole field."""

_MAKERS: Mapping[Dialect, str] = {"egateway": "Mindray", "vs8": "Mindray", "wato": "Mindray", "comen": "Comen"}
_ITSELF: frozenset[Dialect] = frozenset({"vs8", "wato"})
"""The sender is the device, and no gateway."""
_WORDS: Mapping[str, str] = {
    "": "patient_id",
    "MR": "patient_id",
    "PI": "patient_id",
    "VN": "encounter_id",
    "AN": "account",
}
"""PID-3.5 (HL7 table 0203)."""
_NOBODY = frozenset({"unknown patient", "patient unknown"})
"""The name that a pump server and a monitor give to nobody (ihe-pcd §8)."""
_HEIGHT, _WEIGHT = "188740", "188736"
_UNITS: Mapping[str, str] = {_HEIGHT: "cm", _WEIGHT: "kg"}


def location(message: Message) -> str:
    """PV1-3 as sent, "" where there is none."""
    told = message.first("PV1").repetitions(3)
    return told[0][:MOST_CHARS] if told else ""


def patient(message: Message, groups: Sequence[Group], options: Options) -> PatientIdentity | None:
    """What a message says of its patient; an empty one where it names nobody, None where it says nothing of it."""
    if "PID" not in message:
        return None
    pid, visit = message.first("PID"), message.first("PV1")
    ids: dict[str, str] = {}
    for n in range(1, len(pid.repetitions(3)) + 1):
        kind = pid.component(3, 5, repetition=n).strip()
        _keep(ids, _WORDS.get(kind, kind.lower()), pid.component(3, repetition=n))
    _keep(ids, "encounter_id", visit.component(19))
    if pid.component(18) not in ids.values():
        _keep(ids, "account", pid.component(18))
    first, second = _text(pid, 5, 1), _text(pid, 5, 2)
    if f"{first} {second}".strip().lower() in _NOBODY:
        first = second = ""
    family, given = (first, second) if options.name_order == "family-given" or not second else (second, first)
    if not ids and not family and not given:
        return PatientIdentity()
    body = _body(groups)
    return PatientIdentity(
        ids=ids,
        family=family,
        given=given,
        sex=_text(pid, 8, 1),
        birth_date=_text(pid, 7, 1),
        category=_text(visit, 18, 1),
        height_cm=body.get(_HEIGHT),
        weight_kg=body.get(_WEIGHT),
    )


def remember(now: PatientIdentity, before: PatientIdentity) -> PatientIdentity:
    """The patient of now, with the height and weight that were told before: they come seldom."""
    if now == PatientIdentity() or now.ids != before.ids:
        return now
    return replace(
        now,
        height_cm=before.height_cm if now.height_cm is None else now.height_cm,
        weight_kg=before.weight_kg if now.weight_kg is None else now.weight_kg,
    )


def device(message: Message, groups: Sequence[Group], options: Options) -> DeviceIdentity:
    """What a message says of the device: the first OBX-18, else the sender where that is the device."""
    model = serial = ""
    row = next((row for group in groups for row in group.rows if row.device), None)
    if row is not None:
        id_, model, unique = (row.segment.component(18, n)[:MOST_CHARS] for n in (1, 2, 3))
        serial = unique or id_
        model = "" if model == serial else model
    header = message.header
    if options.dialect in _ITSELF:
        model = model or _text(header, 3, 1)
        serial = serial or _text(header, 3, 2)
    elif options.dialect == "comen":
        serial = serial or _text(header, 4, 1)
    return DeviceIdentity(manufacturer=_MAKERS.get(options.dialect, ""), model=model, serial=serial)


def known(now: DeviceIdentity, before: DeviceIdentity) -> DeviceIdentity:
    """The device of now; the one before where this message names none: an eGateway names it on some rows only."""
    return now if now.model or now.serial else replace(before, manufacturer=now.manufacturer)


def _body(groups: Sequence[Group]) -> Mapping[str, float]:
    """Height (cm) and weight (kg) by their numbers, where somebody has entered them."""
    found: dict[str, float] = {}
    for group in groups:
        for row in group.rows:
            code = row.observation.partition("^")[0]
            if code in _UNITS and unit(row.segment.components(6)) == _UNITS[code]:
                value = number(row.value)
                if value:
                    found[code] = value
    return found


def _keep(ids: dict[str, str], word: str, id_: str) -> None:
    text = id_.strip()[:MOST_CHARS]
    if text and text != '""':
        ids.setdefault(word, text)


def _text(segment: Segment, field: int, component: int) -> str:
    text = segment.component(field, component).strip()[:MOST_CHARS]
    return "" if text == '""' else text
