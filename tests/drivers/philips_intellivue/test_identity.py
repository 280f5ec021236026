"""Patient and device (fact sheet §2, §6)."""

from struct import pack

import pytest

from collector.model import DeviceClock, DeviceIdentity, PatientIdentity
from tests.drivers.philips_intellivue import vectors as v
from tests.drivers.philips_intellivue.listening import heard, only

NAME = "王小明\0".encode("utf-16-be")


def patient(*found: v.Attribute) -> list[PatientIdentity]:
    return only(heard([v.poll_result([(0, 0x50, found)], object_class=0x2A, sequence=None)]), PatientIdentity)


@pytest.mark.parametrize(
    ("height", "unit", "height_cm"),
    [(0xFF0006D6, 0x0511, 175.0), (0xFF0002B1, 0x0560, 175.006), (0xFE0000AF, 0x0500, 175.0)],
)
def test_an_admitted_patient(height: int, unit: int, height_cm: float) -> None:
    (who,) = patient(
        (0x0957, b"\0\2"),
        (0x095A, pack(">H", 8) + "123\0".encode("utf-16-be")),
        (0x095C, pack(">H", len(NAME)) + NAME),
        (0x0958, bytes.fromhex("1958022700000000")),
        (0x0961, b"\0\1"),
        (0x0962, b"\0\1"),
        (0x09DC, pack(">IH", height, unit)),
        (0x09DF, pack(">IH", 0xFF000641, 0x06E0)),
    )
    assert (who.ids, who.family, who.birth_date) == ({"patient_id": "123"}, "王小明", "1958-02-27")
    assert (who.sex, who.category, who.state) == ("male", "adult", "admitted")
    assert who.height_cm == pytest.approx(height_cm, abs=0.01)
    assert who.weight_kg == pytest.approx(72.62, abs=0.01)


@pytest.mark.parametrize(("state", "word"), [(0, "empty"), (1, "pre_admitted"), (8, "discharged"), (5, "5")])
def test_13_15_only_an_admitted_patient_is_more_than_a_state(state: int, word: str) -> None:
    (who,) = patient((0x0957, pack(">H", state)), (0x095C, pack(">H", len(NAME)) + NAME))
    assert who == PatientIdentity(state=word)


def test_an_object_without_a_state_says_nothing() -> None:
    assert patient((0x095C, pack(">H", len(NAME)) + NAME)) == []


def test_model_and_serial_number_come_in_different_messages() -> None:
    model = (0x0928, b"\0\x08Philips\0\0\x06M8000\0")
    entries = pack(">HHH", 1, 8, 6) + b"DE123\x09" + pack(">HHH", 4, 0x58, 8) + b"L.01.18\x0a"
    product = (0x092D, pack(">HH", 2, len(entries)) + entries)
    found = only(
        heard([v.mds_create([model]), v.poll_result([(0, 0, [product])], object_class=0x21, sequence=None)]),
        DeviceIdentity,
    )
    assert found == [
        DeviceIdentity(manufacturer="Philips", model="M8000"),
        DeviceIdentity(manufacturer="Philips", model="M8000", serial="DE123", software="L.01.18"),
    ]


def test_a_clock_that_is_not_set_tells_nothing() -> None:
    unset, set_ = (bytes(8), bytes.fromhex("2026112401021500"))
    found = [v.mds_create([(0x0987, value)], ticks=n) for n, value in enumerate((unset, b"\xff" * 8, set_))]
    assert only(heard(found), DeviceClock) == [DeviceClock(time_us=1_795_482_135_000_000)]
