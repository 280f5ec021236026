"""Each alert of config/prometheus fires by a fault that is caused, and clears when that is mended; each panel has rows.

Time runs as `tests.prometheus.hurried` says. What cannot be caused in a test is spoken by a stand-in in the same names:
clocks, versions of other gateways, restarts for an hour, a database that grows by gigabytes, updates of days, and a
watch that stands still.
"""

import re
import threading
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import count, islice
from typing import Any

import psycopg
import pytest

from charting.metrics import declared as of_charting
from collector.metrics import declared as of_bed
from tests.prometheus import Prometheus, promtool, until
from tests.timescale import database
from tests.watch.panels import Asked, asked
from tests.watch.stage import HOT, Hospital, Page, hospital

BED, CHARTING = {"job": "vitalsd-bed"}, {"job": "vitalsd-charting"}
IN_STAND = {"bed": "OR-9"}
DAYS_S = 86_400
PAGES = 4
"""Open at a bed; each tells once that it has drawn an alarm late: of one alone, nobody might ask in time."""
NO_TIME = "MSH|^~\\&|HIS|H|AIMS|OR|||ADT^A02|{number}|P|2.4\rPID|1||1^^^H^MR\r"
"""When it was nobody can say."""

FAULTS: Mapping[str, Mapping[str, str]] = {
    "VitalsdGatewayDown": {"bed": "OR-1", **BED},
    "VitalsdGatewayDownInCase": {"bed": "OR-1", **BED},
    "VitalsdAlarmsUnknownInCase": {"bed": "OR-1", **CHARTING},
    "VitalsdDeviceNotReceived": {"bed": "OR-2", "device": "m0", "driver": "gekko-gx1"},
    "VitalsdDeviceNotReceivedInCase": {"bed": "OR-2", "device": "m0", "driver": "gekko-gx1"},
    "VitalsdDataOld": {"bed": "OR-2", "device": "m1"},
    "VitalsdRejectedBytes": {"bed": "OR-2", "device": "m2"},
    "VitalsdDriverErrors": {"bed": "OR-2", "device": "m3", "driver": "faulty"},
    "VitalsdAlarmPageSlow": {"bed": "OR-2"},
    "VitalsdAlarmLatency": {"severity": "warning"},
    "VitalsdMqttDown": {"bed": "OR-2"},
    "VitalsdStoreNotConnected": {"bed": "OR-3"},
    "VitalsdJournalOld": {"bed": "OR-3"},
    "VitalsdJournalNearlyFull": {"bed": "OR-3"},
    "VitalsdSacrificed": {"bed": "OR-3"},
    "VitalsdParkedRows": {"bed": "OR-3"},
    "VitalsdMessageParked": {"destination": "refuses", **CHARTING},
    "VitalsdMessagesWaiting": {"destination": "away", **CHARTING},
    "VitalsdMessagesFailed": {"source": "his", **CHARTING},
    "VitalsdCertificateExpiring": {"bed": "OR-3", "what": "timescale.sslrootcert"},
    "VitalsdCertificateExpiresNow": {"bed": "OR-3", "what": "timescale.sslrootcert"},
    "VitalsdDiskNearlyFull": {"bed": "OR-4"},
    "VitalsdDiskFull": {"bed": "OR-4"},
    "VitalsdJournalUnsaved": {"bed": "OR-4"},
    "VitalsdChartingSlow": {"severity": "warning"},
    "VitalsdChartingErrors": {"severity": "warning"},
    "VitalsdDatabaseUnreachable": {"severity": "critical", **CHARTING},
    "VitalsdChartingDown": CHARTING,
    "VitalsdBackupFailed": {"kind": "backup", **CHARTING},
    "VitalsdBackupOld": {"kind": "backup", **CHARTING},
    "VitalsdRestoreTestOld": {"kind": "restore_test", **CHARTING},
}
SPOKEN: Mapping[str, Mapping[str, str]] = {
    "VitalsdRestartsLooping": IN_STAND,
    "VitalsdVersionsDiffer": {},
    "VitalsdThreeVersions": {},
    "VitalsdClockUnsynchronised": IN_STAND,
    "VitalsdClockError": IN_STAND,
    "VitalsdClockDrift": IN_STAND,
    "VitalsdClockStepped": IN_STAND,
    "VitalsdDeviceClockWrong": {**IN_STAND, "device": "pump"},
    "VitalsdWatchStalled": {"what": "alarms"},
    "VitalsdDatabaseGrows": IN_STAND,
    "VitalsdUpdateReturned": IN_STAND,
    "VitalsdUpdateWaiting": IN_STAND,
}

WELL: Mapping[str, Callable[[], float]] = {
    "process_start_time_seconds": lambda: 1.0,
    "vitalsd_clock_synchronised": lambda: 1,
    "vitalsd_clock_error_seconds": lambda: 0.01,
    "vitalsd_clock_drift_ratio": lambda: 0.00001,
    "vitalsd_clock_steps_total": lambda: 3,
    'vitalsd_clock_offset_seconds{device="pump"}': lambda: 0,
    "vitalsd_database_size_bytes": lambda: 1e12,
    'vitalsd_watch_look_seconds_count{what="alarms"}': time.time,
    "vitalsd_update_returned": lambda: 0,
    "vitalsd_update_waiting_seconds": lambda: 0,
}


def ill() -> Mapping[str, Callable[[], float]]:
    began_s = time.time()
    return {
        "process_start_time_seconds": time.time,
        'vitalsd_build_info{version="0.0.1"}': lambda: 1,
        'vitalsd_build_info{version="0.0.2"}': lambda: 1,
        "vitalsd_clock_synchronised": lambda: 0,
        "vitalsd_clock_error_seconds": lambda: 1.9,
        "vitalsd_clock_drift_ratio": lambda: -0.00049,
        "vitalsd_clock_steps_total": lambda: 4 + time.time() - began_s,  # again and again
        'vitalsd_clock_offset_seconds{device="pump"}': lambda: -3600,
        "vitalsd_database_size_bytes": lambda: 1e12 + 2e9 * (time.time() - began_s),
        'vitalsd_watch_look_seconds_count{what="alarms"}': lambda: began_s,
        "vitalsd_update_returned": lambda: 1,
        "vitalsd_update_waiting_seconds": lambda: 8 * DAYS_S,
    }


class Bell:
    """What Prometheus alerts of, and has alerted of since faults began."""

    def __init__(self, prometheus: Prometheus) -> None:
        self._prometheus = prometheus
        self.began_s = time.monotonic()

    def firing(self) -> list[dict[str, Any]]:
        return [alert for alert in self._prometheus.firing() if not _of_this_machine(alert["labels"])]

    def missing(self, names: Iterable[str]) -> list[str]:
        """Alerts that have not fired, or not with the labels of their fault."""
        heard = self._prometheus.fired(time.monotonic() - self.began_s)
        wanted = {name: {"alertname": name, **{**FAULTS, **SPOKEN}[name]} for name in names}
        return [name for name, labels in wanted.items() if not any(labels.items() <= alert.items() for alert in heard)]

    def wait(self, *names: str) -> None:
        until(lambda: not self.missing(names), "firing", lambda: self.missing(names))


def _of_this_machine(labels: Mapping[str, str]) -> bool:
    """Its own clock and disk are what they are."""
    own = {"VitalsdClock": "OR-9", "VitalsdDisk": "OR-4"}
    return any(labels["alertname"].startswith(name) and labels["bed"] != bed for name, bed in own.items())


def is_of(alert: Mapping[str, Any], name: str, **labels: str) -> bool:
    return bool({"alertname": name, **labels}.items() <= alert["labels"].items())


def why_not_received(bell: Bell, device: str) -> list[str]:
    """The reasons that the alert gives, in both languages; nothing while it does not fire."""
    said = (one["annotations"] for one in bell.firing() if is_of(one, "VitalsdDeviceNotReceived", device=device))
    return [
        reason
        for texts in said
        for key in ("description", "description_zh")
        for reason in re.findall(r"\(VND_\w+\)", texts[key])
    ]


def draw_one(pages: Iterator[Page]) -> None:
    """The next one, if there is any."""
    for page in islice(pages, 1):
        page.draw()


def all_told(pages: Sequence[Page], alarms: int) -> bool:
    return all(len(page.numbers) >= alarms for page in pages)


@contextmanager
def again_and_again(do: Callable[[], object], every_s: float, people: int = 1) -> Iterator[None]:
    """People who each do it for as long as this lasts."""
    stop = threading.Event()

    def work() -> None:
        while not stop.wait(every_s):
            do()

    threads = [threading.Thread(target=work, daemon=True) for _ in range(people)]
    for one in threads:
        one.start()
    yield
    stop.set()
    for one in threads:
        one.join()


@pytest.fixture(scope="module")
def ward(timescale: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hospital]:
    with database(timescale) as dsn, hospital(tmp_path_factory.mktemp("ward"), dsn, WELL) as found:
        yield found


@pytest.mark.timeout(480)
def test_each_alert_fires_by_its_fault_and_clears(ward: Hospital) -> None:
    bell, speaks = Bell(ward.prometheus), ward.stand_in.values
    assert {rule["name"] for rule in ward.prometheus.rules() if rule["type"] == "alerting"} == {*FAULTS, *SPOKEN}
    up = len(ward.beds) + 3
    until(lambda: ward.prometheus.query('vitalsd_database_size_bytes{bed="OR-9"} offset 8s'), "a past")
    until(lambda: len(ward.prometheus.query("up == 1")) == up and not bell.firing(), "all is well", bell.firing)
    pages = [Page(ward.beds["OR-2"].page) for _ in range(PAGES)]
    until(lambda: all(page.knows for page in pages), "pages know what stands")

    bell.began_s = time.monotonic()
    first, silent, noisy, faulty, *_ = ward.mattresses["OR-2"]
    hot = ward.mattresses["OR-2"][HOT]
    for mattress in hot:
        mattress.hot = True
    hot_s = time.monotonic()
    speaks |= ill()
    ward.daemons["OR-1"].kill()
    first.unplug()
    silent.values, noisy.garbage, faulty.garbage = False, b"\xff" * 100 + b"\n", b"RAISE\n"
    ward.broker.kill()
    ward.send("refuses", "away")
    ward.forget_backups()
    ward.back_up("backup", days_ago=1.2)
    ward.back_up("backup", days_ago=0, reasons=("no room",))
    ward.back_up("restore_test", days_ago=36)
    ward.fill_disk()
    ward.certify(days=2)
    ward.proxies["OR-3"].open = False
    ward.proxies["OR-3"].cut()
    ward.daemons["OR-3"].kill()
    ward.fill_journal()
    ward.daemons["OR-3"].start()
    other = ward.proxies["other"]
    with again_and_again(ward.ask_other, every_s=0.1, people=4):
        other.delay_s = 0.5
        bell.wait("VitalsdChartingSlow")
        until(lambda: time.monotonic() > hot_s + 6 and all_told(pages, len(hot)), "alarms that are old enough")
        other.delay_s, other.open = 0.0, False
        other.cut()
        bell.wait("VitalsdChartingErrors", "VitalsdDatabaseUnreachable")
    until(
        lambda: time.monotonic() > hot_s + 11 and len(ward.standing()) == len(hot),
        "alarms that are old enough for the department",
    )
    ward.daemons["other"].kill()
    numbers, undrawn = count(), iter(pages)
    with (
        again_and_again(lambda: ward.tell(NO_TIME.format(number=next(numbers)).encode()), every_s=1),
        again_and_again(ward.show_late, every_s=1),
        again_and_again(lambda: draw_one(undrawn), every_s=3),
    ):
        bell.wait(*(name for name in [*FAULTS, *SPOKEN] if name != "VitalsdParkedRows"))
    ward.proxies["OR-3"].open = True
    bell.wait("VitalsdParkedRows")

    said = [alert["annotations"] for alert in bell.firing()]
    assert not [text for texts in said for text in texts.values() if not text or "{{" in text or "<" in text]
    until(lambda: why_not_received(bell, "m0") == ["(VND_VITALSD_LINK_PORT_GONE)"] * 2, "the reason", bell.firing)

    for series in [*speaks]:
        if series not in WELL:
            del speaks[series]
    speaks |= WELL
    for mattress in hot:
        mattress.hot = False
    first.plug()
    silent.values, noisy.garbage, faulty.garbage = True, b"", b""
    ward.broker.start()
    ward.withdraw("refuses", "away")
    ward.back_up("backup", days_ago=0)
    ward.back_up("restore_test", days_ago=0)
    (ward.disk / "filler").unlink()
    ward.certify(days=90)
    ward.daemons["OR-3"].kill()
    other.open = True
    for name in ("OR-1", "OR-3", "other"):
        ward.daemons[name].start()
    until(lambda: not bell.firing(), "all is well again", bell.firing)


@pytest.mark.timeout(180)
def test_each_query_of_a_panel_returns_rows(ward: Hospital) -> None:
    first, _, noisy, *_ = ward.mattresses["OR-2"]
    first.unplug()
    noisy.garbage = b"\xff" * 100 + b"\n"
    with psycopg.connect(ward.dsn, autocommit=True) as store:
        store.execute("set role vitalsd_read")
        lacking = list(asked())

        def has_rows(one: Asked) -> bool:
            ask = store.execute if one.sql else ward.prometheus.query
            found = (ask(one.of(bed)) for bed in ("OR-2", "OR-3", "OR-9"))
            return any(rows.fetchall() if isinstance(rows, psycopg.Cursor) else rows for rows in found)

        def all_have() -> bool:
            lacking[:] = [one for one in lacking if not has_rows(one)]
            return not lacking

        until(all_have, "rows", lambda: [(one.panel, one.text) for one in lacking])
    first.plug()
    noisy.garbage = b""


def scraped(address: str) -> bytes:
    """Nothing while nobody answers."""
    with suppress(OSError), urllib.request.urlopen(f"http://{address}/metrics") as answer:
        text: bytes = answer.read()
        return text
    return b""


def told(text: bytes) -> set[tuple[str, ...]]:
    """Names and kinds."""
    return {tuple(line.split()[2:4]) for line in text.decode().splitlines() if line.startswith("# TYPE ")}


def scraped_whole(address: str, wanted: set[tuple[str, str]]) -> bytes:
    """As soon as these and no others are told: what nobody knows yet has no number."""
    said = b""

    def is_whole() -> bool:
        nonlocal said
        said = scraped(address)
        return told(said) == wanted

    until(is_whole, "all that is declared", lambda: wanted ^ told(said))
    return said


def test_what_a_daemon_tells_is_declared_and_promtool_is_content(ward: Hospital) -> None:
    for address, declared in ((ward.beds["OR-2"].metrics, of_bed()), (ward.desk_metrics, of_charting())):
        text = scraped_whole(address, {(one.name, one.kind) for one in declared})
        labels = {one.name: set(one.labels) for one in declared if one.kind != "histogram"}
        for name, found in re.findall(r"^(\w+)\{(.*)\} ", text.decode(), re.MULTILINE):
            if name in labels:
                assert set(re.findall(r'(\w+)="', found)) == labels[name], name
        done = promtool("check", "metrics", said=text)
        assert done.returncode == 0, done.stdout + done.stderr
