"""The clock of the daemon is set an hour forward and back while it receives."""

import asyncio
import signal
import time

from collector.verify.bed import Bed, at_bed
from collector.verify.daemons import result_of
from collector.verify.report import Result
from collector.verify.setting import Setting, waited

NAME = "clock-step"
PROMISE = "a clock that is set by an hour is followed and told; nothing is lost, and nothing comes twice"

_HOUR_US = 3_600_000_000
_NEAR_US = 60_000_000
_BACK_S = 30.0


async def clock_step(setting: Setting) -> Result:
    begin_us = time.time_ns() // 1_000

    def true_us(time_us: int) -> int:
        """Whole hours are steps: the trial takes less than half of one."""
        return time_us - _HOUR_US * round((time_us - begin_us) / _HOUR_US)

    how = ("-m", "collector.verify.stepping")
    set_us, steps = 0, 0
    async with at_bed(setting, setting.folder(NAME), run=how, true_us=true_us) as bed:
        for number in setting.times(NAME, setting.extent.steps):
            await asyncio.sleep(setting.chance.uniform(0.2, 1.0))
            forward = number % 4 in {0, 3}  # +1 h, back, −1 h, forward
            bed.send(signal.SIGUSR1 if forward else signal.SIGUSR2)
            set_us += _HOUR_US if forward else -_HOUR_US
            steps += 1
            if await waited(lambda wanted_us=set_us: _follows(bed, wanted_us), _BACK_S) is None:  # type: ignore[misc]
                bed.broken.append(f"step {steps} of the clock was not followed")
                break
    return await result_of(setting, bed, NAME, PROMISE, steps)


def _follows(bed: Bed, set_us: int) -> bool:
    """Whether every device's readings come with the time that the clock was set to."""
    now_us = time.time_ns() // 1_000 + set_us
    wanted = {device.name for device in bed.simulators.devices}
    return wanted <= {one.series.device for one in bed.latest() if abs(one.time_us - now_us) < _NEAR_US}
