import struct

import pytest

from collector.model import AlarmCondition, AlarmPhase, AlarmType, Event, Priority, Rejected
from drivers.ge_datex_dri import SPEC
from drivers.ge_datex_dri.session import DatexSession
from tests.drivers.ge_datex_dri.records import Part, fed, frame, new, observed, record


def status(*slots: tuple[bytes, int], sound: int = 1, silence: int = 0, wide: bool = False) -> Part:
    enum = "I" if wide else "H"
    part = struct.pack("<hhhh" + enum, 0, sound, 0, 0, silence)
    for text, color in (*slots, *[(b"", 0)] * (5 - len(slots))):
        part += struct.pack(f"<80sH{enum}H12x", text, 1, color, 1)
    return 1, part + bytes(10)


def told(*statuses: Part, encoding: str = "latin-1") -> list[AlarmCondition]:
    events = fed(*(frame(record(4, one)) for one in statuses), session=new(alarm_encoding=encoding))
    assert not [event for event in events if isinstance(event, Rejected)]
    return [event for event in events if isinstance(event, AlarmCondition)]


def short(alarms: list[AlarmCondition]) -> list[tuple[str, str, str]]:
    return [(alarm.text, alarm.phase.value, alarm.priority.value) for alarm in alarms]


@pytest.mark.parametrize(("wide", "length"), [(False, 510), (True, 522)])
def test_the_record_s_length_tells_the_size_of_its_enumerations(wide: bool, length: int) -> None:
    one = status((b"ASYSTOLE", 3), (b"SpO2 LOW", 2), (b"CHECK PROBE", 1), wide=wide)
    assert len(one[1]) == length
    assert short(told(one)) == [
        ("ASYSTOLE", "start", "high"),
        ("SpO2 LOW", "start", "medium"),
        ("CHECK PROBE", "start", "low"),
    ]


def test_an_alarm_starts_goes_on_and_ends() -> None:
    found = told(
        status((b"SpO2 LOW", 2)),
        status((b"SpO2 LOW", 2)),
        status((b"ASYSTOLE", 3), (b"SpO2 LOW", 2)),
        status((b"SpO2 LOW", 3)),
        status(),
    )
    assert short(found) == [
        ("SpO2 LOW", "start", "medium"),
        ("ASYSTOLE", "start", "high"),
        ("ASYSTOLE", "end", "high"),
        ("SpO2 LOW", "continue", "high"),
        ("SpO2 LOW", "end", "high"),
    ]
    assert len({alarm.source for alarm in found if alarm.text == "SpO2 LOW"}) == 1
    assert [alarm.device_priority for alarm in found[:2]] == ["yellow", "red"]


def test_a_new_dialogue_goes_on_from_the_alarms_that_stood() -> None:
    """One of another driver, whatever its form, stands no more either."""
    before = told(status((b"SpO2 LOW", 2), (b"ASYSTOLE", 3), (b"APN\xc9E", 1)))
    foreign = AlarmCondition(
        source="\u6c27 4A05.0001", type=AlarmType.TECHNICAL, priority=Priority.LOW, phase=AlarmPhase.START
    )
    session = DatexSession(SPEC.options(), [*before, foreign])
    listed = frame(record(4, status((b"SpO2 LOW", 2), (b"APN\xc9E", 3))))
    frames = [listed, listed, frame(record(4, status()))]
    found = [event for event in fed(*frames, session=session) if isinstance(event, AlarmCondition)]
    assert [one for one in short(found) if one[0] in {alarm.text for alarm in before}] == [
        ("ASYSTOLE", "end", "high"),
        ("SpO2 LOW", "continue", "medium"),
        ("APN\xc9E", "continue", "high"),
        ("SpO2 LOW", "end", "medium"),
        ("APN\xc9E", "end", "high"),
    ]
    assert {alarm.source for alarm in before} < {alarm.source for alarm in found}


FOUR = [(text, 3) for text in (b"A", b"B", b"C", b"D")]


def test_an_alarm_that_a_full_list_has_no_place_for_has_not_ended() -> None:
    found = told(status(*FOUR, (b"E", 3)), status((b"F", 3), *FOUR), status(*FOUR, (b"E", 3)), status(*FOUR))
    assert short(found)[5:] == [("F", "start", "high"), ("E", "end", "high"), ("F", "end", "high")]
    found = told(status(*FOUR, (b"E", 2)), status((b"F", 3), *FOUR), status(*FOUR, (b"E", 2)))
    assert short(found)[5:] == [("F", "start", "high"), ("F", "end", "high")]


def test_an_alarm_that_would_have_its_place_in_a_full_list_has_ended() -> None:
    lower = [(b"B", 2), (b"C", 2), (b"D", 2), (b"E", 1)]
    found = told(status((b"A", 3), *lower), status(*lower, (b"F", 1)))
    assert short(found)[5:] == [("A", "end", "high"), ("F", "start", "low")]


def test_a_text_without_a_colour_informs() -> None:
    (one,) = told(status((b"NOTE", 0)))
    assert one.priority is Priority.INFORMATION


def test_texts_in_another_code_page_keep_their_bytes() -> None:
    raw = "血氧低".encode("gb18030")
    (plain,) = told(status((raw, 2)))
    (chinese,) = told(status((raw, 2)), encoding="gb18030")
    assert plain.source.encode("latin-1") == raw
    assert chinese.source == plain.source
    assert chinese.text == "血氧低"
    (broken,) = told(status((raw[:-1], 2)), encoding="gb18030")
    assert broken.phase is AlarmPhase.START


def test_sound_and_silence_are_told_when_they_change() -> None:
    statuses = (status(), status(), status(sound=0, silence=5), status(sound=0, silence=9))
    events: list[Event] = fed(*(frame(record(4, one)) for one in statuses))
    assert [one.value for one in observed(events, "alarm.sound")] == ["on", "off"]
    assert [one.value for one in observed(events, "alarm.silence")] == ["none", "2 min", "9"]


def test_a_status_of_another_length_is_rejected() -> None:
    kind, part = status()
    events = fed(frame(record(4, (kind, part + b"\0"))))
    assert [event.reason for event in events if isinstance(event, Rejected)] == ["sub_record"]
