"""A real Prometheus for tests, and promtool: installed ones, or Debian's package unpacked and not installed.

An installed package would start a server of its own.
"""

import json
import re
import shutil
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Self
from urllib.parse import urlencode

from tests.ports import kept_port
from tests.timescale import cache, locked, unpack, unpacking

SUITE = "bookworm"
"""Its programs need nothing but a C library of Debian 12 or later."""
PATIENCE_S = 120.0
CONFIG = Path(__file__).parent.parent / "config/prometheus"

_UNITS_MS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


def programs() -> Path:
    """The folder of `prometheus` and `promtool`; fetched at the first call on a machine."""
    installed = shutil.which("promtool")
    if installed is not None and shutil.which("prometheus") is not None:
        return Path(installed).parent
    root = cache() / f"{SUITE}-prometheus"
    with locked(root.with_suffix(".lock")):
        if not root.exists():
            with unpacking(SUITE, root) as (apt, into):
                unpack(apt, ["prometheus"], into)
    return root / "usr/bin"


def promtool(*arguments: str | Path, said: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([programs() / "promtool", *arguments], input=said, capture_output=True, check=False)


def hurried(rules: str) -> str:
    """Rules in which a minute is a second: `for`, ranges and offsets, and times written as `N * 60`.

    However many days it has been, `for` is 4 s at the most; a range or an offset is 8 s at the most, and 4 s at the
    least, so that it holds some scrapes. All else, each expression, label and limit, is as it is delivered.
    """

    def shorter(match: re.Match[str]) -> str:
        before, number, unit, after = match.groups()
        ms = int(number) * _UNITS_MS[unit] // 60
        most_ms, least_ms = (4_000, 0) if before.startswith("for") else (8_000, 4_000)
        return f"{before}{max(least_ms, min(ms, most_ms))}ms{after}"

    found = re.sub(r"(for: |\[|offset )(\d+)([smhd])(\]|\b)", shorter, rules)
    return re.sub(r"\* 60\b", "* 1", found)


class Prometheus:
    """Scrapes beds (ids by address) and charting services as config/prometheus says, but each second."""

    def __init__(self, folder: Path, beds: Mapping[str, str], charting: Sequence[str]) -> None:
        for name in ("alerts.yml", "recording.yml"):
            (folder / name).write_text(hurried((CONFIG / name).read_text(encoding="utf-8")), encoding="utf-8")
        config = (CONFIG / "prometheus.yml").read_text(encoding="utf-8")
        for before, after in (
            ("scrape_interval: 15s", "scrape_interval: 1s\n  scrape_timeout: 1s"),
            ("evaluation_interval: 15s", "evaluation_interval: 500ms"),
            ('["127.0.0.1:9183"]', json.dumps(list(charting))),
        ):
            assert config.count(before) == 1, before
            config = config.replace(before, after)
        (folder / "prometheus.yml").write_text(config, encoding="utf-8")
        targets = [{"targets": [address], "labels": {"bed": bed}} for address, bed in beds.items()]
        (folder / "beds.yml").write_text(json.dumps(targets), encoding="utf-8")
        self.url = f"http://127.0.0.1:{kept_port()}"
        self._process = subprocess.Popen(
            [
                programs() / "prometheus",
                f"--config.file={folder}/prometheus.yml",
                f"--storage.tsdb.path={folder}/data",
                f"--web.listen-address={self.url.removeprefix('http://')}",
                "--log.level=error",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def __enter__(self) -> Self:
        until(self.is_ready, "Prometheus is ready")
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()

    def is_ready(self) -> bool:
        assert self._process.poll() is None, "prometheus has ended"
        try:
            with urllib.request.urlopen(f"{self.url}/-/ready") as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def query(self, expression: str) -> list[dict[str, Any]]:
        """The samples of an instant query: `metric` and `value`. An expression that is wrong raises AssertionError."""
        found: list[dict[str, Any]] = self._get("query", query=expression)["result"]
        return found

    def firing(self) -> list[dict[str, Any]]:
        """Alerts that fire now: `labels` and `annotations`."""
        return [alert for alert in self._get("alerts")["alerts"] if alert["state"] == "firing"]

    def fired(self, within_s: float) -> list[dict[str, str]]:
        """The labels of alerts that have fired of late."""
        found = self.query(f'last_over_time(ALERTS{{alertstate="firing"}}[{round(within_s * 1000)}ms])')
        return [alert["metric"] for alert in found]

    def rules(self) -> list[dict[str, Any]]:
        """Every rule as it was read: `name`, `type`, `query`, and an alert's `labels` and `annotations`."""
        return [rule for group in self._get("rules")["groups"] for rule in group["rules"]]

    def _get(self, what: str, **asked: str) -> Any:
        try:
            with urllib.request.urlopen(f"{self.url}/api/v1/{what}?{urlencode(asked)}") as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{asked}: {json.load(error)['error']}") from None


def until(true: Callable[[], object], what: str, why: Callable[[], object] = str) -> None:
    """Look again and again until it is so; `why`: what is told where it never is."""
    deadline = monotonic() + PATIENCE_S
    while not true():
        assert monotonic() < deadline, f"still not: {what}; {why()}"
        sleep(0.2)
