"""The services as they are now: what each tells of itself, whether it is left alone, who signs for it."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress

from charting.apart import unforeseen
from charting.cds.breaker import Breaker
from charting.cds.config import CdsSection, CdsService, Hook
from charting.cds.discovery import Endpoint, endpoints
from collector.logs import logger

EVERY_S = 3600.0
"""How often a service is asked anew what it has."""
AGAIN_S = 60.0
_STANDARD = frozenset({"encounter-start", "order-select"})

Fetch = Callable[[CdsService], Awaitable[bytes]]
"""GET of a service's /cds-services. Raises ConnectionError, TimeoutError where it does not answer in its time."""


class Services:
    """Any thread may call."""

    def __init__(self, section: CdsSection, now_us: Callable[[], int]) -> None:
        self.section = section
        self.breakers: Mapping[str, Breaker] = {each.name: Breaker(now_us) for each in section.service}
        self._known: dict[str, Sequence[Endpoint]] = {}
        self._log = logger(part="decision support")

    def name_of(self, hook: Hook) -> str:
        """As it is called on the wire."""
        return hook if hook in _STANDARD else f"{self.section.domain}.aims-{hook}"

    def asked(self, hook: Hook, area: str) -> Sequence[tuple[CdsService, Endpoint]]:
        """Whom to ask."""
        wire = self.name_of(hook)
        return [
            (service, endpoint)
            for service in self.section.service
            if hook in service.hooks and area in service.areas
            for endpoint in self._known.get(service.name, ())
            if endpoint.hook == wire and (not service.services or endpoint.id in service.services)
        ]

    def learn(self, service: str, body: bytes) -> None:
        """What a service tells of itself. Raises Refused."""
        self._known[service] = endpoints(body)

    async def run(self, stop: asyncio.Event, fetch: Fetch) -> None:
        """Ask each service what it has until `stop`; one that does not answer delays no other."""
        async with asyncio.TaskGroup() as group:
            for service in self.section.service:
                group.create_task(self._follow(service, stop, fetch))

    async def _follow(self, service: CdsService, stop: asyncio.Event, fetch: Fetch) -> None:
        failed = False
        while not stop.is_set():
            wait_s = EVERY_S
            try:
                self.learn(service.name, await fetch(service))
                failed = False
            except Exception as error:  # noqa: BLE001  a stranger's answer must not end the service
                wait_s = AGAIN_S
                if not failed:
                    self._log.warning("a decision support service tells not what it has", service=service.name,
                                      error=unforeseen(error))  # fmt: skip
                failed = True
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), wait_s * random.uniform(0.9, 1.1))  # noqa: S311  no secret
