"""Metrics: Prometheus' own linter, what is declared against what is scraped, and where numbers come from."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from charting.measuring import Measuring
from charting.metrics import Metrics as OfCharting
from charting.metrics import declared as of_charting
from charting.store.backups import LastRuns
from charting.store.database import StoreError
from charting.store.measures import Measures, Now
from charting.web.timing import Timing
from collector.certificates import expiries, of_database
from collector.exposition import Exposition
from collector.metrics import Metrics as OfBed
from collector.metrics import declared as of_bed
from collector.status import DeviceState, LinkFault
from tests.charting.web.hospital import Hospital, sign_in
from tests.prometheus import promtool
from tests.store.certificates import Authority

DEVICE = ("OR-1", "monitor", "toy")
DAY_S = 86_400.0


def lines(text: bytes, name: str) -> list[str]:
    return [line for line in text.decode().splitlines() if line.startswith(name)]


def test_a_counter_is_one_and_nothing_else_ends_in_total() -> None:
    for one in (*of_bed(), *of_charting()):
        assert one.name.endswith("_total") == (one.kind == "counter"), one.name
        assert one.help, one.name


def test_promtools_linter_is_content() -> None:
    bed, charting = OfBed("OR-1", lambda: 0), OfCharting()
    bed.begin(DEVICE)
    bed.set_state(DEVICE, DeviceState.SILENT, LinkFault.SILENT)
    bed.delivered.set(1)
    charting.answered("GET", "/health", 200, 0.1)
    for metrics in (bed, charting):
        done = promtool("check", "metrics", said=metrics.text())
        assert done.returncode == 0, done.stdout + done.stderr


async def test_answers_are_counted_by_route_and_no_label_names_a_case_or_a_person() -> None:
    hospital, metrics = Hospital(), OfCharting()
    hospital.opened("case-of-zhang")
    transport = httpx.ASGITransport(app=Timing(hospital.app, metrics=metrics))
    async with httpx.AsyncClient(transport=transport, base_url="http://records.test") as client:
        await client.get("/api/cases/case-of-zhang")
        await sign_in(client, "anaesthetist")
        for path in ("/api/cases/case-of-zhang", "/api/cases/unknown", "/nowhere/zhang", "/sign-in"):
            await client.get(path)
    assert set(lines(metrics.text(), "vitalsd_http_requests_total{")) == {
        'vitalsd_http_requests_total{method="GET",route="none",status="401"} 1.0',
        'vitalsd_http_requests_total{method="POST",route="/api/session",status="201"} 1.0',
        'vitalsd_http_requests_total{method="GET",route="/api/cases/{case}",status="200"} 1.0',
        'vitalsd_http_requests_total{method="GET",route="/api/cases/{case}",status="404"} 1.0',
        'vitalsd_http_requests_total{method="GET",route="none",status="404"} 1.0',
        'vitalsd_http_requests_total{method="GET",route="/sign-in",status="200"} 1.0',
    }
    assert not lines(metrics.text(), "vitalsd_http_request_seconds_created")
    assert b"zhang" not in metrics.text()


def test_what_nobody_has_told_has_no_number_and_a_number_told_is_shown_as_it_is() -> None:
    bed = OfBed("OR-1", lambda: 0)
    assert lines(bed.text(), "vitalsd_sink_connected") == lines(bed.text(), "vitalsd_mqtt_connected") == []
    bed.connected.set(0)
    bed.delivered.set(7)
    assert lines(bed.text(), "vitalsd_sink_connected") == ["vitalsd_sink_connected 0.0"]
    assert lines(bed.text(), "vitalsd_delivered_total") == ["vitalsd_delivered_total 7.0"]
    assert "# TYPE vitalsd_delivered_total counter" in bed.text().decode().splitlines()
    assert not lines(bed.text(), "vitalsd_frames_created")


def test_the_first_time_is_an_increase_and_a_fault_is_named() -> None:
    bed = OfBed("OR-1", lambda: 0)
    bed.begin(DEVICE)
    labels = 'bed="OR-1",device="monitor",driver="toy"'
    for name in ("frames", "rejected_bytes", "repeats", "driver_errors"):
        assert lines(bed.text(), f"vitalsd_{name}_total{{") == [f"vitalsd_{name}_total{{{labels}}} 0.0"]
    bed.set_state(DEVICE, DeviceState.WAITING, LinkFault.PORT_GONE)
    standing = [line for line in lines(bed.text(), "vitalsd_device_fault{") if line.endswith(" 1.0")]
    assert [line.split('fault="')[1].split('"')[0] for line in standing] == ["VND_VITALSD_LINK_PORT_GONE"]
    bed.set_state(DEVICE, DeviceState.RECEIVING, None)
    assert not [line for line in lines(bed.text(), "vitalsd_device_fault{") if line.endswith(" 1.0")]


def test_a_process_tells_of_itself() -> None:
    text = Exposition().text()
    (started,) = lines(text, "process_start_time_seconds")
    assert 0 < time.time() - float(started.split()[1]) < DAY_S
    assert lines(text, "process_resident_memory_bytes")


def test_certificates_expire_when_openssl_says_so(tmp_path: Path) -> None:
    old, new = (Authority(tmp_path, name, days=days).certificate for name, days in (("old", 5), ("new", 90)))
    both = tmp_path / "both.pem"
    both.write_text(old.read_text() + new.read_text())
    (tmp_path / "none.pem").write_text("no certificate")
    now_s = datetime.now(UTC).timestamp()
    found = expiries(
        {
            "tls.cert": both,  # a chain is as good as its first to expire
            "mqtt.ca": both,  # authorities as good as the last
            "timescale.sslcert": tmp_path / "none.pem",
            "timescale.sslrootcert": tmp_path / "missing.pem",
        }
    )
    days = {what: round((end_s - now_s) / DAY_S) for what, end_s in found.items()}
    assert days == {"tls.cert": 5, "mqtt.ca": 90}


def test_a_dsn_names_its_certificates() -> None:
    said = "host=db dbname=x sslmode=verify-full sslrootcert=/etc/ca.pem sslcert=/etc/me.pem"
    assert of_database("timescale", said) == {
        "timescale.sslrootcert": Path("/etc/ca.pem"),
        "timescale.sslcert": Path("/etc/me.pem"),
    }
    assert of_database("timescale", "host=db sslrootcert=system") == {}


class _Store(Measures):
    """Says what it is told to say."""

    def __init__(self) -> None:
        self.wrong: Exception | None = None

    def now(self, since_us: int) -> Now:
        assert since_us == -300_000_000
        if self.wrong is not None:
            raise self.wrong
        return Now(occupied=frozenset({"OR-1"}), cases={"or": 2}, clients={"0.6.0": 3})

    def size_bytes(self) -> int:
        return 1_000

    def runs(self) -> Mapping[str, LastRuns]:
        return {}


@pytest.mark.parametrize("wrong", [StoreError("away"), KeyError("an odd row")])
def test_while_the_database_is_away_nobody_knows_what_it_has(wrong: Exception) -> None:
    metrics, store = OfCharting(), _Store()
    measuring = Measuring(store, metrics, {"OR-1": "or", "ICU-1": "icu"}, lambda: 0, backs_up=False)
    measuring.look(size=True)
    names = ("vitalsd_case", "vitalsd_database", "vitalsd_clients")
    assert {line for name in names for line in lines(metrics.text(), name)} == {
        'vitalsd_cases_open{area="or"} 2.0',
        'vitalsd_cases_open{area="icu"} 0.0',
        'vitalsd_case_open{bed="OR-1"} 1.0',
        'vitalsd_case_open{bed="ICU-1"} 0.0',
        "vitalsd_database_reachable 1.0",
        "vitalsd_database_size_bytes 1000.0",
        'vitalsd_clients{version="0.6.0"} 3.0',
    }
    store.wrong = wrong
    measuring.look(size=False)
    assert [line for name in names for line in lines(metrics.text(), name)] == ["vitalsd_database_reachable 0.0"]
    store.wrong = None
    measuring.look(size=False)
    assert "vitalsd_database_reachable 1.0" in lines(metrics.text(), "vitalsd_database")
