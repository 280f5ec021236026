"""Faults between the journal and the database: the gateway killed, answers lost, a network of the worst kind."""

import asyncio
import os
import signal
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from collector.journal import Journal, Writer
from collector.model import Entry
from collector.timescale import READER, Timescale
from collector.verify.comparison import Comparison, compare
from collector.verify.delivery import drain
from collector.verify.gateway import DSN_VARIABLE, SECONDS_A_COMMIT
from collector.verify.proxy import Link, Proxy
from collector.verify.report import Result
from collector.verify.script import Script
from collector.verify.setting import PATIENCE_S, Setting, last_line, send, waited

KILLS = "a gateway killed at any instant loses nothing that its journal acknowledged, and delivers nothing twice"
REPLIES = "a commit whose answer is lost, or that arrives when its client has gone, is neither lost nor repeated"
CHAOS = "a network that cuts, resets, delays, and swallows commits and answers does no harm"

_LIVES = ((2, 0.3), (1, 0.3), (2, 0.1), (0, 0.8), (2, 0.5))
"""Lines that a gateway says (that it is ready, that an append is durable), and the longest time until it is killed."""

_APPEND_EVERY_S = 0.02


async def kill_sink(setting: Setting) -> Result:
    """SIGKILL a process that appends and delivers; each life goes on after what the last one may have appended."""
    name, script, chance = "kill-sink", setting.new_script(), setting.chance
    folder = setting.folder(name)
    must: list[Entry] = []
    may: list[Entry] = []
    first = tried = 0
    gaps: list[float] = []
    broken: list[str] = []
    killed_s: float | None = None
    for number in setting.times(name, setting.extent.sink_kills):
        gateway = await _gateway(folder, setting.dsn, script, first)
        try:
            lines, most_s = _LIVES[number % len(_LIVES)]
            acknowledged, began_s = await _lived(gateway, chance.uniform(0.0, most_s), lines)
        finally:
            ended = await _killed(gateway)
        if ended != -signal.SIGKILL:
            broken.append(f"the gateway ended by itself with status {ended}: {last_line(folder)}")
            break
        tried += 1
        if killed_s is not None and began_s is not None:
            gaps.append(began_s - killed_s)
        killed_s = time.monotonic() if began_s is not None else killed_s
        upto = max(first, acknowledged)
        must += script.entries(first, upto)
        first = upto + SECONDS_A_COMMIT
        may += script.entries(upto, first)
    gateway = await _gateway(folder, setting.dsn, script, first, first)
    try:
        async with asyncio.timeout(PATIENCE_S):
            await gateway.communicate()
    except TimeoutError:
        broken.append("what was left was not delivered")
    finally:
        ended = await _killed(gateway)
    if ended:
        broken.append(f"the last gateway ended with status {ended}: {last_line(folder)}")
    found = await asyncio.to_thread(lambda: compare(must, may, setting.scratch.held(script.bed)))
    return Result(
        name=name,
        promise=KILLS,
        tried=tried,
        found=found,
        longest_gap_s=max(gaps, default=None),
        recovered=not broken,
        broken=broken,
    )


async def reply_lost(setting: Setting) -> Result:
    """The answer to a commit swallowed; or the commit held back, its client cut, and sent late."""
    name, chance = "reply-lost", setting.chance
    async with _delivering(setting, name) as line:
        for number in setting.times(name, setting.extent.replies):
            if not line.proxy.sees_commits:
                line.proxy.deafen()
            elif number % 2:
                line.at_next_commit(Link.swallow_answer, passes=True)
            else:
                line.at_next_commit(line.come_late(chance.uniform(0.0, 0.2)), passes=False)
            await line.tried(chance.uniform(0.0, 0.1))
    return line.result(name, REPLIES)


async def proxy_chaos(setting: Setting) -> Result:
    """Everything that a network can do, at random instants."""
    name, chance = "proxy-chaos", setting.chance
    async with _delivering(setting, name) as line:
        proxy = line.proxy

        def slow() -> None:
            proxy.delay_s = chance.uniform(0.0, 0.1)

        def away() -> None:
            proxy.open = False
            proxy.cut()

        kinds: list[Callable[[], None]] = [proxy.cut, proxy.reset, proxy.deafen, slow, away]
        if proxy.sees_commits:
            kinds += [
                lambda: line.at_next_commit(Link.swallow_answer, passes=True),
                lambda: line.at_next_commit(Link.cut, passes=False),
                lambda: line.at_next_commit(Link.reset, passes=False),
                lambda: line.at_next_commit(line.come_late(chance.uniform(0.0, 0.3)), passes=False),
                lambda: line.at_next_commit(lambda _: time.sleep(chance.uniform(0.0, 0.2)), passes=True),
                lambda: line.at_next_commit(lambda _: slow(), passes=True),
            ]
        for _ in setting.times(name, setting.extent.chaos):
            await asyncio.sleep(chance.uniform(0.0, 0.03))
            chance.choice(kinds)()
            await asyncio.sleep(chance.uniform(0.0, 0.1))
            proxy.open, proxy.delay_s = True, 0.0
            await line.tried(0.0)
    return line.result(name, CHAOS)


@dataclass(slots=True, kw_only=True)
class _Line:
    """A journal that is appended to and delivered through a proxy, and what came of it."""

    proxy: Proxy
    sink: Timescale
    count: int = 0
    gaps: list[float] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    found: Comparison = field(default_factory=Comparison)
    timers: list[threading.Timer] = field(default_factory=list)

    def at_next_commit(self, act: Callable[[Link], None], *, passes: bool) -> None:
        def at_commit(link: Link) -> bool:
            self.proxy.at_commit = lambda _: True
            act(link)
            return passes

        self.proxy.at_commit = at_commit

    def come_late(self, delay_s: float) -> Callable[[Link], None]:
        """Cut the client at its commit; the commit reaches the server after a while, and then its connection ends."""

        def commit(link: Link) -> None:
            link.commit()
            link.cut()

        def act(link: Link) -> None:
            link.cut_client()
            timer = threading.Timer(delay_s, commit, (link,))
            self.timers.append(timer)
            timer.start()

        return act

    async def tried(self, wait_s: float) -> None:
        """A fault has been set: wait until it has struck and something is delivered again."""
        await asyncio.sleep(wait_s)
        delivered = self.sink.status.delivered
        gap_s = await waited(lambda: self.sink.status.delivered > delivered and self.sink.status.connected)
        if gap_s is None:
            self.broken.append(f"after fault {self.count + 1} nothing was delivered any more")
        else:
            self.gaps.append(gap_s)
        self.count += 1

    def result(self, name: str, promise: str) -> Result:
        return Result(
            name=name,
            promise=promise,
            tried=self.count,
            found=self.found,
            longest_gap_s=max(self.gaps, default=None),
            recovered=not self.broken,
            broken=self.broken,
        )


@asynccontextmanager
async def _delivering(setting: Setting, name: str) -> AsyncIterator[_Line]:
    """Appends a second of the script every few ms while the caller brings faults about; compares at the end."""
    script = setting.new_script()
    journal = Journal.open(setting.folder(name) / "journal.db", [READER])
    must: list[Entry] = []
    with Proxy(setting.dsn) as proxy:
        sink = Timescale(proxy.dsn, journal)
        writer = Writer(journal, sink.wake)
        line = _Line(proxy=proxy, sink=sink)

        ending = False

        async def append() -> None:
            second = 0
            while not ending:
                entries = script.entries(second, second + 1)
                await writer.append(entries, {})
                must.extend(entries)
                second += 1
                await asyncio.sleep(_APPEND_EVERY_S)

        appending = asyncio.create_task(append())
        try:
            yield line
            ending = True
            await appending
            proxy.at_commit, proxy.open, proxy.delay_s = (lambda _: True), True, 0.0
            for timer in line.timers:
                await asyncio.to_thread(timer.join)
            await drain(sink)
        finally:
            appending.cancel()
            await sink.close()
            await writer.close()
            journal.close()
    line.found = await asyncio.to_thread(lambda: compare(must, (), setting.scratch.held(script.bed)))


async def _gateway(
    folder: Path, dsn: str, script: Script, first: int, last: int | None = None
) -> asyncio.subprocess.Process:
    ends = [] if last is None else [str(last)]
    with (folder / "log").open("ab") as log:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "collector.verify.gateway", str(folder / "journal.db")),
            *(script.bed, str(script.start_us), str(first), *ends),
            env=os.environ | {DSN_VARIABLE: dsn},
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
            start_new_session=True,  # Ctrl-C is for the verifier
        )


async def _lived(gateway: asyncio.subprocess.Process, life_s: float, lines: int) -> tuple[int, float | None]:
    """Let it say some lines and live for a while, and kill it.

    Returns the last second acknowledged, and when the first append was.
    """
    stdout = gateway.stdout
    if stdout is None:
        raise RuntimeError("a gateway without an output")
    began_s: float | None = None
    acknowledged = heard = 0

    async def hear() -> None:
        nonlocal began_s, acknowledged, heard
        async for text in stdout:
            heard += 1
            if text != b"ready\n":
                began_s = began_s or time.monotonic()
                acknowledged = int(text)

    hearing = asyncio.create_task(hear())
    await waited(lambda: heard >= lines or hearing.done())
    await asyncio.wait({hearing}, timeout=life_s)
    send(gateway, signal.SIGKILL)
    await hearing
    return acknowledged, began_s


async def _killed(gateway: asyncio.subprocess.Process) -> int:
    """Kill it if it is still there; return its status."""
    send(gateway, signal.SIGKILL)
    return await gateway.wait()
