"""A driver that is a package of its own: the installed command takes it where it is found, and only there."""

import json
import os
import tty
from collections.abc import Sequence
from functools import reduce
from operator import xor
from pathlib import Path
from select import select

import pytest

from collector.decode import decode
from collector.driver import names
from collector.model import AlarmCondition, AlarmPhase, DeviceIdentity, Event, Frame, Rejected
from collector.recording import recording
from tests.drivers.toy.gekko import SPEC
from tests.system.command import decoded, run, start

HERE = Path(__file__).parent
CAPTURE = HERE / "heard.hex"
HEARD = [
    (36.4, "SHUT", 5),
    (36.5, "SHUT", 4),
    (None, "SHUT", 3),
    (36.5, "SHUT", 3),
    (36.6, "SHUT", 4),
    (36.6, "OPEN", 2),
    (36.6, "SHUT", 4),
    (36.7, "SHUT", 4),
]
"""T, LID and on how many lines, read in the capture by eye; S is 33.1 and SET 38.0 on each."""


@pytest.fixture(autouse=True)
def _installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """For the commands that a test runs, not for the test."""
    monkeypatch.setenv("PYTHONPATH", str(HERE))


def value(source: str, code: str, said: float | str | None, *, role: str = "measured", unit: str = "Cel") -> object:
    return {
        "kind": "observation",
        "code": code,
        "source": source,
        "role": role,
        "value": said,
        "unit": unit,
        "quality": "not_available" if said is None else "valid",
        "demo": False,
        "repeat": False,
        "device_time": None,
    }


def spoken(*bodies: str, standing: Sequence[AlarmCondition] = ()) -> Sequence[Event]:
    """What a session makes of lines with these bodies."""
    session = SPEC.dialogue(SPEC.options(), datagrams=False, standing=standing)
    data = b"".join(f"${body}*{reduce(xor, body.encode()):02X}\r\n".encode() for body in bodies)
    return [*session.receive(data, 0.0), *session.finish()]


def alarms(events: Sequence[Event]) -> list[tuple[str, str, str, str]]:
    return [(e.source, e.type, e.priority, e.phase) for e in events if isinstance(e, AlarmCondition)]


def test_every_check_of_the_kit_holds() -> None:
    done = run("conform", SPEC.name, "--capture", CAPTURE, "--trials", "20", "--json")
    assert done.returncode == 0, done.stdout
    checks = json.loads(done.stdout)["checks"]
    assert len(checks) == 14
    assert [check for check in checks if check["status"] != "held"] == []


def test_the_capture_says_what_the_sheet_says() -> None:
    lines, summary = decoded(SPEC.name, CAPTURE)
    expected: list[object] = [{"kind": "rejected", "offset": 0, "length": 41, "reason": "form"}]
    for core, lid, times in HEARD:
        expected += [
            value("T", "MDC_TEMP_CORE", core),
            value("S", "VND_GEKKO_SURFACE_TEMPERATURE", 33.1),
            value("SET", "VND_GEKKO_SURFACE_TEMPERATURE", 38.0, role="set"),
            value("LID", "VND_GEKKO_LID", lid, unit=""),
        ] * times
    assert lines == expected
    assert summary == {"frames": 29, "rejected": 1, "observations": 116, "waveform_samples": 0, "unmapped": 0}


def test_its_running_time_is_in_seconds() -> None:
    frames = [event for event in decode(SPEC, recording(CAPTURE)) if isinstance(event, Frame)]
    assert [frame.tick_us for frame in frames] == [second * 1_000_000 for second in range(122, 180, 2)]


def test_it_tells_who_it_is() -> None:
    assert spoken("GX1;ID;Gekko;GX-1;SN=00417")[1:] == [
        DeviceIdentity(manufacturer="Gekko", model="GX-1", serial="00417")
    ]


def test_the_alarm_starts_and_ends() -> None:
    line = "GX1;000200;T=36.4;S={};SET=38.0;LID=SHUT{}"
    hot, cool = line.format("39.1", ";AL=HOT"), line.format("39.0", "")
    told = spoken(cool, hot, hot, cool)
    assert alarms(told) == [("HOT", "technical", "high", "start"), ("HOT", "technical", "high", "end")]
    before = [event for event in told if isinstance(event, AlarmCondition)][:1]
    assert [phase for *_, phase in alarms(spoken(hot, hot, standing=before))] == [AlarmPhase.CONTINUE]
    assert [phase for *_, phase in alarms(spoken(cool, standing=before))] == [AlarmPhase.END]


@pytest.mark.parametrize(
    "body",
    [
        "GX1;000200;T=36.4;S=33.1;SET=38.0;LID=SHUT;AL=COLD",
        "GX1;000200;T=36.4;S=---;SET=38.0;LID=SHUT",
        "GX1;200;T=36.4;S=33.1;SET=38.0;LID=SHUT",
    ],
)
def test_what_the_sheet_does_not_know_is_refused(body: str) -> None:
    (refused,) = spoken(body)
    assert isinstance(refused, Rejected)
    assert refused.reason == "body"


def test_a_line_that_lost_its_end_costs_no_other() -> None:
    data = b"$GX1;000122;T=36.4$GX1;000122;T=36.4;S=33.1;SET=38.0;LID=SHUT*1F\r\n"
    found = SPEC.dialogue(SPEC.options(), datagrams=False).receive(data, 0.0)
    assert found[:2] == [
        Rejected(offset=0, length=18, reason="form"),
        Frame(offset=18, length=48, kind="status", tick_us=122_000_000),
    ]


def test_a_probe_finds_it() -> None:
    said = b"".join(recording(CAPTURE).chunks())
    device, line = os.openpty()
    tty.setraw(line)
    os.set_blocking(device, False)
    probing, left = start("probe", os.ttyname(line)), said
    while probing.poll() is None:
        if select([], [device], [], 0.05)[1]:
            left = left[os.write(device, left) :] or said
    found, _ = probing.communicate()
    assert found.startswith(f"{os.ttyname(line)}: gekko-gx1 at 9600 8N1: ")
    assert probing.returncode == 0
    os.close(device)
    os.close(line)


def test_it_is_listed_and_a_bed_may_have_it() -> None:
    assert "Gekko GX-1 warming mattress (serial)" in run("devices").stdout
    done = run("check", HERE / "gekko" / "sample.toml")
    assert (done.returncode, done.stdout) == (0, f"{HERE}/gekko/sample.toml: good: bed OR-01, 1 device\n")


def test_elsewhere_it_is_not_there() -> None:
    assert SPEC.name not in names()
