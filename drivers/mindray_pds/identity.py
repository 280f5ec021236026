"""Who the monitor says it is, and whom it says it watches (fact sheet mindray-and-chinese-hl7 §1.2, §1.4, §1.5)."""

import re
from collections.abc import Iterator

from collector.hl7.message import Message
from collector.model import DeviceIdentity, PatientIdentity
from drivers.mindray_pds import tables

MANUFACTURER = "Mindray"
_GUID = re.compile(r"[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f-]{8,}")
"""PID-3 of the monitors is their own; gateways are seen to send another id there, which is taken as the patient's."""
_NOBODY = re.compile(r"0+")
CATEGORIES = {"A": "adult", "P": "paediatric", "N": "neonate"}
"""PV1-18; U is unknown."""
ADMITTED, NOT_ADMITTED = "1", "0"


def identities(message: Message) -> Iterator[DeviceIdentity | PatientIdentity]:
    """What a message with PID says of monitor and patient."""
    if "PID" not in message:
        return
    rows = {row.component(3).strip(): row.component(5).strip() for row in message.all("OBX")}
    pid, visit = message.first("PID"), message.first("PV1")
    own = pid.component(3).strip()
    number = rows.get(tables.PATIENT_NUMBER, "")
    if not _GUID.fullmatch(own):
        own, number = "", number or own
    device_id = rows.get(tables.DEVICE_ID, "")
    serial = own if _NOBODY.fullmatch(device_id) else device_id or own
    model = rows.get(tables.MACHINE_TYPE, "")
    if serial or model:
        yield DeviceIdentity(
            manufacturer=MANUFACTURER,
            model=f"type {model}" if model else "",
            serial=serial,
            software=rows.get(tables.VERSION, ""),
        )
    family, given = pid.component(5).strip(), pid.component(5, 2).strip()
    height, weight = _number(rows.get("52", "")), _number(rows.get("51", ""))
    yield PatientIdentity(
        ids={"patient_id": number} if number else {},
        family=family,
        given=given,
        sex=pid.component(8).strip(),
        birth_date=pid.component(7).strip(),
        category=CATEGORIES.get(visit.component(18).strip(), ""),
        height_cm=height,
        weight_kg=weight,
        state=_state(message, told=bool(number or family or given)),
    )


def _state(message: Message, *, told: bool) -> str:
    """Admitted or empty. The flag is the last part of PV1-3, which has six or, from some firmwares, five (§1.4)."""
    if _NOBODY.fullmatch(message.first("EVN").component(2).strip()):
        return "empty"
    location = message.first("PV1").components(3)
    flag = location[-1].split(message.delimiters.subcomponent)[-1].strip() if len(location) > 2 else ""
    if flag == ADMITTED:
        return "admitted"
    return "empty" if flag == NOT_ADMITTED and not told else ""


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0.0 < value < 1000.0 else None
