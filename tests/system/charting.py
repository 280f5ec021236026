"""The API of a running charting service, as a program uses it."""

import json
import time
import urllib.request
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from http.cookiejar import CookieJar
from typing import Any

PACE_S = 0.25


class Charting:
    """A signed-in account. `url` ends with a slash."""

    def __init__(self, url: str, account: str, password: str) -> None:
        self.url, self.password = url, password
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        self._csrf = ""
        self._csrf = self.post("/api/session", {"account": account, "password": password})["csrf"]

    def get(self, path: str) -> Any:
        return self._send("GET", path, None)

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        return self._send("POST", path, body)

    def put(self, path: str, body: Mapping[str, Any]) -> Any:
        return self._send("PUT", path, body)

    def record(self, case: str) -> Any:
        """The first document of a case, whole."""
        return self.get(f"/api/records/{case}/{self.get(f'/api/cases/{case}')['records'][0]['document']}")

    def cells(self, case: str, *, within_s: float, wanted: Collection[str]) -> Mapping[str, Sequence[Any]]:
        """Charted cells by signal, as soon as all wanted ones have some, or when the time is up."""
        until = time.monotonic() + within_s
        while True:
            found = charted(self.record(case))
            if set(wanted) <= found.keys() or time.monotonic() > until:
                return found
            time.sleep(PACE_S)

    def _send(self, method: str, path: str, body: Mapping[str, Any] | None) -> Any:
        request = urllib.request.Request(
            self.url.rstrip("/") + path,
            data=None if body is None else json.dumps(body).encode(),
            method=method,
            headers={"content-type": "application/json", "x-csrf-token": self._csrf},
        )
        with self.opener.open(request, timeout=60) as answer:
            return json.loads(answer.read() or b"null")


def charted(record: Any) -> Mapping[str, Sequence[Any]]:
    """What devices said, by signal, of the cells that are charted."""
    found: dict[str, list[Any]] = defaultdict(list)
    for item in record["items"]:
        cell = item["captured"]
        if cell is not None and cell["state"] == "charted":
            found[cell["signal"]].append(cell)
    return found
