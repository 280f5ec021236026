"""The clock of the daemon is set an hour forward and back while it receives."""

import asyncio
import signal
import time
from collections.abc import Sequence
from dataclasses import replace

from collector.model import AlarmPhase, Condition, Entry, Reading
from collector.technical import STEP
from collector.timekeeping import CLOCK_STEP
from collector.verify.bed import Bed, at_bed
from collector.verify.report import Result
from collector.verify.setting import Setting, waited
from collector.verify.verdict import result_of

NAME = "clock-step"
PROMISE = "a clock that is set by an hour is followed and told; nothing is lost, and nothing comes twice"

_HOUR_S = 3_600
_NEAR_US = 60_000_000
_BACK_S = 30.0


async def clock_step(setting: Setting) -> Result:
    set_s: list[int] = []
    async with at_bed(setting, setting.folder(NAME), run=("-m", "collector.verify.stepping")) as bed:
        for number in setting.times(NAME, setting.extent.steps):
            await asyncio.sleep(setting.chance.uniform(0.2, 1.0))
            forward = number % 4 in {0, 3}  # +1 h, back, −1 h, forward
            bed.send(signal.SIGUSR1 if forward else signal.SIGUSR2)
            set_s.append(_HOUR_S if forward else -_HOUR_S)
            since_us = time.time_ns() // 1_000 + sum(set_s) * 1_000_000
            if await waited(lambda since_us=since_us: _follows(bed, since_us), _BACK_S) is None:  # type: ignore[misc]
                bed.broken.append(f"step {number + 1} of the clock was not followed")
                break
    result = await result_of(setting, bed, NAME, PROMISE, len(set_s))
    return replace(result, broken=[*result.broken, *untold([kept.entry for kept in bed.kept], set_s)])


def untold(kept: Sequence[Entry], set_s: Sequence[int]) -> list[str]:
    """What is wrong with how the steps (s, in their order) were told, in words."""
    told_s = [
        round(entry.value or 0.0) for entry in kept if isinstance(entry, Reading) and entry.series.channel == CLOCK_STEP
    ]
    shown = sum(
        isinstance(entry, Condition) and entry.alarm.source == STEP and entry.alarm.phase is not AlarmPhase.END
        for entry in kept
    )
    broken = []
    if told_s != list(set_s):
        broken.append(f"the clock was set by {list(set_s)} s, and told to be set by {told_s} s")
    if shown != len(set_s):
        broken.append(f"of {len(set_s)} steps of the clock {shown} were shown as a condition")
    return broken


def _follows(bed: Bed, since_us: int) -> bool:
    """Whether every device's readings come with the time that the clock was set to."""
    wanted = {device.name for device in bed.simulators.devices}
    return wanted <= {one.series.device for one in bed.latest() if since_us < one.time_us < since_us + _NEAR_US}
