"""What the page of a bed says while its server is away, asked again and again."""

import asyncio
import json
import re
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from typing import Any

from collector.verify.setting import PATIENCE_S

ASK_S = 0.2
_ANSWER_S = 5.0
_STATE = re.compile(r'<p class="state">(.*?)</p>')


@dataclass(slots=True)
class Page:
    """On a port of this machine. Seconds since the cut, and the greatest age of a device's newest value, as Times.

    devices: names of those that speak; one of which the page shows nothing is as old as the outage.
    """

    port: int
    bed: str
    devices: Sequence[str]
    broken: list[str] = field(default_factory=list)
    notice_s: float | None = None
    local_s: float | None = None
    sheet_s: float | None = None
    age_s: float | None = None

    async def watch(self, outage_s: float, stop: asyncio.Event, before: str) -> None:
        """Ask for so long, or until `stop`. before: what the sheet said of the server while it was reached."""
        cut_s = time.monotonic()

        def passed_s() -> float:
            return time.monotonic() - cut_s

        while passed_s() < outage_s and not stop.is_set():
            now = await self.now()
            if now is not None:
                self._look(now, passed_s())
                if self.sheet_s is None and self.notice_s is not None:
                    said = await self.said()
                    self.sheet_s = passed_s() if said not in {None, before} else None
            await asyncio.sleep(ASK_S)
        for path in ("/", "/blank", "/print"):
            await self._get(path)

    async def now(self) -> Any:
        """/api/now; None where it does not answer."""
        text = await self._get("/api/now")
        return None if text is None else json.loads(text)

    async def said(self) -> str | None:
        """What the downtime sheet says of the server; None where there is no whole sheet."""
        text = await self._get("/downtime")
        if text is None:
            return None
        state = _STATE.search(text)
        whole = state is not None and self.bed in text and '<ul class="values"><li' in text and text.endswith("</html>")
        if not whole:
            self._broke("the downtime sheet is not whole")
        return state[1] if state is not None and whole else None

    async def see_reached(self) -> None:
        """Wait until it says that the server is reached."""
        begin_s = time.monotonic()
        while (await self.now() or {}).get("server", {}).get("state") != "reached":
            if time.monotonic() - begin_s > PATIENCE_S:
                self._broke("the bed's page does not say that the server is reached again")
                return
            await asyncio.sleep(ASK_S)

    def _look(self, now: Any, passed_s: float) -> None:
        server = now["server"]
        newest: dict[str, float] = {}
        for value in now["values"]:
            newest[value["device"]] = min(value["age_s"], newest.get(value["device"], value["age_s"]))
        self.age_s = max([self.age_s or 0.0, *(newest.get(device, passed_s) for device in self.devices)])
        if self.notice_s is None and server["state"] == "away":
            self.notice_s = passed_s
        if self.local_s is None and server["local"]:
            self.local_s = passed_s

    async def _get(self, path: str) -> str | None:
        try:
            return await asyncio.to_thread(self._read, path)
        except (OSError, HTTPException) as error:
            self._broke(f"the bed's page did not answer {path}: {type(error).__name__}")
            return None

    def _read(self, path: str) -> str:
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=_ANSWER_S)) as connection:
            connection.request("GET", path)
            answer = connection.getresponse()
            text = answer.read().decode()
            if answer.status != 200:
                raise HTTPException(f"status {answer.status}")
            return text

    def _broke(self, reason: str) -> None:
        if reason not in self.broken:
            self.broken.append(reason)
