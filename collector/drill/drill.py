"""Cuts the server of a scratch bed off for a while, and asks the bed's own page and the store what that does."""

import asyncio
import logging
import socket
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass

import psycopg

from collector import __version__
from collector.config import Config
from collector.drill.page import Page
from collector.drill.report import Drill, Times
from collector.journal import JournalReader
from collector.logs import setup
from collector.sql import queries
from collector.timescale import READER
from collector.transport.net import free_port
from collector.verify.bed import Bed, at_bed
from collector.verify.proxy import Proxy
from collector.verify.report import Result, not_tried
from collector.verify.run import Progress
from collector.verify.scratch import scratch
from collector.verify.setting import PATIENCE_S, SHORT, Setting, waited
from collector.verify.verdict import result_of

NAME = "drill"
PROMISE = "a bed whose server is away goes on, says so, prints its downtime sheet, and brings everything afterwards"

_Q = queries("verify")


async def run_drill(config: Config, outage_s: float, stop: asyncio.Event) -> Drill:
    """On scratch only; ends early at `stop`. Raises UsageError where that would be anything of the configuration's."""
    setup(logging.CRITICAL)  # what the parts say of the outage is no news here
    logging.getLogger("psycopg").setLevel(logging.CRITICAL)
    began_us, drivers = time.time_ns() // 1_000, [device.driver for device in config.device]
    times, result = Times(outage=0.0), not_tried(NAME, PROMISE, "")
    with scratch(config) as place:
        if place.dsn is None:
            result = not_tried(NAME, PROMISE, place.reason)
        else:
            told = Progress(place.folder)
            setting = Setting(scratch=place, config=config, extent=SHORT, stop=stop, progress=told)
            times, result = await _drill(setting, outage_s)
    return Drill(
        began_us=began_us, zone=config.bed.zone, version=__version__, drivers=drivers, times=times, result=result
    )


@dataclass(frozen=True, slots=True)
class _Store:
    """What the scratch database has of a bed's devices, asked past the proxy."""

    connection: psycopg.Connection[tuple[int | None]]
    bed: str
    devices: Sequence[str]

    def newest_us(self, since_us: int = 0) -> int | None:
        """The time of the last reading since then."""
        row = self.connection.execute(_Q["newest"], (self.bed, list(self.devices), since_us)).fetchone()
        return row[0] if row else None


async def _drill(setting: Setting, outage_s: float) -> tuple[Times, Result]:
    port = free_port(socket.SOCK_STREAM)
    more = f'[page]\nlisten = "127.0.0.1:{port}"\n'
    with Proxy(setting.dsn) as proxy:
        async with at_bed(setting, setting.folder(NAME), proxy.dsn, more=more) as bed, _store(setting, bed) as store:
            page = Page(port, bed.id, store.devices, bed.broken)
            if await waited(lambda: store.newest_us() is not None) is None:
                bed.broken.append("nothing was delivered before the server was cut off")
            before = await page.said() or ""
            kept_us = store.newest_us()
            proxy.open = False
            proxy.cut()
            cut_s = time.monotonic()
            setting.progress(f"{NAME}: the server is away for {outage_s:.0f} s", 0, 1)
            await page.watch(outage_s, setting.stop, before)
            proxy.open = True
            back_s, back_us = time.monotonic(), time.time_ns() // 1_000
            with closing(JournalReader.at(bed.journal)) as journal:
                tip = journal.tip
                live_s, backlog_s = await asyncio.gather(
                    waited(lambda: store.newest_us(back_us) is not None),
                    waited(lambda: _has_all(journal, tip), PATIENCE_S + outage_s),
                )
            setting.progress(f"{NAME}: the server is back", 1, 1)
            await page.see_reached()
            if setting.stop.is_set():
                bed.broken.append("interrupted")
    times = Times(
        outage=back_s - cut_s,
        notice=page.notice_s,
        local=page.local_s,
        sheet=page.sheet_s,
        live=live_s,
        backlog=backlog_s,
        bed_age=page.age_s,
        store_age=None if kept_us is None or live_s is None else (back_us - kept_us) / 1e6 + live_s,
    )
    return times, await result_of(setting, bed, NAME, PROMISE, 1)


@asynccontextmanager
async def _store(setting: Setting, bed: Bed) -> AsyncIterator[_Store]:
    with psycopg.connect(setting.dsn, autocommit=True) as connection:
        yield _Store(connection, bed.id, [device.name for device in bed.simulators.devices])


def _has_all(journal: JournalReader, tip: int) -> bool:
    """Whether the store is known to have everything up to a number."""
    done = journal.readers().get(READER)
    return done is not None and next(done.gaps(1, tip), None) is None
