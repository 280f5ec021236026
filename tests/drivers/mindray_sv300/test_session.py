"""Against the fact sheet's requests and replies made by hand after its description (mindray-and-chinese-hl7 §6)."""

import random

from collector.model import UNMAPPED, Event, Frame, Observation, Quality, Rejected, Role
from drivers.mindray_sv300 import SPEC
from drivers.mindray_sv300.frames import MAX_REPLY_BYTES
from drivers.mindray_sv300.session import Sv300Session
from drivers.mindray_sv300.simulator import Simulator
from drivers.patient import Patient
from tests.drivers.mindray_sv300.vectors import EMPTY, MEASURED, OTHER_COMMAND, SETTINGS, STRANGE, TWICE

ASK_MEASURED, ASK_SETTINGS = bytes.fromhex("1b2534300d"), bytes.fromhex("1b2433460d")
NONE = Quality.NOT_AVAILABLE


def session(**options: object) -> Sv300Session:
    return Sv300Session(SPEC.options(**options))


def told(events: list[Event]) -> list[tuple[str, str, float | str | None, str, Quality]]:
    return [
        (e.channel.code, e.channel.source, e.value, e.channel.unit, e.quality)
        for e in events
        if isinstance(e, Observation)
    ]


def test_measured_values() -> None:
    events = list(session().receive(MEASURED, 0.0))
    assert events[0] == Frame(offset=0, length=len(MEASURED), kind="measured", tick_us=1_000_000)
    assert told(events) == [
        ("MDC_PRESS_AWAY_INSP_PEAK", "25:22", 18.0, "cm[H2O]", Quality.VALID),
        ("MDC_VOL_AWAY_TIDAL_EXP", "25:29", 480.0, "mL", Quality.VALID),
        ("MDC_VOL_MINUTE_AWAY_EXP", "25:26", 5.76, "L/min", Quality.VALID),
        ("MDC_CONC_AWAY_CO2_ET", "25:3D", None, "mm[Hg]", NONE),
        ("MDC_RATIO_TRAIN_OF_FOUR", "25:8C", 92.0, "%", Quality.VALID),
        ("VND_MINDRAY_VENT_STRESS_INDEX", "25:A0", 1.05, "1", Quality.VALID),
    ]


def test_settings_and_units_of_the_machine() -> None:
    events = list(session(pressure_unit="mbar", co2_unit="kPa").receive(SETTINGS + MEASURED, 0.0))
    assert told(events)[:5] == [
        ("MDC_VENT_VOL_TIDAL_SETTING", "24:24", 500.0, "mL", Quality.VALID),
        ("MDC_VENT_PRESS_AWAY_END_EXP_POS_SETTING", "24:27", 5.0, "mbar", Quality.VALID),
        ("MDC_16928936", "24:2E", 40.0, "%", Quality.VALID),
        (UNMAPPED, "24:38", 1.0, "", Quality.VALID),
        ("MDC_PRESS_AWAY_INSP_PEAK", "25:22", 18.0, "mbar", Quality.VALID),
    ]
    assert {e.channel.role for e in events[1:5] if isinstance(e, Observation)} == {Role.SET}
    assert ("MDC_CONC_AWAY_CO2_ET", "25:3D", None, "kPa", NONE) in told(events)


def test_what_is_no_number_and_what_ends() -> None:
    events = list(session().receive(MEASURED + STRANGE + EMPTY + EMPTY, 0.0))
    assert told(events)[6:] == [
        ("MDC_PRESS_AWAY_INSP_PEAK", "25:22", 19.0, "cm[H2O]", Quality.VALID),
        (UNMAPPED, "25:5A", 12.0, "", Quality.VALID),
        ("MDC_VOL_AWAY_TIDAL_INSP", "25:2A", None, "mL", Quality.INVALID),
        (UNMAPPED, "25:2A", "HIGH", "", Quality.VALID),
        ("MDC_VOL_AWAY_TIDAL_EXP", "25:29", None, "mL", NONE),
        ("MDC_VOL_MINUTE_AWAY_EXP", "25:26", None, "L/min", NONE),
        ("MDC_RATIO_TRAIN_OF_FOUR", "25:8C", None, "%", NONE),
        ("VND_MINDRAY_VENT_STRESS_INDEX", "25:A0", None, "1", NONE),
        ("MDC_PRESS_AWAY_INSP_PEAK", "25:22", None, "cm[H2O]", NONE),
        (UNMAPPED, "25:2A", None, "", NONE),
        (UNMAPPED, "25:5A", None, "", NONE),
    ]


def test_bad_bytes_are_counted_and_the_next_reply_is_read() -> None:
    wrong = MEASURED.replace(b"480", b"580")
    stream = b"ab" + wrong + TWICE + OTHER_COMMAND + MEASURED[:9] + MEASURED + b"\x01%\r" + b"\x01" + bytes(2_000)
    one = session()
    events = [*one.receive(stream, 0.0), *one.finish()]
    n = len(MEASURED)
    assert [(e.length, e.reason) for e in events if isinstance(e, Rejected)] == [
        (2, "outside"), (n, "checksum"), (len(TWICE), "value"), (len(OTHER_COMMAND), "command"), (9, "truncated"),
        (3, "length"), (MAX_REPLY_BYTES, "length"), (2_001 - MAX_REPLY_BYTES, "truncated"),
    ]  # fmt: skip
    assert [e.offset for e in events if isinstance(e, Frame)] == [2 + n + len(TWICE) + len(OTHER_COMMAND) + 9]
    assert sum(e.length for e in events if isinstance(e, Rejected | Frame)) == len(stream)


def test_one_request_at_a_time_and_settings_now_and_then() -> None:
    one = session(settings_s=5.0)
    machine = Simulator(patient=Patient("stable", 1), silent=(7.0, 20.0))
    asked: list[tuple[float, bytes]] = []
    for tenths in range(260):
        now = 100.0 + tenths / 10
        if (one.deadline() or 0.0) <= now:
            one.expire(now)
            assert (one.deadline() or 0.0) > now
        out = one.outgoing()
        if out:
            asked.append((round(now - 100.0, 1), out))
        machine.receive(out, now)
        one.receive(machine.outgoing(), now)
    assert asked[:4] == [(0.0, ASK_SETTINGS), (1.0, ASK_MEASURED), (2.0, ASK_MEASURED), (3.0, ASK_MEASURED)]
    assert [at for at, out in asked if out == ASK_SETTINGS] == [0.0, 5.0, 11.0, 17.0, 22.0]
    assert [at for at, _ in asked if 7.0 <= at < 21.0] == [7.0, 9.0, 11.0, 13.0, 15.0, 17.0, 19.0]
    assert asked[-1][0] == 25.0


def test_random_bytes_say_nothing() -> None:
    rng = random.Random(7)
    one = session()
    for _ in range(20):
        noise = rng.randbytes(20_000).replace(b"\x00", b"\x01%").replace(b"\xff", b"\r")
        assert not told(list(one.receive(noise, 0.0)))
