"""The kit finds each kind of mistake: a driver that conforms is broken in one place at a time."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import pytest

from collector.codes import Parameter
from collector.conform import Report, Status, Stream, conform
from collector.conform.bytewise import mutation
from collector.conform.declaration import codes, declaration, units
from collector.conform.run import OF_BYTES
from collector.conform.subject import Failed, Subject
from collector.driver import DriverSpec, Evidence
from collector.model import Channel, Event, Frame, Observation, Quality, Rejected
from collector.session import Session
from drivers.patient import Patient
from tests.contracts.toy import CORE, LONGEST, SPEC, Device, Thermometer, line

LINES = Stream(name="lines", chunks=[line(36.5), line(None), line(37.0)] * 20)


def report(spec: DriverSpec) -> Report:
    return conform(spec, Patient("stable", 3), streams=[LINES], trials=20)


def found_out(spec: DriverSpec, name: str) -> str:
    """What one check says of it, after those whose bytes it judges; empty where it held."""
    subject = Subject(spec=spec, patient=Patient("stable", 3), streams=[LINES], trials=20)
    try:
        if name == "sending":
            mutation(subject)
        OF_BYTES[name](subject)
    except Failed as failed:
        return str(failed)
    return ""


def broken(session: type[Thermometer]) -> DriverSpec:
    def new(_options: Any, _datagrams: bool, _standing: Any) -> Session:
        return session()

    return replace(SPEC, session=new)


def test_one_that_conforms_does_but_for_its_documents() -> None:
    checks = report(SPEC).checks
    assert {check.name: check.detail for check in checks if check.status is not Status.HELD} == {
        "declaration": "README.md: is not there"
    }
    assert [check.name for check in checks] == ["declaration", *OF_BYTES, "codes", "units"]


class Raises(Thermometer):
    def read(self, whole: bytes, length: int) -> Sequence[Event]:
        int(whole[4:6] or b"0")
        return super().read(whole, length)


class ByChunk(Thermometer):
    def receive(self, data: bytes, now: float) -> Sequence[Event]:
        found = list(super().receive(data, now))
        self.held = b""
        return found


class Believes(Thermometer):
    def read(self, whole: bytes, length: int) -> Sequence[Event]:
        if whole[:1] == b"T":
            return [
                Frame(offset=self.offset, length=length, kind="line"),
                Observation(channel=CORE, value=float(len(whole))),
            ]
        return super().read(whole, length)


class Hoards(Thermometer):
    def receive(self, data: bytes, now: float) -> Sequence[Event]:
        self.everything = getattr(self, "everything", b"") + data
        return super().receive(data, now)


class Quiet(Thermometer):
    def read(self, whole: bytes, length: int) -> Sequence[Event]:
        return [event for event in super().read(whole, length) if not isinstance(event, Rejected)]

    def finish(self) -> Sequence[Event]:
        return ()


class Deaf(Thermometer):
    """After one bad line it reads no more."""

    bad = False

    def read(self, whole: bytes, length: int) -> Sequence[Event]:
        found = super().read(whole, length)
        self.bad = self.bad or isinstance(found[0], Rejected)
        return [Rejected(offset=self.offset, length=length, reason="line")] if self.bad else found


_SHARED: list[Event] = []


class Shares(Thermometer):
    def read(self, whole: bytes, length: int) -> Sequence[Event]:
        _SHARED.append(Frame(offset=self.offset, length=length, kind=str(len(_SHARED))))
        return [*_SHARED[-1:], *super().read(whole, length)]


class Spins(Thermometer):
    def expire(self, now: float) -> Sequence[Event]:
        super().expire(now)
        self.due = now + 0.0001
        return ()


class Floods(Thermometer):
    def expire(self, now: float) -> Sequence[Event]:
        super().expire(now)
        self.out = [b"?\n" * 4_000]
        return ()


class Commands(Thermometer):
    def read(self, whole: bytes, length: int) -> Sequence[Event]:
        if whole[:3] != b"T1=":
            self.out = [b"SET 38\n"]
        return super().read(whole, length)


class Wrong(Thermometer):
    def read(self, whole: bytes, length: int) -> Sequence[Event]:
        found = super().read(whole, length)
        return [replace(e, value=1.0) if isinstance(e, Observation) and e.value is not None else e for e in found]


class NoReason(Thermometer):
    def read(self, whole: bytes, length: int) -> Sequence[Event]:
        return [
            replace(e, quality=Quality.VALID) if isinstance(e, Observation) else e for e in super().read(whole, length)
        ]


@pytest.mark.parametrize(
    ("session", "check", "said"),
    [
        (ByChunk, "chunking", "lines: in chunks of 1 bytes it gives other events"),
        (Believes, "noise", "it takes noise for Observation"),
        (Hoards, "endless", "KiB are held of endless 00"),
        (Quiet, "endless", "endless 00 is not counted"),
        (Deaf, "recovery", "frames, 0 of them after garbage"),
        (Shares, "isolation", "two sessions that hear the same say different things"),
        (Spins, "deadline", "it wants to be woken"),
        (Floods, "deadline", "it sends"),
        (Commands, "sending", "it sent what it says that it never sends: 53 45 54"),
        (Wrong, "dialogue", "said and not heard: T1"),
        (NoReason, "mutation", "no value, and no reason why"),
    ],
)
def test_a_broken_session_is_found_out(session: type[Thermometer], check: str, said: str) -> None:
    assert said in found_out(broken(session), check)


def test_what_a_session_raises_is_told_with_its_place() -> None:
    found = {check.name: check.detail for check in report(broken(Raises)).checks if check.status is Status.FAILED}
    assert "it raised ValueError at test_kit.py:" in found["mutation"]


@dataclass
class OneHost(Device):
    """It answers who asks it for the first time, and never a host that asks again from the beginning."""

    last_s: float = float("-inf")

    def receive(self, data: bytes, now: float) -> Sequence[Event]:
        anew, self.last_s = now - self.last_s < 0.9, max(now, self.last_s)
        self.gone = anew or getattr(self, "gone", False)
        return () if self.gone else super().receive(data, now)


def test_a_device_that_is_not_heard_again_is_found_out() -> None:
    assert "after a broken line no value is heard" in found_out(replace(SPEC, simulator=OneHost), "reconnect")


def channels(*known: Channel) -> Callable[[], Sequence[Channel]]:
    return lambda: known


PARAMETER = Parameter(
    refid="VND_TOY_X", number=None, description="x", unit="Cel", zh="甲", en="X", kind="numeric", source="y"
)


@pytest.mark.parametrize(
    ("spec", "check", "said"),
    [
        (replace(SPEC, channels=channels(replace(CORE, code="MDC_NO_SUCH"))), "codes", "T1: MDC_NO_SUCH is neither"),
        (replace(SPEC, channels=channels(replace(CORE, source=""))), "codes", "MDC_TEMP_CORE: has no source"),
        (replace(SPEC, parameters=(replace(PARAMETER, zh=""),)), "codes", "VND_TOY_X: needs names in zh and en"),
        (replace(SPEC, parameters=(PARAMETER, PARAMETER)), "codes", "it declares a parameter twice"),
        (replace(SPEC, parameters=(replace(PARAMETER, refid="MDC_X"),)), "codes", "MDC_X: its own parameters are VND_"),
        (replace(SPEC, channels=channels(replace(CORE, unit="degC"))), "units", "'degC' is no UCUM unit"),
        (replace(SPEC, channels=channels(replace(CORE, unit="mm[Hg]"))), "units", "'mm[Hg]' is no 'Cel'"),
        (replace(SPEC, parameters=(replace(PARAMETER, unit="xx"),)), "units", "VND_TOY_X: 'xx' is no UCUM unit"),
        (replace(SPEC, models=()), "declaration", "it declares no models"),
        (replace(SPEC, parts={"colour": Evidence.ASSUMED}), "declaration", "'colour' is no part of a protocol"),
        (replace(SPEC, silence_s=60.0), "declaration", "silence_s is 60.0"),
        (replace(SPEC, brief={"no": 1}), "declaration", "brief: "),
    ],
)
def test_a_wrong_declaration_is_found_out(spec: DriverSpec, check: str, said: str) -> None:
    with pytest.raises(Failed) as failed:
        {
            "codes": partial(codes, spec, ()),
            "units": partial(units, spec, ()),
            "declaration": partial(declaration, spec),
        }[check]()
    assert said in str(failed.value)


def test_what_is_not_declared_is_told_as_not_checked() -> None:
    found = report(replace(SPEC, sends=None))
    (sending,) = [check for check in found.checks if check.name == "sending"]
    assert sending.status is Status.NOT_CHECKED
    told = json.loads(found.json())
    assert (told["driver"], told["held"], told["parts"]["frames"]) == ("toy", False, "assumed")
    assert "not checked  sending" in found.text()


def test_the_longest_line_of_the_toy_is_longer_than_its_lines() -> None:
    assert len(line(36.5)) < LONGEST
