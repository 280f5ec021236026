"""Which page of which version each browser shows, as its pages tell it; kept at most once a minute for each."""

import re
from collections.abc import Callable
from threading import Lock

import structlog

from charting.fleet.central import Client, Operations
from collector.errors import VitalsdError
from collector.logs import Link

PACE_US = 60_000_000
OPEN_US = 10_000_000
"""A page that is open tells more often."""
_MOST = 2_000
"""Browsers that are remembered: more than a hospital's theatres have."""

_BROWSERS = (
    ("Edge", r"Edg(?:A|iOS)?/(\d+)"), ("Opera", r"OPR/(\d+)"), ("Firefox", r"(?:Firefox|FxiOS)/(\d+)"),
    ("Chrome", r"(?:Chrome|CriOS)/(\d+)"), ("Safari", r"Version/(\d+).*Safari"),
)  # fmt: skip
_SYSTEMS = (
    ("Windows", r"Windows"), ("Android", r"Android"), ("iOS", r"iPhone|iPad"), ("macOS", r"Mac OS"),
    ("HarmonyOS", r"OpenHarmony|HarmonyOS"), ("ChromeOS", r"CrOS"), ("Linux", r"Linux"),
)  # fmt: skip


def browser(agent: str) -> str:
    """What a User-Agent says that an engineer needs, and no more: "Chrome 138 Windows"; "" where it says nothing."""
    found = ((name, re.search(pattern, agent)) for name, pattern in _BROWSERS)
    named = next((f"{name} {match.group(1)}" for name, match in found if match), "")
    system = next((name for name, pattern in _SYSTEMS if re.search(pattern, agent)), "")
    return " ".join(filter(None, (named, system)))


class Clients:
    """Any thread may call. Of a browser's open pages the one of another version than `version` is kept."""

    def __init__(
        self,
        operations: Operations,
        version: str,
        now_us: Callable[[], int],
        log: structlog.typing.FilteringBoundLogger,
    ) -> None:
        self._operations = operations
        self._version = version
        self._now_us = now_us
        self._link = Link(log, "list of browsers")
        self._lock = Lock()
        self._open: dict[str, dict[tuple[str, str], Client]] = {}
        self._kept_us: dict[str, int] = {}

    def tell(self, *, id_: str, account: str, version: str, agent: str, page: str) -> None:
        """A page is open now. What cannot be kept is logged, and told again."""
        now_us = self._now_us()
        told = Client(id=id_, account=account, version=version, agent=browser(agent), page=page, seen_us=now_us)
        with self._lock:
            pages = {key: each for key, each in self._open.get(id_, {}).items() if now_us - each.seen_us < OPEN_US}
            pages[version, page] = told
            self._open[id_] = pages
            if 0 <= now_us - self._kept_us.get(id_, -PACE_US) < PACE_US:
                return
            self._kept_us[id_] = now_us
            while len(self._open) > _MOST:
                oldest = next(iter(self._open))
                del self._open[oldest]
                self._kept_us.pop(oldest, None)
        old = next((each for each in pages.values() if each.version != self._version), told)
        try:
            self._operations.keep(old)
        except VitalsdError as error:
            self._link.lost(str(error))
        else:
            self._link.good()
