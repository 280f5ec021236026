"""Keeps the daemon's time: follows a system clock that was set, and says so; tells when nothing keeps it right."""

import asyncio
import math
from collections.abc import Callable, Iterable, Sequence

from collector import adjtimex
from collector.clock import MachineClock, Step, rfc3339
from collector.logs import logger
from collector.metrics import Metrics
from collector.model import UNMAPPED, Channel, Condition, Entry, Priority, Quality, Reading, Series
from collector.runner import Append
from collector.technical import GATEWAY, STEP, Technical

LOOK_S = 1.0
ASK_S = 10.0
"""How often the kernel is asked whether its clock is synchronised."""

CLOCK_STEP = Channel(code="VND_VITALSD_CLOCK_STEP", source=GATEWAY, unit="s")
"""New minus old, at the new time."""
STEP_SHOWN_S = 60.0
"""How long a step stands as a condition: it is over at once, but a person must see it."""
LARGE_STEP_US = 1_000_000
"""From here on times of two devices no longer go together on a chart of seconds: medium, not low."""

SYNC = "clock-sync"
UNSYNCHRONISED_S = 600.0
"""After a start NTP may take minutes, and a short loss moves a clock by milliseconds."""


def set_back(technical: Technical, told: Iterable[Condition], now_us: int) -> Sequence[Condition]:
    """Of a gateway that starts now, where what it told in its last life has times to come: it comes before all else."""
    if max((condition.time_us for condition in told), default=now_us) <= now_us:
        return []
    text = "Gateway clock was set back while the gateway was not running"
    return technical.passed(STEP, text, Priority.MEDIUM, code=UNMAPPED, start_us=now_us, end_us=now_us)


class Timekeeper:
    """Looks at one machine's clock for one bed.

    stepped: told of a step before anything is made with the new time. synchronised: what the kernel says of its clock,
    None where it cannot be asked; then nothing is raised.
    """

    def __init__(
        self,
        *,
        bed: str,
        clock: MachineClock,
        technical: Technical,
        metrics: Metrics,
        stepped: Iterable[Callable[[Step], None]],
        demo: bool = False,
        synchronised: Callable[[], bool | None] = adjtimex.synchronised,
    ) -> None:
        self._series = Series(bed=bed, device=GATEWAY, channel=CLOCK_STEP)
        self._clock = clock
        self._technical = technical
        self._metrics = metrics
        self._stepped = (metrics.stepped, *stepped)
        self._demo = demo
        self._synchronised = synchronised
        self._log = logger(bed=bed)
        self._step_s = -math.inf
        self._asked_s = -math.inf
        self._unsynchronised_s: float | None = None
        self._mute = False

    async def run(self, append: Append) -> None:
        """Look every LOOK_S and keep what there is to say, until cancelled."""
        while True:
            entries = self.look()
            if entries:
                await append(entries, {})
            await asyncio.sleep(LOOK_S)

    def look(self) -> Sequence[Entry]:
        """What is to be journaled of the clock since the last look."""
        return [*self._steps(), *self._synchronisation()]

    def _steps(self) -> Sequence[Entry]:
        now_s = self._clock.monotonic()
        step = self._clock.step()
        if step is None:
            return self._technical.cleared(STEP) if now_s - self._step_s >= STEP_SHOWN_S else []
        for tell in self._stepped:
            tell(step)
        self._step_s = now_s
        size_s = step.size_us / 1e6
        old, new = rfc3339(step.old_utc_us), rfc3339(step.new_utc_us)
        self._log.warning("the system clock was set", size_s=size_s, old=old, new=new)
        reading = Reading(
            series=self._series,
            time_us=step.new_utc_us,
            value=size_s,
            text=None,
            quality=Quality.VALID,
            demo=self._demo,
        )
        way = "forward" if step.size_us > 0 else "back"
        text = f"Gateway clock set {way} by {abs(size_s):.3f} s: {old} became {new}"
        priority = Priority.MEDIUM if abs(step.size_us) >= LARGE_STEP_US else Priority.LOW
        return [reading, *self._technical.raised(STEP, text, priority)]

    def _synchronisation(self) -> Sequence[Entry]:
        now_s = self._clock.monotonic()
        if now_s - self._asked_s < ASK_S:
            return []
        self._asked_s = now_s
        known = self._synchronised()
        self._metrics.set_synchronised(known)
        if known is None and not self._mute:
            self._log.info("the kernel cannot be asked whether its clock is synchronised; no loss of NTP is told")
            self._mute = True
        if known is not False:
            self._unsynchronised_s = None
            return self._technical.cleared(SYNC)
        if self._unsynchronised_s is None:
            self._unsynchronised_s = now_s
        if now_s - self._unsynchronised_s < UNSYNCHRONISED_S:
            return []
        text = "Gateway clock is not synchronised: no NTP server is heard"
        entries = self._technical.raised(SYNC, text, Priority.LOW)
        if entries:
            self._log.warning("the system clock is not synchronised")
        return entries
