"""Pages with 12 hours of a case, from real programs to a real browser: the bed's own, and the record."""

import asyncio
import math
import os
import socket
import subprocess
import sys
import tempfile
import time
import tty
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http import HTTPStatus
from pathlib import Path
from statistics import median

import numpy as np

from charting.accounts.accounts import OPERATOR
from charting.accounts.actor import Actor
from charting.config import load
from charting.page.chart import lines
from charting.service import Service
from charting.trail.contents import Bolus, Patient
from collector.codes import by_refid
from collector.journal import Journal
from collector.model import Channel, Quality, Reading, Series
from collector.transport.net import free_port
from tests.bench import made
from tests.bench.report import Row, percentile
from tests.browser.chromium import chromium

BED = "BENCH"
HOURS = 12
LOADS = 11
STARTED_S = 15.0
DOCTOR = Actor(account="zhang", name="张医师", roles=frozenset({"anaesthetist"}))
PASSWORD = "a long enough phrase"
GIVEN, DRUGS = 60, 12
"""Doses in the whole case, of so many drugs."""
CUFF_S = 300
"""Between two measurements of what the chart draws one by one: the cuff."""

_DRAWN = """
() => new Promise((done) => {
  const look = () => {
    const [first] = performance.getEntriesByName("first-contentful-paint");
    if (document.readyState !== "complete" || !document.querySelector("#chart svg, #sheets svg") || !first) {
      setTimeout(look, 1);
      return;
    }
    requestAnimationFrame(() => requestAnimationFrame(() => {
      const { responseStart, requestStart } = performance.getEntriesByType("navigation")[0];
      const now = performance.now();
      done([now - responseStart, now - requestStart]);
    }));
  };
  look();
})
"""
"""ms from the first byte of the answer, and from the request, until the chart is in the page and drawn."""


def rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        path = Path(folder) / "journal.db"
        with closing(Journal.open(path, [])) as journal:
            _fill(journal, time.time_ns() // 1_000_000_000 * made.SECOND_US)
        with _daemon(path) as url:
            loads = asyncio.run(_load(url))
        file, record = _charted(path)
        with _running("charting", file, _url(file)) as url:
            records = asyncio.run(_load_record(url, record))
    drawn, asked = ([load[k] for load in loads] for k in (0, 1))
    yield Row(
        what=f"page, {HOURS} h × {made.CHANNELS}: first byte to drawn",
        unit="ms",
        value=median(drawn),
        budget=300.0,
        note=f"max {max(drawn):.0f}, n={len(drawn)}",
    )
    yield Row(
        what=f"page, {HOURS} h × {made.CHANNELS}: asked to drawn",
        unit="ms",
        value=median(asked),
        note=f"p90 {percentile(asked, 0.9):.0f}; the daemon draws the chart before it answers",
    )
    drawn, asked = ([load[k] for load in records] for k in (0, 1))
    yield Row(
        what=f"record page of a {HOURS} h case: first byte to drawn",
        unit="ms",
        value=median(drawn),
        budget=300.0,
        note=f"max {max(drawn):.0f}, n={len(drawn)}",
    )
    yield Row(
        what=f"record page of a {HOURS} h case: asked to drawn",
        unit="ms",
        value=median(asked),
        note=f"p90 {percentile(asked, 0.9):.0f}",
    )


def _fill(journal: Journal, end_us: int) -> None:
    """A case until now: a value a second of each channel but the cuff, first of all of those that the chart draws."""
    known = by_refid()
    drawn = [code for line in lines() for code in line.codes[:1] if code in known]
    others = [p.refid for p in known.values() if p.kind == "numeric" and p.low is not None]
    parameters = [known[code] for code in dict.fromkeys([*drawn, *others])][: made.CHANNELS]
    of = [
        Series(bed=BED, device="monitor", channel=Channel(code=p.refid, source=p.refid, unit=p.unit))
        for p in parameters
    ]
    seldom = {code for line in lines() if line.episodic for code in line.codes}
    chance = np.random.default_rng(0)
    for start in range(0, HOURS * 3600, made.CHUNK_S):
        entries = []
        for second in range(start, start + made.CHUNK_S):
            time_us = end_us - (HOURS * 3600 - second) * made.SECOND_US
            for one, p, wander in zip(of, parameters, chance.normal(0.4, 0.01, len(of)), strict=True):
                if p.refid in seldom and second % CUFF_S:
                    continue
                low, high = p.low or 0.0, p.high or 200.0
                value = round(low + (high - low) * (wander + 0.1 * math.sin(second / 900)), 1)
                entries.append(
                    Reading(series=one, time_us=time_us, value=value, text=None, quality=Quality.VALID, demo=False)
                )
        journal.append(entries)


@contextmanager
def _daemon(journal: Path) -> Iterator[str]:
    """A bed's daemon with this journal, whose device says nothing; yields the address of its page."""
    master, slave = os.openpty()
    tty.setraw(slave)
    port = free_port(socket.SOCK_STREAM)
    config = journal.with_name("bed.toml")
    config.write_text(
        f'[bed]\nid = "{BED}"\n[[device]]\nname = "monitor"\ndriver = "ge-datex-dri"\n'
        f'port = "serial://{os.ttyname(slave)}?parity=N&rtscts=0"\n'
        f'[journal]\npath = "{journal}"\n[page]\nlisten = "127.0.0.1:{port}"\n',
        encoding="utf-8",
    )
    try:
        with _running("bed", config, f"http://127.0.0.1:{port}/") as url:
            yield url
    finally:
        os.close(master)
        os.close(slave)


@contextmanager
def _running(command: str, config: Path, url: str) -> Iterator[str]:
    """A program of ours until its page answers; yields the address."""
    program = subprocess.Popen([Path(sys.executable).with_name("vitalsd"), command, config], stderr=subprocess.DEVNULL)
    try:
        began = time.monotonic()
        while not _answers(url):
            if time.monotonic() - began > STARTED_S:
                raise RuntimeError(f"no page within {STARTED_S} s")
            time.sleep(0.05)
        yield url
    finally:
        program.terminate()
        program.wait()


def _charted(journal: Path) -> tuple[Path, str]:
    """A charting with the case of this journal, filled, and what people gave; its file, and the record's path."""
    file = journal.with_name("charting.toml")
    file.write_text(
        f'[charting]\nlisten = "127.0.0.1:{free_port(socket.SOCK_STREAM)}"\nsite = "Bench"\n'
        f'database = "sqlite:///{journal.with_name("charting.db")}"\n'
        f'beds = [{{ id = "{BED}", journal = "{journal}" }}]\n',
        encoding="utf-8",
    )
    service = Service.of(load(file))
    service.accounts.create(OPERATOR, DOCTOR.account, name=DOCTOR.name, roles=DOCTOR.roles, password=PASSWORD)
    now_us = time.time_ns() // 1000
    at_us = now_us - HOURS * 3600 * made.SECOND_US + 60 * made.SECOND_US
    desk = service.desk
    case = desk.open(DOCTOR, bed=BED, area="or", patient=Patient(number="100200", name="王小明"), at_us=at_us).id
    document = next(iter(desk.start(DOCTOR, case, template="anaesthesia_record").documents))
    drugs = desk.libraries.search("drugs", "", limit=DRUGS)
    for n in range(GIVEN):
        given = Bolus(
            drug=drugs[n % len(drugs)].term, dose=1.0 + n, unit="mg", route="iv",
            at_us=at_us + n * (now_us - at_us) // GIVEN,
        )  # fmt: skip
        desk.set(DOCTOR, case, document=document, item=f"bolus{n}", after=0, content=given)
    service.filler.look()
    service.close()
    return file, f"records/{case}/{document}"


def _url(file: Path) -> str:
    return f"http://{load(file).charting.listen}/"


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}health") as answer:
            return bool(answer.status == HTTPStatus.OK)
    except OSError:
        return False


async def _load(url: str) -> list[tuple[float, float]]:
    """ms from the first byte, and from the request, to drawn; a new context each time, and a first load not counted."""
    loads = []
    async with chromium() as browser:
        for _ in range(LOADS + 1):
            context = await browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-GB")
            page = await context.new_page()
            await page.goto(f"{url}?hours={HOURS}&lang=en", wait_until="commit")
            drawn, asked = await page.evaluate(_DRAWN)
            loads.append((float(drawn), float(asked)))
            await context.close()
    return loads[1:]


async def _load_record(url: str, record: str) -> list[tuple[float, float]]:
    """The same of a record, by somebody who has signed in."""
    loads = []
    async with chromium() as browser:
        context = await browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-GB")
        page = await context.new_page()
        await page.goto(f"{url}sign-in")
        await page.locator("[name=account]").fill(DOCTOR.account)
        await page.locator("[name=password]").fill(PASSWORD)
        await page.keyboard.press("Enter")
        await page.locator("#sign-out").wait_for()
        for _ in range(LOADS + 1):
            page = await context.new_page()
            await page.goto(f"{url}{record}", wait_until="commit")
            drawn, asked = await page.evaluate(_DRAWN)
            loads.append((float(drawn), float(asked)))
            await page.close()
    return loads[1:]
