import struct

from collector.model import DeviceIdentity, Frame, PatientIdentity, Rejected
from tests.drivers.ge_datex_dri.records import fed, frame, record

LOGIN = struct.pack("<6shh20x", b"\0\x01\x02\x03\x04\x05", 37, 11)
PATIENT = struct.pack(
    "<30s40s40s30s4h4h4hh32s32sh118x",
    b"Anna", "Müller".encode("latin-1"), b"A-17", b"Maria", 2, 41, 0, 0, 1720, 1, 685, 1, 1979, 3, 9, 12, 181,
    b"", b"", 0,
)  # fmt: skip


def test_a_login_names_the_device() -> None:
    events = fed(frame(record(5, (0, LOGIN))))
    assert DeviceIdentity(manufacturer="GE Datex-Ohmeda", model="CARESCAPE ICU", software="DRI level 11") in events


def test_a_patient_record_names_the_patient() -> None:
    events = fed(frame(record(5, (6, PATIENT))))
    assert [event for event in events if isinstance(event, PatientIdentity)] == [
        PatientIdentity(
            ids={"patient_id": "A-17"},
            family="Müller",
            given="Anna Maria",
            sex="female",
            birth_date="1979-03-09",
            height_cm=172.0,
            weight_kg=68.5,
        )
    ]


def test_other_network_records_are_counted_and_cut_ones_rejected() -> None:
    counted = fed(frame(record(5, (10, b"\0" * 4))), frame(record(8, (1, b"\0" * 4))))
    assert [event.kind for event in counted if isinstance(event, Frame)] == ["network", "event"]
    cut = fed(frame(record(5, (6, PATIENT[:100]))))
    assert [event.reason for event in cut if isinstance(event, Rejected)] == ["sub_record"]
