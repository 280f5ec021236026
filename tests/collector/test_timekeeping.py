"""What is told of the machine's clock: steps, and that nothing keeps it right."""

import ctypes
import struct
from collections.abc import Sequence
from itertools import product

import pytest
from structlog.testing import capture_logs

from collector import adjtimex
from collector.clock import MachineClock, Step, rfc3339
from collector.metrics import Metrics
from collector.model import AlarmPhase, AlarmType, Condition, Entry, Priority, Reading
from collector.technical import GATEWAY, STEP, Technical
from collector.timekeeping import ASK_S, STEP_SHOWN_S, UNSYNCHRONISED_S, Timekeeper, set_back
from tests.collector.clocks import T0_US, Clocks

BED = "OR-1"


class Kernel:
    """Says what it is told to say."""

    def __init__(self, said: bool | None) -> None:
        self.said = said

    def __call__(self) -> bool | None:
        return self.said


class Kept:
    """A timekeeper whose looks are kept."""

    def __init__(self, clocks: Clocks, said: bool | None = True, standing: Sequence[Condition] = ()) -> None:
        self.clocks = clocks
        self.kernel = Kernel(said)
        self.clock: MachineClock = clocks.machine()
        self.metrics = Metrics(BED, self.clock.utc_us)
        self.told: list[Step] = []
        self.keeper = Timekeeper(
            bed=BED,
            clock=self.clock,
            technical=Technical(BED, self.clock.utc_us, standing),
            metrics=self.metrics,
            stepped=[self.told.append],
            synchronised=self.kernel,
        )

    def look(self, after_s: float = 0.0) -> Sequence[Entry]:
        self.clocks.wait(after_s)
        return self.keeper.look()

    def during(self, seconds: float) -> list[Entry]:
        """What looks every second have to say."""
        return [entry for _ in range(round(seconds)) for entry in self.look(1.0)]

    def metric(self, name: str) -> list[str]:
        return [line for line in self.metrics.text().decode().splitlines() if line.startswith(name)]


def condition(entry: Entry) -> Condition:
    assert isinstance(entry, Condition)
    assert (entry.bed, entry.device, entry.alarm.type) == (BED, GATEWAY, AlarmType.TECHNICAL)
    return entry


@pytest.mark.parametrize(
    ("size_s", "way", "priority"),
    [
        (3600.0, "forward by 3600.000 s", Priority.MEDIUM),
        (-3600.0, "back by 3600.000 s", Priority.MEDIUM),
        (0.2, "forward by 0.200 s", Priority.LOW),
        (-0.2, "back by 0.200 s", Priority.LOW),
    ],
)
def test_a_step_is_a_value_and_a_condition_at_the_new_time(size_s: float, way: str, priority: Priority) -> None:
    kept = Kept(Clocks())
    assert kept.during(5) == []
    kept.clocks.set(size_s)
    reading, raised = kept.look(1.0)
    now_us = T0_US + 6_000_000 + round(size_s * 1e6)
    assert isinstance(reading, Reading)
    assert (reading.series.device, reading.series.channel.code) == (GATEWAY, "VND_VITALSD_CLOCK_STEP")
    assert (reading.value, reading.series.channel.unit, reading.time_us) == (size_s, "s", now_us)
    change = condition(raised)
    assert (change.alarm.phase, change.alarm.priority, change.time_us) == (AlarmPhase.START, priority, now_us)
    for said in (way, rfc3339(T0_US + 6_000_000), rfc3339(now_us)):
        assert said in change.alarm.text
    assert [step.size_us for step in kept.told] == [round(size_s * 1e6)]
    assert kept.metric("vitalsd_clock_steps_total") == ["vitalsd_clock_steps_total 1.0"]


def test_a_step_stands_long_enough_to_be_seen_and_another_makes_it_longer() -> None:
    kept = Kept(Clocks())
    kept.look()
    kept.clocks.set(-5)
    assert len(kept.look(1.0)) == 2
    assert kept.during(STEP_SHOWN_S - 1) == []
    kept.clocks.set(7)
    assert condition(kept.look(0.5)[1]).alarm.phase is AlarmPhase.CONTINUE
    assert kept.during(STEP_SHOWN_S - 1) == []
    (cleared,) = kept.look(1.0)
    assert (condition(cleared).alarm.phase, condition(cleared).alarm.source) == (AlarmPhase.END, "clock-step")
    assert kept.during(100) == []


def test_what_a_last_life_left_standing_is_cleared() -> None:
    clocks = Clocks()
    technical = Technical(BED, lambda: T0_US)
    before = [*technical.raised("clock-step", "set"), *technical.raised("clock-sync", "lost")]
    cleared = [condition(entry).alarm for entry in Kept(clocks, standing=before).look()]
    assert {(alarm.source, alarm.phase) for alarm in cleared} == {
        ("clock-step", AlarmPhase.END), ("clock-sync", AlarmPhase.END),
    }  # fmt: skip


def test_a_clock_that_is_not_synchronised_is_told_after_a_while_and_until_it_is() -> None:
    kept = Kept(Clocks(), said=False)
    assert kept.look() == []
    assert kept.metric("vitalsd_clock_synchronised{") == [f'vitalsd_clock_synchronised{{bed="{BED}"}} 0.0']
    assert kept.during(UNSYNCHRONISED_S - 1) == []
    (raised,) = kept.during(ASK_S)
    assert condition(raised).alarm.source == "clock-sync"
    assert kept.during(3600) == []
    kept.kernel.said = True
    (cleared,) = kept.during(ASK_S)
    assert (condition(cleared).alarm.source, condition(cleared).alarm.phase) == ("clock-sync", AlarmPhase.END)
    assert kept.metric("vitalsd_clock_synchronised{") == [f'vitalsd_clock_synchronised{{bed="{BED}"}} 1.0']


def test_short_losses_do_not_add_up() -> None:
    kept = Kept(Clocks(), said=False)
    for _ in range(4):
        kept.kernel.said = False
        assert kept.during(UNSYNCHRONISED_S / 2) == []
        kept.kernel.said = True
        assert kept.during(ASK_S) == []


def test_a_kernel_that_cannot_be_asked_is_told_once_in_the_log_and_nowhere_else() -> None:
    kept = Kept(Clocks(), said=None)
    with capture_logs() as logs:
        assert kept.during(3 * UNSYNCHRONISED_S) == []
    assert len(logs) == 1
    assert kept.metric("vitalsd_clock_synchronised{") == []


def test_ages_of_values_are_not_moved_by_a_step() -> None:
    kept = Kept(Clocks())
    kept.metrics.seen((BED, "monitor", "toy"), "MDC_ECG_HEART_RATE", kept.clock.utc_us())
    kept.clocks.set(-3600)
    kept.look(4.0)
    (age,) = kept.metric("vitalsd_data_age_seconds{")
    assert float(age.split()[-1]) == 4.0


def test_the_kernel_of_this_machine_says_whether_its_clock_is_synchronised() -> None:
    """Against the bytes that adjtimex(2) fills, by the offsets of the kernel's header where a long has 8 bytes."""
    said = ctypes.create_string_buffer(256)
    state = ctypes.CDLL(None).adjtimex(said)
    expected = None
    if state >= 0:
        status, tick_us = struct.unpack_from("=i", said, 40)[0], struct.unpack_from("=q", said, 88)[0]
        assert tick_us in range(9_000, 11_001)  # so the offsets are right
        maxerror_us = struct.unpack_from("=q", said, 24)[0]
        expected = state != 5 and not status & 0x40 and maxerror_us < 2_000_000
    assert adjtimex.synchronised() is expected


@pytest.mark.parametrize(
    ("state", "status", "error_us"), [*product([0, 1, 5, -1], [0x0, 0x40, 0x2001], [0, 1_500_000, 2_000_000])]
)
def test_the_kernels_words_are_understood(
    monkeypatch: pytest.MonkeyPatch, state: int, status: int, error_us: int
) -> None:
    def adjtimex_(said: object) -> int:
        filled = said._obj  # type: ignore[attr-defined]  # what byref refers to
        assert filled.modes == 0
        filled.status = status
        filled.maxerror = error_us
        return state

    class Library:
        adjtimex = staticmethod(adjtimex_)

    monkeypatch.setattr(ctypes, "CDLL", lambda _: Library)
    expected = (state, status) in {(0, 0x0), (1, 0x0), (0, 0x2001), (1, 0x2001)} and error_us != 2_000_000
    assert adjtimex.synchronised() is (None if state == -1 else expected)


def test_a_system_without_adjtimex_cannot_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda _: object())
    assert adjtimex.synchronised() is None


@pytest.mark.parametrize(("ahead_s", "told"), [(5, True), (0, False), (-5, False)])
def test_a_gateway_whose_clock_was_set_back_while_it_was_not_there_says_so_first(ahead_s: int, told: bool) -> None:
    now_us = 1_795_501_123_000_000
    technical = Technical(BED, lambda: now_us)
    before = technical.passed("x", "", Priority.LOW, code="x", start_us=0, end_us=now_us + ahead_s * 1_000_000)
    found = set_back(technical, before, now_us)
    assert [(c.alarm.source, c.alarm.phase, c.time_us) for c in found] == (
        [(STEP, AlarmPhase.START, now_us), (STEP, AlarmPhase.END, now_us)] if told else []
    )
