"""The central parts: the database, backups and inspections as they were made last, and browsers that show our pages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from charting.store.backups import LastRuns
from collector.fleet import Server

CLIENT_KEPT_US = 30 * 24 * 3600 * 1_000_000
"""A browser that was not seen for so long is forgotten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A browser. `id` is of its own making, `version` of the page that it shows, `agent` which browser it is, `page`
    which kind of page, without whose.
    """

    id: str
    account: str
    version: str
    agent: str
    page: str
    seen_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """An inspection report. `kind`: inspection, performance; `period`: as 2026-11, 2026-Q4, 2026."""

    kind: str
    period: str
    made_us: int


class Operations(Protocol):
    """What the charting database keeps of them. Raises VitalsdError where it cannot be had."""

    def runs(self) -> Mapping[str, LastRuns]:
        """Of backups and of their trial restores, by kind."""

    def reports(self) -> Sequence[Report]:
        """Of each kind the newest."""

    def clients(self) -> Sequence[Client]:
        """Those that were seen last first."""

    def keep(self, client: Client) -> None:
        """In place of what was known of it; those that were not seen for CLIENT_KEPT_US before it are forgotten."""


class MemoryOperations:
    def __init__(self) -> None:
        self.ran: dict[str, LastRuns] = {}
        self.made: list[Report] = []
        self._clients: dict[str, Client] = {}

    def runs(self) -> Mapping[str, LastRuns]:
        return self.ran

    def reports(self) -> Sequence[Report]:
        return list({report.kind: report for report in sorted(self.made, key=lambda r: r.made_us)}.values())

    def clients(self) -> Sequence[Client]:
        return sorted(self._clients.values(), key=lambda client: -client.seen_us)

    def keep(self, client: Client) -> None:
        self._clients[client.id] = client
        since_us = client.seen_us - CLIENT_KEPT_US
        self._clients = {id_: each for id_, each in self._clients.items() if each.seen_us >= since_us}


@dataclass(frozen=True, slots=True, kw_only=True)
class Central:
    """`server` None and no `unreached`: beds are read from their journals; `unreached`: why the server cannot be read.

    `file_bytes`: of the charting's own file, where it is one. `kept`: runs, reports and clients could be read.
    """

    at_us: int
    server: Server | None = None
    unreached: str = ""
    file_bytes: int | None = None
    kept: bool = False
    runs: Mapping[str, LastRuns] = field(default_factory=dict)
    reports: Sequence[Report] = ()
    clients: Sequence[Client] = ()
