"""Tries every fault, one after the other or (in short) the waiting ones beside them, and tells what came of it."""

import asyncio
import logging
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from collector.config import Config
from collector.logs import setup
from collector.verify import daemons, limits, outage, sinks, steps, tails
from collector.verify.report import Report, Result, not_tried
from collector.verify.scratch import scratch
from collector.verify.setting import LONG, SHORT, Setting


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """waits: it mostly waits for devices, and can be tried beside others."""

    name: str
    promise: str
    attempt: Callable[[Setting], Awaitable[Result]]
    waits: bool = False


FAULTS: Sequence[Fault] = (
    Fault(name="kill-sink", promise=sinks.KILLS, attempt=sinks.kill_sink),
    Fault(name="kill-daemon", promise=daemons.KILL, attempt=daemons.kill_daemon, waits=True),
    Fault(name="end-daemon", promise=daemons.END, attempt=daemons.end_daemon, waits=True),
    Fault(name="sink-cut", promise=daemons.CUT, attempt=daemons.sink_cut, waits=True),
    Fault(name="reply-lost", promise=sinks.REPLIES, attempt=sinks.reply_lost),
    Fault(name="proxy-chaos", promise=sinks.CHAOS, attempt=sinks.proxy_chaos),
    Fault(name=outage.NAME, promise=outage.PROMISE, attempt=outage.outage),
    Fault(name=limits.NAME, promise=limits.PROMISE, attempt=limits.limit),
    Fault(name="disk-full", promise=daemons.DISK_FULL, attempt=daemons.disk_full, waits=True),
    Fault(name=tails.NAME, promise=tails.PROMISE, attempt=tails.torn_tail),
    Fault(name=steps.NAME, promise=steps.PROMISE, attempt=steps.clock_step, waits=True),
    Fault(name="garbage", promise=daemons.GARBAGE, attempt=daemons.garbage, waits=True),
    Fault(name="cable", promise=daemons.CABLE, attempt=daemons.cable, waits=True),
)
"""All of them need the scratch database: what is lost is what is not in it."""


async def run_verify(config: Config | None, stop: asyncio.Event, *, short: bool) -> Report:
    """Try everything until `stop`, on scratch only. Raises UsageError where that would be the configuration's own."""
    setup(logging.CRITICAL)  # what the parts under test say of the faults is no news here
    logging.getLogger("psycopg").setLevel(logging.CRITICAL)
    with scratch(config) as place:
        if place.dsn is None:
            results = [not_tried(fault.name, fault.promise, place.reason) for fault in FAULTS]
            return Report(results=results)
        setting = Setting(
            scratch=place, config=config, extent=SHORT if short else LONG, stop=stop, progress=Progress(place.folder)
        )
        beside = [fault for fault in FAULTS if fault.waits and short]
        one_by_one = [fault for fault in FAULTS if fault not in beside]
        lanes = await asyncio.gather(_attempts(one_by_one, setting), *(_attempts([fault], setting) for fault in beside))
        results = [result for lane in lanes for result in lane]
        order = [fault.name for fault in FAULTS]
        parked = await asyncio.to_thread(place.parked)
        results.sort(key=lambda result: order.index(result.name))
        return Report(results=results, interrupted=stop.is_set(), parked=parked)


async def _attempts(faults: Sequence[Fault], setting: Setting) -> list[Result]:
    return [await _attempt(fault, setting) for fault in faults]


async def _attempt(fault: Fault, setting: Setting) -> Result:
    if setting.stop.is_set():
        return not_tried(fault.name, fault.promise, "interrupted before its turn")
    try:
        return await fault.attempt(setting)
    except Exception as error:  # noqa: BLE001  the other faults are tried all the same
        reason = f"the trial itself failed: {type(error).__name__}: {error}"
        return Result(name=fault.name, promise=fault.promise, tried=1, recovered=False, broken=[reason])


class Progress:
    """A line on stderr that is written over, where stderr is a terminal."""

    def __init__(self, folder: Path) -> None:
        self._begin_s = time.monotonic()
        self._terminal = sys.stderr.isatty()
        if self._terminal:
            sys.stderr.write(f"on scratch only, in {folder}; Ctrl-C ends it with what was tried so far\n")

    def __call__(self, name: str, number: int, of: int) -> None:
        if self._terminal:
            passed_s = round(time.monotonic() - self._begin_s)
            sys.stderr.write(f"\r\x1b[K{passed_s // 60}:{passed_s % 60:02}  {name}: {number} of {of}")
            sys.stderr.flush()
