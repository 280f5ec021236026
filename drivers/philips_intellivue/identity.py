"""Who the monitor and its patient are (fact sheet philips-intellivue §2, §6)."""

import struct
from collections.abc import Mapping
from dataclasses import replace

from collector.model import DeviceIdentity, PatientIdentity
from collector.units import convert
from drivers.philips_intellivue.units import ucum
from drivers.philips_intellivue.values import PAIR, U16, U32, birth_date, number, string, u16, variable_label

MODEL, SPECIFICATION = 0x0928, 0x092D
PATIENT_STATE, FAMILY, GIVEN, MIDDLE, PATIENT_ID = 0x0957, 0x095C, 0x095D, 0x095F, 0x095A
SEX, CATEGORY, BIRTH_DATE, HEIGHT, WEIGHT = 0x0961, 0x0962, 0x0958, 0x09DC, 0x09DF

EMPTY, PRE_ADMITTED, ADMITTED, DISCHARGED = 0, 1, 2, 8
STATES: Mapping[int, str] = {
    EMPTY: "empty", PRE_ADMITTED: "pre_admitted", ADMITTED: "admitted", DISCHARGED: "discharged",
}  # fmt: skip
SEXES: Mapping[int, str] = {1: "male", 2: "female"}
CATEGORIES: Mapping[int, str] = {1: "adult", 2: "paediatric", 3: "neonatal"}

_SERIAL, _SOFTWARE = 1, 4
_PRODUCT = 0x0008


def patient(attributes: Mapping[int, bytes]) -> PatientIdentity | None:
    """The patient of a PT_DEMOG object; only an admitted one is more than a state (§6). None: it says nothing."""
    state = u16(attributes.get(PATIENT_STATE))
    if state is None:
        return None
    word = STATES.get(state, f"{state}")
    if state != ADMITTED:
        return PatientIdentity(state=word)
    number_id = string(attributes.get(PATIENT_ID))
    return PatientIdentity(
        ids={"patient_id": number_id} if number_id else {},
        family=string(attributes.get(FAMILY)),
        given=" ".join(filter(None, (string(attributes.get(GIVEN)), string(attributes.get(MIDDLE))))),
        sex=SEXES.get(u16(attributes.get(SEX)) or 0, ""),
        birth_date=birth_date(attributes.get(BIRTH_DATE)),
        category=CATEGORIES.get(u16(attributes.get(CATEGORY)) or 0, ""),
        height_cm=_measure(attributes.get(HEIGHT), "cm"),
        weight_kg=_measure(attributes.get(WEIGHT), "kg"),
        state=word,
    )


def device(attributes: Mapping[int, bytes], before: DeviceIdentity) -> DeviceIdentity | None:
    """What is known of the monitor after these attributes; None where they say nothing of it. Never raises."""
    if MODEL not in attributes and SPECIFICATION not in attributes:
        return None
    found = before
    try:
        if MODEL in attributes:
            manufacturer, at = variable_label(attributes[MODEL], 0)
            found = replace(found, manufacturer=manufacturer, model=variable_label(attributes[MODEL], at)[0])
        if SPECIFICATION in attributes:
            found = _specified(attributes[SPECIFICATION], found)
    except struct.error:
        return None
    return found


def _specified(data: bytes, found: DeviceIdentity) -> DeviceIdentity:
    """Serial number of the product; software of the product, or of its first part that tells one."""
    count, _ = PAIR.unpack_from(data)
    at = PAIR.size
    texts: dict[tuple[int, int], str] = {}
    for _ in range(count):
        kind, component = PAIR.unpack_from(data, at)
        text, at = variable_label(data, at + PAIR.size)
        texts.setdefault((kind, component), text)
    software = [text for (kind, _), text in texts.items() if kind == _SOFTWARE]
    return replace(
        found,
        serial=texts.get((_SERIAL, _PRODUCT), found.serial),
        software=texts.get((_SOFTWARE, _PRODUCT), software[0] if software else found.software),
    )


def _measure(data: bytes | None, unit: str) -> float | None:
    """A PatMeasure in `unit`: monitors send cm or inch, g, kg or lb (§6)."""
    if data is None or len(data) != U32.size + U16.size:
        return None
    value = number(U32.unpack_from(data)[0])
    if value is None:
        return None
    try:
        return round(convert(value, ucum(U16.unpack_from(data, U32.size)[0]), unit), 4)
    except ValueError:
        return None
