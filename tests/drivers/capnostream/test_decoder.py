"""What messages say: numerics byte by byte, alarms, limits, units, the wave, identity."""

from collector.model import (
    UNMAPPED,
    AlarmCondition,
    AlarmPhase,
    AlarmType,
    DeviceClock,
    DeviceIdentity,
    Event,
    Frame,
    Observation,
    PatientIdentity,
    Priority,
    Quality,
    Rejected,
    Role,
    Waveform,
)
from drivers.capnostream import SPEC
from drivers.capnostream.frames import encode
from drivers.capnostream.session import CapnostreamSession
from tests.shared import capture

# 2023-11-14 22:13:20; etCO2 38, FiCO2 1, RR 14, SpO2 97, pulse 72; quiet; limits; mmHg (small-devices §4)
NUMERICS = bytes.fromhex("6553F100 26 01 0E 61 48 00 000000 00 00 00 3C0F 1E05 08 6455 8C32 01 00")


def changed(**places: int) -> bytes:
    """The numerics with other bytes at places `p4` … `p26`."""
    data = bytearray(NUMERICS)
    for place, byte in places.items():
        data[int(place[1:])] = byte
    return bytes(data)


class Reader:
    """A session that is only fed; the first frame is held back, so one that says nothing goes before."""

    def __init__(self, standing: tuple[AlarmCondition, ...] = (), **options: object) -> None:
        self.session = CapnostreamSession(SPEC.options(**options), standing)
        self.session.receive(encode(99), 0.0)

    def __call__(self, *payloads: tuple[int, bytes]) -> list[Event]:
        data = b"".join(encode(code, payload) for code, payload in payloads)
        return [event for event in self.session.receive(data, 0.0) if getattr(event, "kind", "") != "99"]


def numerics(payload: bytes, **options: object) -> list[Event]:
    return Reader((), **options)((1, payload))


def values(events: list[Event]) -> dict[tuple[str, Role], tuple[float | str | None, str]]:
    return {(e.channel.source, e.channel.role): (e.value, e.channel.unit) for e in events if isinstance(e, Observation)}


def conditions(events: list[Event]) -> list[AlarmCondition]:
    return [event for event in events if isinstance(event, AlarmCondition)]


def test_every_byte_of_the_numerics() -> None:
    events = numerics(NUMERICS)
    told = values(events)
    expected = {
        "etco2": (38.0, "mm[Hg]"), "fico2": (1.0, "mm[Hg]"), "rr": (14.0, "/min"), "spo2": (97.0, "%"),
        "pulse": (72.0, "/min"), "no_breath": (0.0, "s"),
    }  # fmt: skip
    assert {name: told[name, Role.MEASURED] for name in expected} == expected
    limits = {
        "etco2.high": 60.0, "etco2.low": 15.0, "rr.high": 30.0, "rr.low": 5.0, "fico2.high": 8.0,
        "spo2.high": 100.0, "spo2.low": 85.0, "pulse.high": 140.0, "pulse.low": 50.0,
    }  # fmt: skip
    found = {name: value for (name, role), (value, _) in told.items() if role in {Role.LIMIT_HIGH, Role.LIMIT_LOW}}
    assert found == limits
    assert all(
        (role is Role.LIMIT_HIGH) == name.endswith("high") for name, role in told if "." in name and name in limits
    )
    assert [event for event in events if isinstance(event, DeviceClock)] == [DeviceClock(time_us=1_700_000_000_000_000)]
    assert not conditions(events)
    assert {
        e.channel.code for e in events if isinstance(e, Observation) and e.channel.source in expected
    } == {
        "MDC_CONC_AWAY_CO2_ET", "MDC_CONC_AWAY_CO2_INSP", "MDC_CO2_RESP_RATE", "MDC_PULS_OXIM_SAT_O2",
        "MDC_PULS_OXIM_PULS_RATE", "MDC_TIME_PD_APNEA",
    }  # fmt: skip


def test_255_is_no_value() -> None:
    events = numerics(changed(p4=255, p7=255))
    none = {e.channel.source for e in events if isinstance(e, Observation) and e.value is None}
    assert none == {"etco2", "spo2"}
    assert all(e.quality is Quality.NOT_AVAILABLE for e in events if isinstance(e, Observation) and e.value is None)


def test_the_units_byte_decides_the_unit() -> None:
    kpa = [e for e in numerics(changed(p25=2, p4=53)) if isinstance(e, Observation) and e.channel.source == "etco2"]
    assert [(e.value, e.channel.unit, e.channel.code) for e in kpa] == [(53.0, "1", UNMAPPED)]
    known = numerics(changed(p25=2, p4=53), co2_divisor=10)
    assert values(known)["etco2", Role.MEASURED] == (5.3, "kPa")
    assert values(numerics(changed(p25=3, p4=5), co2_divisor=1))["etco2", Role.MEASURED] == (5.0, "%")


def test_when_the_unit_changes_the_old_values_end() -> None:
    read = Reader()
    read((1, NUMERICS))
    events = read((1, changed(p25=2)))
    ended = {e.channel.source for e in events if isinstance(e, Observation) and e.channel.unit == "mm[Hg]"}
    assert ended == {"etco2", "fico2", "etco2.high", "etco2.low", "fico2.high"}
    assert all(e.value is None for e in events if isinstance(e, Observation) and e.channel.unit == "mm[Hg]")
    assert values(events)["etco2.high", Role.LIMIT_HIGH] == (60.0, "1")
    back = [(e.channel.source, e.value) for e in read((1, NUMERICS)) if isinstance(e, Observation)]
    assert back[:2] == [("etco2", None), ("fico2", None)]


def test_limits_and_states_are_told_when_they_change() -> None:
    read = Reader()
    read((1, NUMERICS))
    told = values(read((1, changed(p16=55, p9=0x45))))
    assert {name for name, role in told if role is not Role.MEASURED} == {"etco2.high"}
    assert told["slow.silence", Role.MEASURED][0] == "all alarms"
    assert told["slow.patient", Role.MEASURED][0] == "neonatal"
    assert told["slow.beeps", Role.MEASURED][0] == "off"
    assert ("slow.oximeter", Role.MEASURED) not in told


def test_what_stays_is_told_again_before_it_looks_old() -> None:
    read = Reader()
    told = [values(read((1, NUMERICS))) for _ in range(62)]
    for name in (("spo2.low", Role.LIMIT_LOW), ("slow.silence", Role.MEASURED)):
        assert [n for n, one in enumerate(told) if name in one] == [0, 30, 60]


def test_alarm_bits_from_start_to_end() -> None:
    read = Reader()
    first = conditions(read((1, changed(p13=0x05, p14=0x44, p26=0x80))))
    assert {(a.source, a.type, a.priority) for a in first} == {
        ("co2.no_breath", AlarmType.PHYSIOLOGICAL, Priority.HIGH),
        ("co2.et_low", AlarmType.PHYSIOLOGICAL, Priority.HIGH),
        ("spo2.low", AlarmType.PHYSIOLOGICAL, Priority.HIGH),
        ("spo2.disconnected", AlarmType.TECHNICAL, Priority.MEDIUM),
        ("extended.battery", AlarmType.TECHNICAL, Priority.MEDIUM),
    }
    assert {a.phase for a in first} == {AlarmPhase.START}
    assert conditions(read((1, changed(p13=0x05, p14=0x44, p26=0x80)))) == []
    last = conditions(read((1, NUMERICS)))
    assert {a.source for a in last} == {a.source for a in first}
    assert {a.phase for a in last} == {AlarmPhase.END}


def test_a_bit_that_nobody_knows_is_an_alarm_of_the_patient() -> None:
    (one,) = conditions(numerics(changed(p13=0x80)))
    assert (one.source, one.code, one.priority) == ("co2.bit7", "MDC_UNMAPPED", Priority.HIGH)


def test_what_stood_before_goes_on_or_ends_with_the_first_list_of_its_kind() -> None:
    standing = tuple(
        AlarmCondition(source=source, type=AlarmType.TECHNICAL, priority=Priority.MEDIUM, phase=AlarmPhase.START)
        for source in ("co2.et_low", "spo2.low", "fast.occlusion")
    )
    read = Reader(standing)
    assert {(a.source, a.phase) for a in conditions(read((1, changed(p13=0x04))))} == {
        ("co2.et_low", AlarmPhase.CONTINUE),
        ("spo2.low", AlarmPhase.END),
    }
    assert [(a.source, a.phase) for a in conditions(read((0, b"\x00\x00\x00\x04")))] == [
        ("fast.occlusion", AlarmPhase.CONTINUE)
    ]


def test_a_payload_shifted_by_a_byte_is_rejected() -> None:
    later = NUMERICS[:4] + b"\x26" + NUMERICS[4:-1]
    earlier = NUMERICS[:4] + NUMERICS[5:] + b"\x00"
    for payload in (later, earlier, changed(p7=101), changed(p25=0), changed(p16=10)):
        assert [(type(e), e.reason) for e in numerics(payload) if isinstance(e, Rejected)] == [(Rejected, "shifted")]
        assert not values(numerics(payload))
    assert [e.reason for e in numerics(NUMERICS[:-1]) if isinstance(e, Rejected)] == ["layout"]


def test_what_newer_models_add_is_kept() -> None:
    told = values(numerics(NUMERICS + b"\x09\x0a"))
    assert told["numerics.27", Role.MEASURED] == ("090a", "")
    assert values(Reader()((10, b"\x01\x07")))["configured", Role.MEASURED] == ("0107", "")


def samples(*frames: tuple[int, int, int, int]) -> list[Waveform]:
    read = Reader()
    read((1, NUMERICS))
    events = read(*((0, bytes(frame)) for frame in frames), (1, NUMERICS))
    return [event for event in events if isinstance(event, Waveform)]


def test_the_wave_is_whole_and_256ths() -> None:
    (wave,) = samples((7, 38, 128, 0), (8, 0, 64, 8))
    assert wave.values.tolist() == [38.5, 0.25]
    assert (wave.rate_hz, wave.channel.unit, wave.quality, wave.gap_samples) == (20.0, "mm[Hg]", Quality.VALID, None)
    assert wave.start_us == -50_000


def test_a_second_of_the_wave_is_a_piece() -> None:
    waves = samples(*((n, 1, 0, 0) for n in range(30)))
    assert [(len(wave.counts), wave.gap_samples) for wave in waves] == [(20, None), (10, 0)]


def test_missing_and_invalid_samples_split_the_run() -> None:
    waves = samples((254, 1, 0, 0), (255, 2, 0, 0), (2, 3, 0, 0), (3, 9, 9, 0x41), (4, 4, 0, 0), (90, 5, 0, 0))
    assert [(wave.values.tolist(), wave.gap_samples) for wave in waves] == [
        ([1.0, 2.0], None),
        ([3.0], 2),
        ([4.0], 1),
        ([5.0], None),
    ]
    assert waves[0].start_us == -50_000 * 4


def test_after_a_whole_turn_of_their_number_nobody_knows_how_many_are_missing() -> None:
    for quiet_s, gap in ((11, 1), (13, None)):
        read = Reader()
        read((1, NUMERICS), (0, bytes([7, 1, 0, 0])))
        quiet = [
            (1, (int.from_bytes(NUMERICS[:4], "big") + n).to_bytes(4, "big") + NUMERICS[4:]) for n in range(quiet_s)
        ]
        events = read(*quiet, (0, bytes([9, 2, 0, 0])), (1, NUMERICS))
        assert [e.gap_samples for e in events if isinstance(e, Waveform)][-1] == gap


def test_the_wave_before_the_unit_is_known_is_questionable() -> None:
    read = Reader()
    events = read((0, b"\x00\x01\x00\x00"), (1, NUMERICS))
    assert [event.quality for event in events if isinstance(event, Waveform)] == [Quality.QUESTIONABLE]


def test_the_fast_status() -> None:
    read = Reader()
    events = read((0, b"\x00\x00\x00\x48"), (0, b"\x01\x00\x00\x20"))
    assert [(a.source, a.phase) for a in conditions(events)] == [
        ("fast.no_filterline", AlarmPhase.START),
        ("fast.no_filterline", AlarmPhase.END),
    ]
    told = [(e.channel.source, e.value) for e in events if isinstance(e, Observation)]
    assert told == [("fast.state", "measuring"), ("fast.breath", 1.0), ("fast.state", "purging")]


def test_the_identification_text() -> None:
    text = capture("small-devices", "capnostream_id.txt").read_bytes().rstrip(b"\n")
    events = Reader()((4, text))
    assert events[1:] == [
        DeviceIdentity(manufacturer="Oridion", model="Capnostream", serial="B355987654", software="45.67 02/24/2008")
    ]
    assert [type(event) for event in Reader()((4, text[:-8]))] == [Rejected]


def test_revision_and_patient() -> None:
    read = Reader()
    assert values(read((9, b"C\x03")))["revision", Role.MEASURED] == ("C3", "")
    assert read((2, b"BED-7               "))[1:] == [PatientIdentity(ids={"patient_id": "BED-7"})]
    assert read((12, "\ufeff病人 7  ".encode("utf-16-be")))[1:] == [PatientIdentity(ids={"patient_id": "病人 7"})]
    assert [type(event) for event in read((2, b"\x01\x02"))] == [Rejected]
    assert [type(event) for event in read((57, b"x"))] == [Frame]
