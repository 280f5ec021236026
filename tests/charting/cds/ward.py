"""A department that asks a decision support service over real sockets, by the real courier."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

from charting.cds.config import CdsSection, CdsService
from charting.cds.support import DecisionSupport
from charting.exchange import Exchange, Kept, in_memory
from charting.outbox.parcel import Sent, State
from charting.trail.contents import Bolus, Term
from tests.charting.web.hospital import Hospital
from tests.page.data import reading, series

PATIENCE_S = 60.0
LIMIT_S = 30.0
"""The longest that may be configured, for an answer."""
FENTANYL = Term(library="drugs", version="2026.1", code="D010", zh="芬太尼", en="Fentanyl")
CEFAZOLIN = Term(library="drugs", version="2026.1", code="D062", zh="头孢唑林", en="Cefazolin")
TEMP = replace(series("MDC_TEMP_ESOPH", "Cel"), bed="OR-03")


@dataclass
class Ward:
    hospital: Hospital
    support: DecisionSupport
    exchange: Exchange

    def follow(self) -> None:
        """What follows the trail by itself does so now."""
        for follower in self.support._followers:
            while follower.look():
                pass

    def give(self, drug: Term, dose: float, unit: str = "ug", item: str = "b1") -> None:
        said = Bolus(drug=drug, dose=dose, unit=unit, route="iv", at_us=self.hospital.clock.at_us)
        self.hospital.desk.set(
            self.hospital.actor("anaesthetist"), "c1", document="d1", item=item, after=0, content=said
        )

    def measure(self, *values: float) -> None:
        """Temperatures, a second apart, until now."""
        now_us = self.hospital.clock.at_us
        for n, value in enumerate(values):
            self.hospital.store.readings.append(reading(TEMP, now_us - (len(values) - n) * 1_000_000, value))

    @property
    def cards(self) -> list[tuple[str, str]]:
        """Rule and summary."""
        return [(card.rule, card.summary) for card, _ in self.hospital.desk.case("c1").cards.values()]

    def sent(self, kind: str) -> list[Sent]:
        return [each for each in self.exchange.outbox.of_case("c1") if each.parcel.kind == kind]

    def states(self, kind: str = "cds-hook") -> list[State]:
        return [each.state for each in self.sent(kind)]

    def counted(self, name: str) -> dict[str, float]:
        """Outcome → how often, of one of our counters."""
        found = {}
        for line in self.hospital.metrics.text().decode().splitlines():
            if line.startswith(f"vitalsd_cds_{name}_total{{"):
                labels, _, value = line.rpartition(" ")
                found[labels.split('outcome="')[1].split('"')[0]] = float(value)
        return found

    async def until(self, condition: Callable[[], Any]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not condition():
                self.support.look()
                await asyncio.sleep(0.03)


def ward(
    url: str, takers: tuple[str, ...] = (), hospital: Hospital | None = None, kept: Kept | None = None, **said: Any
) -> Ward:
    made = hospital or Hospital()
    kept = kept or in_memory(made.clock.now_us)
    said = {"limit_s": LIMIT_S, "choosing_limit_s": LIMIT_S, **said}
    section = CdsSection(service=(CdsService(name="cdss", url=url, **said),) if url else ())
    support = DecisionSupport(
        section, made.desk, made, made.watch.board, kept.outbox, kept.cursors, takers, made.clock.now_us, made.metrics
    )
    begun = Ward(made, support, Exchange(kept, made.clock.now_us, cds=support, metrics=made.metrics))
    begun.follow()
    return begun


@asynccontextmanager
async def running(ward: Ward, *, knows: bool = True) -> AsyncIterator[None]:
    """The courier, and whoever asks what services have; `knows`: not before that is known."""
    stop = asyncio.Event()
    services = ward.support._services
    tasks = [
        asyncio.create_task(ward.exchange.courier.run(stop)),
        asyncio.create_task(services.run(stop, ward.support._fetch)),
    ]
    try:
        if knows:
            await ward.until(lambda: services._known)
        yield
    finally:
        stop.set()
        await asyncio.gather(*tasks)
