"""A bed in virtual time keeps what simulated devices say of a patient with troubles, and tells why it hears nothing."""

from collections import defaultdict
from collections.abc import Sequence
from contextlib import closing

import numpy as np
import pytest

from collector.journal import Journal
from collector.model import AlarmPhase, Channel, Event, Observation, Reading
from collector.rehearsal import GATEWAY, Cut, live
from drivers.anaesthetic import ANAESTHETIC
from drivers.patient import Patient
from drivers.troubles import Trouble

T0_US = 1_795_500_000_000_000
EVER = 0, 1 << 60
GE, PHILIPS, DRAEGER = ("monitor", "ge-datex-dri"), ("monitor", "philips-intellivue"), ("machine", "draeger-medibus")

Told = list[tuple[str, AlarmPhase, str, float]]


def conditions(journal: Journal) -> Told:
    """The gateway's own: source, phase, code and time (s)."""
    found = [c for c in journal.conditions("OR", *EVER) if c.device == "vitalsd"]
    return [(c.alarm.source, c.alarm.phase, c.alarm.code, (c.time_us - T0_US) / 1e6) for c in found]


def lived(seconds: float, device: tuple[str, str], *cuts: Cut) -> tuple[Journal, Sequence[Event]]:
    journal = Journal.open(":memory:")
    patient = Patient("anaesthetic")
    said = live(journal, "OR", patient=patient, start_us=T0_US, seconds=seconds, devices=[device], cuts=cuts)
    return journal, [event for _, event in said[device[0]]]


def by_channel(events: Sequence[Event]) -> dict[Channel, list[float | str | None]]:
    found: dict[Channel, list[float | str | None]] = defaultdict(list)
    for event in events:
        if isinstance(event, Observation) and not event.repeat:
            found[event.channel].append(event.value)
    return found


@pytest.mark.parametrize("device", [GE, PHILIPS, DRAEGER], ids=lambda d: d[1])
def test_what_a_device_says_is_kept_whether_it_has_a_value_or_none(device: tuple[str, str]) -> None:
    """No airway, no arterial line and no probe at first, then artefacts; the last may be on its way at the end."""
    journal, said = lived(2250.0, device)
    with closing(journal):
        kept: dict[Channel, list[float | str | None]] = defaultdict(list)
        for _, entry in journal.read(0, 1_000_000):
            if isinstance(entry, Reading) and not entry.series.channel.code.startswith("VND_VITALSD"):
                kept[entry.series.channel].append(entry.value if entry.text is None else entry.text)
        told = by_channel(said)
        assert kept.keys() == told.keys()
        for channel, values in told.items():
            assert kept[channel] == pytest.approx(values[: len(kept[channel])]), channel
            assert len(values) - len(kept[channel]) <= 1, channel
        nothing = sum(value is None for values in kept.values() for value in values)
        assert nothing > 100 or device is DRAEGER  # MEDIBUS leaves out what has no value
        assert conditions(journal) == []


@pytest.mark.parametrize(
    ("device", "gone", "code"),
    [
        (PHILIPS, False, "VND_VITALSD_LINK_UNREACHABLE"),
        (GE, False, "VND_VITALSD_LINK_SILENT"),
        (GE, True, "VND_VITALSD_LINK_PORT_GONE"),
        (DRAEGER, False, "VND_VITALSD_LINK_SILENT"),
    ],
    ids=lambda x: x[1] if isinstance(x, tuple) else str(x),
)
def test_a_cut_link_is_told_from_its_last_frame_to_its_first(device: tuple[str, str], gone: bool, code: str) -> None:
    journal, _ = lived(900.0, device, Cut(device=device[0], start_s=300.0, end_s=600.0, gone=gone))
    with closing(journal):
        (start, end) = [one for one in conditions(journal) if one[1] is not AlarmPhase.CONTINUE]
    assert start[:3] == (f"link:{device[0]}", AlarmPhase.START, code)
    assert 294.0 <= start[3] <= 300.0
    assert (end[:2], end[2].startswith("VND_VITALSD_LINK")) == ((f"link:{device[0]}", AlarmPhase.END), True)
    assert 600.0 <= end[3] <= 625.0


def test_a_gateway_that_was_down_tells_from_when_to_when() -> None:
    journal, _ = lived(900.0, GE, Cut(device=GATEWAY, start_s=300.0, end_s=700.0))
    with closing(journal):
        (start, end) = conditions(journal)
    assert start[:3] == ("gateway", AlarmPhase.START, "VND_VITALSD_GATEWAY_DOWN")
    assert 294.0 <= start[3] <= 300.0
    assert end[:3] == ("gateway", AlarmPhase.END, "VND_VITALSD_GATEWAY_DOWN")
    assert end[3] == pytest.approx(700.0, abs=0.01)


@pytest.mark.parametrize("device", [GE, PHILIPS], ids=lambda d: d[1])
def test_each_inflation_is_kept_once_over_a_failure_and_restarts(device: tuple[str, str]) -> None:
    """The gateway is down for a minute while the last pressure stands, and while a failed inflation does."""
    downs = [Cut(device=GATEWAY, start_s=s, end_s=s + 60.0) for s in (1000.0, 3800.0, 4000.0)]
    journal, _ = lived(4700.0, device, *downs)
    (failure,) = [spell for spell in ANAESTHETIC if spell.trouble is Trouble.CUFF_FAILS]
    period_s, first_s = (300, 0) if device is GE else (180, 5)
    measured = [s for s in range(first_s, 4700, period_s) if not failure.covers(s)]
    with closing(journal):
        for part in ("SYS", "DIA", "MEAN"):
            (points,) = journal.points("OR", [f"MDC_PRESS_BLD_NONINV_{part}"], *EVER)
            valued = ~np.isnan(points.value)
            times_s = (points.time_us[valued] - T0_US) / 1e6
            assert times_s == pytest.approx(measured, abs=1.1)
