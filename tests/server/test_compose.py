"""The central server's compose file: checked by Compose, and what it starts run as written (tests/server/host.py).

Grafana cannot be had in Debian: its settings are read here, and its dashboards where config/grafana is tested.
"""

import json
import os
import pwd
import re
import shutil
import ssl
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from collector.journal import Journal
from collector.timescale import READER
from tests.journal.entries import seconds
from tests.prometheus import until
from tests.server.host import CONFIG, WITHIN_S, Host, merged, prepared
from tests.store.delivering import deliver, rows
from tests.timescale import UnavailableError, cache, run

LASTING = ("timescaledb", "charting", "mosquitto", "prometheus")
ENDING = ("migrate", "roles")
PASSWORD = "a good long password"


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    """Everything that can be had here, begun in the order that `depends_on` asks for."""
    scratch = cache() / f"compose-{os.getpid()}"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    known = {entry.pw_name for entry in pwd.getpwall()}
    users = {"timescaledb": "postgres" if "postgres" in known else "nobody", "mosquitto": "mosquitto"}
    host = Host(merged(prepared(scratch)), scratch, {} if os.getuid() else users)
    try:
        host.begin(LASTING[0])
        for service in ENDING:
            host.complete(service)
        for service in LASTING[1:]:
            host.begin(service)
        yield host
        host.end()
        assert [service for service in LASTING if host.healthy(service)] == [], "nothing runs any more"
    finally:
        host.end()
        shutil.rmtree(scratch)


@pytest.fixture(scope="module")
def compose(host: Host) -> Any:
    return host.compose["services"]


def secret(host: Host, name: str) -> str:
    return (host.scratch / "config/server/secrets" / name).read_text(encoding="utf-8").strip()


def login(host: Host, user: str, password: str, **more: str) -> str:
    """A DSN of the database as a gateway reaches it: by TLS, knowing the server by its certificate."""
    return make_conninfo(
        host="timescaledb", hostaddr="127.0.0.1", port=host.port("timescaledb", "5432"), dbname="vitals", user=user,
        password=password, sslmode="verify-full", sslrootcert=str(host.file("charting", "/run/secrets/ca")),
        **more,
    )  # fmt: skip


def test_only_tls_is_on_the_network(compose: Any) -> None:
    published = {
        (name, port["host_ip"], port["published"]) for name, found in compose.items() for port in found.get("ports", [])
    }
    assert published == {
        ("charting", "0.0.0.0", "443"), ("timescaledb", "0.0.0.0", "5432"), ("mosquitto", "0.0.0.0", "8883"),
        ("prometheus", "127.0.0.1", "9090"), ("grafana", "127.0.0.1", "3000"),
    }  # fmt: skip


def test_images_have_versions_and_what_lasts_is_watched_and_started_again(compose: Any) -> None:
    for name, found in compose.items():
        assert re.fullmatch(r"[\w./-]+:v?\d+\.\d+[\w.-]*", found["image"]), name
        lasts = name in {*LASTING, "grafana"}
        assert (found.get("restart") == "unless-stopped", "healthcheck" in found) == (lasts, lasts), name


def test_no_secret_is_in_the_file_or_the_environment(host: Host) -> None:
    text = json.dumps(host.compose)
    secrets = [file for file in (host.scratch / "config/server/secrets").iterdir() if file.suffix != ".pem"]
    assert len(secrets) > 8
    for file in secrets:
        assert file.read_text(encoding="utf-8").strip() not in text, file.name
    mounted = {secret["source"] for found in host.compose["services"].values() for secret in found.get("secrets", [])}
    assert mounted == host.compose["secrets"].keys()


def test_compose_says_what_is_wrong(host: Host, tmp_path: Path) -> None:
    broken = tmp_path / "server"
    shutil.copytree(host.scratch / "config/server", broken)
    file = broken / "compose.yaml"
    file.write_text(file.read_text("utf-8").replace("    healthcheck:", "    healthchek:", 1), encoding="utf-8")
    with pytest.raises(UnavailableError, match="healthchek"):
        merged(broken)


def test_what_is_mounted_is_there(compose: Any) -> None:
    volumes = [volume for found in compose.values() for volume in found.get("volumes", [])]
    sources = {volume["source"] for volume in volumes if volume["type"] == "bind"}
    assert [source for source in sources if not Path(source).exists()] == []


def test_health_checks_are_content_with_what_runs(host: Host) -> None:
    for service in LASTING:
        until(partial(host.healthy, service), service)


def test_secrets_and_logins_stay_where_they_are_made_again(host: Host) -> None:
    before = {file.name: file.read_bytes() for file in (host.scratch / "config/server/secrets").iterdir()}
    run(host.scratch / "config/server/prepare.sh", "db.example")
    assert {file.name: file.read_bytes() for file in (host.scratch / "config/server/secrets").iterdir()} == before
    host.complete("roles")
    psycopg.connect(login(host, "charting", secret(host, "charting-password"))).close()


def test_certificates_are_renewed_by_the_same_authority(host: Host, tmp_path: Path) -> None:
    server = tmp_path / "server"
    shutil.copytree(host.scratch / "config/server", server)
    secrets = server / "secrets"
    before = {name: (secrets / name).read_bytes() for name in ("ca.pem", "server.pem", "charting.key", "ca.key")}
    for file in {*secrets.glob("server.*"), *secrets.glob("*.key")} - {secrets / "ca.key"}:
        file.unlink()
    (secrets / "ca.key").rename(tmp_path / "ca.key")
    with pytest.raises(UnavailableError, match=r"needed: .*ca\.key"):
        run(server / "prepare.sh", "db.example")
    (tmp_path / "ca.key").rename(secrets / "ca.key")
    run(server / "prepare.sh", "db.example")
    same = [name for name, data in before.items() if (secrets / name).read_bytes() == data]
    assert same == ["ca.pem", "ca.key"]
    run("openssl", "verify", "-verify_hostname", "db.example", "-CAfile", secrets / "ca.pem", secrets / "server.pem")


def test_what_a_person_prepares_is_left_out_of_git(host: Host) -> None:
    made = [f"config/server/secrets/{file.name}" for file in (host.scratch / "config/server/secrets").iterdir()]
    ignored = run("git", "-C", CONFIG.parent, "check-ignore", "config/server/.env", *made).split()
    assert ignored == ["config/server/.env", *made]


def test_the_database_takes_a_login_over_tls_and_nothing_else(host: Host) -> None:
    good = login(host, "charting", secret(host, "charting-password"))
    with psycopg.connect(good) as connection:
        assert connection.execute("select ssl from pg_stat_ssl where pid = pg_backend_pid()").fetchone() == (True,)
    for bad, said in (
        (make_conninfo(good, sslmode="disable"), "no encryption"),
        (make_conninfo(good, password="wrong"), "password authentication failed"),
        (make_conninfo(good, host="another.example"), "does not match"),
    ):
        with pytest.raises(psycopg.OperationalError, match=said):
            psycopg.connect(bad)


async def test_a_bed_delivers_and_dashboards_read(host: Host, tmp_path: Path) -> None:
    owner = login(host, "postgres", secret(host, "postgres-password"))
    with psycopg.connect(owner) as connection:
        connection.execute("create role \"OR-03\" login password 'secret of the bed' in role vitalsd_bed")
    entries = seconds(0, 10)
    journal = Journal.open(tmp_path / "journal.db", [READER])
    try:
        journal.append(entries)
        await deliver(login(host, "OR-03", "secret of the bed"), journal)
    finally:
        journal.close()
    reader = login(host, "grafana", secret(host, "grafana-database-password"))
    assert rows(reader, "select count(*) from vitals") == [(len(entries),)]
    with pytest.raises(psycopg.errors.InsufficientPrivilege), psycopg.connect(reader) as connection:
        connection.execute("delete from vitalsd.obs")


def test_a_backup_is_made_and_restored_for_trial(host: Host) -> None:
    assert "restored for trial, 0 differences" in host.complete("backup")


def test_the_first_administrator_signs_in_over_tls(host: Host) -> None:
    migrate = host.compose["services"]["migrate"]["command"]
    made = host.complete("migrate", "account", migrate[-1], "add", "wang", "--name", "王芳", "--role", "administrator",
                         stdin=f"{PASSWORD}\n")  # fmt: skip
    assert made.strip().endswith("wang: done")
    trust = ssl.create_default_context(cafile=str(host.file("charting", "/run/secrets/ca")))
    with httpx.Client(
        base_url=f"https://localhost:{host.port('charting', '8443')}", verify=trust, timeout=WITHIN_S
    ) as client:
        answer = client.post("/api/session", json={"account": "wang", "password": PASSWORD})
    assert (answer.status_code, answer.json()["name"]) == (201, "王芳")


def test_charting_reaches_the_broker_and_prometheus_knows_where_charting_is(host: Host) -> None:
    prometheus = f"http://localhost:{host.port('prometheus', '9090')}/api/v1"

    def scraped() -> str | None:
        """Where Prometheus finds charting's metrics; it looks for its targets some seconds after its start."""
        targets = httpx.get(f"{prometheus}/targets", timeout=WITHIN_S).json()["data"]["activeTargets"]
        return next((t["scrapeUrl"] for t in targets if t["labels"]["job"] == "vitalsd-charting"), None)

    until(scraped, "Prometheus has a target")
    charting = scraped() or ""
    until(
        lambda: "\nvitalsd_mqtt_connected 1.0\n" in httpx.get(charting, timeout=WITHIN_S).text,
        "charting has reached the broker",
    )
    groups = httpx.get(f"{prometheus}/rules", timeout=WITHIN_S).json()["data"]["groups"]
    loaded = {rule["name"] for group in groups for rule in group["rules"]}
    rules = "".join((CONFIG / "prometheus" / name).read_text("utf-8") for name in ("alerts.yml", "recording.yml"))
    written = set(re.findall(r"^ *- (?:alert|record): (\S+)$", rules, re.MULTILINE))
    assert loaded == written
    assert len(written) > 20


def test_the_broker_wants_a_login(host: Host) -> None:
    port, ca = host.port("mosquitto", "8883"), host.file("charting", "/run/secrets/ca")
    url = f"mqtts://{{}}localhost:{port}/vitalsd/department/status"
    ask = [*host.programs(["mosquitto_sub"]), "--cafile", str(ca), "-C", "1", "-W", "60", "-L"]
    with pytest.raises(UnavailableError, match=r"[Nn]ot authori[sz]ed"):
        run(*ask, url.format(""))
    assert '"state":"online"' in run(*ask, url.format(f"charting:{secret(host, 'mqtt-password')}@"))


def test_grafana_finds_what_its_settings_name(compose: Any) -> None:
    grafana = compose["grafana"]
    targets = {volume["target"]: Path(volume["source"]) for volume in grafana["volumes"] if volume["type"] == "bind"}
    text = "\n".join(file.read_text("utf-8") for file in targets["/etc/grafana/provisioning"].rglob("*.yml"))
    secrets = {secret["target"] for secret in grafana["secrets"]}
    named = set(re.findall(r"/run/secrets/[\w-]+", text))
    assert named
    assert named <= secrets
    assert set(re.findall(r"url: (?:http://)?([\w-]+):\d+", text)) == {"prometheus", "timescaledb"}
    (dashboards,) = re.findall(r"path: ([\w/]+)", text)
    assert list(targets[dashboards].glob("*.json"))
