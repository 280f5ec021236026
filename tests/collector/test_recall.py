"""A daemon's new life knows what the last one stored, from the journal that it left."""

from contextlib import closing

import pytest

from collector.journal import Journal
from collector.model import Channel, DeviceClock, Event, Frame, Observation, Reading
from collector.normalize import Normalizer

SECOND_US = 1_000_000
T0_US = 1_700_000_000 * SECOND_US
CUFF = [Channel(code=f"MDC_PRESS_BLD_NONINV_{part}", source=f"nibp.{part}", unit="mm[Hg]") for part in ("SYS", "DIA")]


def told(n: Normalizer, values: list[float | None], at_us: int) -> list[Reading]:
    """What is stored of a cuff's pressures, measured at T0_US by the device's clock and ours."""
    events: list[Event] = [Frame(offset=0, length=1, kind="x"), DeviceClock(time_us=at_us)]
    events += [Observation(channel=c, value=v, device_time_us=T0_US) for c, v in zip(CUFF, values, strict=True)]
    stored = [entry for entry in n.entries(events, at_us) if isinstance(entry, Reading)]
    return [reading for reading in stored if reading.series.channel in CUFF]


@pytest.mark.parametrize("nothings", [0, 1, 3])
def test_a_cuff_pressure_that_was_withdrawn_and_is_shown_again_after_a_restart_is_nothing_new(nothings: int) -> None:
    with closing(Journal.open(":memory:")) as journal:
        first = Normalizer(bed="OR", device="m")
        journal.append(told(first, [120.0, 80.0], T0_US + SECOND_US))
        for n in range(nothings):
            journal.append(told(first, [None, None], T0_US + (60 + n) * SECOND_US))
        again = Normalizer(bed="OR", device="m")
        again.recall(journal.measured("OR"))
        assert told(again, [120.0, 80.0], T0_US + 300 * SECOND_US) == []
        assert [r.value for r in told(again, [121.0, 80.0], T0_US + 301 * SECOND_US)] == [121.0]


def test_what_never_had_a_value_is_not_recalled() -> None:
    with closing(Journal.open(":memory:")) as journal:
        journal.append(told(Normalizer(bed="OR", device="m"), [None, 80.0], T0_US + SECOND_US))
        assert [(r.series.channel, r.value) for r in journal.measured("OR")] == [(CUFF[1], 80.0)]
        assert journal.measured("OR-4") == []
