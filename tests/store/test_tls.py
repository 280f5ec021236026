"""Between bed and server lies a network that others can read and change: encrypted, and only to the right server."""

import ipaddress
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest
from psycopg import sql
from structlog.testing import capture_logs

from collector.config import PASSWORD_CREDENTIAL, TimescaleSection
from collector.journal import Journal
from collector.migrate import migrate
from collector.timescale import READER
from tests.journal.entries import one_of_each, seconds
from tests.store.certificates import Authority
from tests.store.delivering import delivering, rows, stored, until, wanted
from tests.timescale import Server, cache

HOST = "db.example"
BED = "or-03"
PASSWORD = "gehe'im \\ 密"


class TlsServer:
    """Wants TLS and a password. It has an address of 127.0.0.0/8 to itself, so that its port is free."""

    def __init__(self, folder: Path) -> None:
        folder.chmod(0o755)
        self.authority = Authority(folder, "authority")
        self.address = str(ipaddress.ip_address("127.0.0.0") + secrets.randbelow(1 << 24))
        self._certificate, self._key, clients = (folder / name for name in ("server.crt", "server.key", "hba.conf"))
        clients.write_text("local all all trust\nhostssl all all all scram-sha-256\n")
        self._server = Server(
            folder,
            durable=False,
            settings=f"""
listen_addresses = '{self.address}'
hba_file = '{clients}'
ssl = on
ssl_cert_file = '{self._certificate}'
ssl_key_file = '{self._key}'
""",
        )
        self.dsn = self._server.dsn

    def start(self) -> None:
        self.show(self.authority, HOST)
        self._server.start()
        migrate(self.dsn)
        with psycopg.connect(self.dsn) as admin:
            create = sql.SQL("create role {} login password {} in role vitalsd_bed")
            admin.execute(create.format(sql.Identifier(BED), sql.Literal(PASSWORD)))

    def stop(self) -> None:
        self._server.stop()

    def show(self, authority: Authority, host: str) -> None:
        """Have a certificate from now on, or from the next start on."""
        for source, target in zip(authority.issue(host), (self._certificate, self._key), strict=True):
            shutil.copy(source, target)
            target.chmod(0o600)
            if self._server.user is not None:
                shutil.chown(target, self._server.user)
        if self._server.running():
            rows(self.dsn, "select pg_reload_conf()")

    def empty(self) -> None:
        with psycopg.connect(self.dsn) as admin:
            admin.execute("truncate vitalsd.obs, vitalsd.wave, vitalsd.condition, vitalsd.identity, vitalsd.position")


@pytest.fixture(scope="module")
def running() -> Iterator[TlsServer]:
    with TemporaryDirectory(dir=cache(), prefix="tls-") as name:
        server = TlsServer(Path(name))
        server.start()
        yield server
        server.stop()


@pytest.fixture
def tls(running: TlsServer) -> TlsServer:
    running.empty()
    return running


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = Journal.open(tmp_path / "journal.db", [READER])
    journal.append(ENTRIES)
    yield journal
    journal.close()


@pytest.fixture
def credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file in which systemd would hand over the password."""
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    file = tmp_path / PASSWORD_CREDENTIAL
    file.write_text(f"{PASSWORD}\n", encoding="utf-8")
    return file


ENTRIES = [*one_of_each(), *seconds(0, 10)]


def configured(server: TlsServer, *, host: str = HOST, trusted: Authority | None = None) -> str:
    """The DSN as the daemon takes it from a bed's file."""
    root = (trusted or server.authority).certificate
    dsn = f"host={host} hostaddr={server.address} dbname=postgres user={BED} sslmode=verify-full sslrootcert={root}"
    dsn += " connect_timeout=60"  # so that each failure has the same reason
    return TimescaleSection(dsn=dsn).full_dsn


async def refused(server: TlsServer, dsn: str, journal: Journal) -> str:
    """Let a sink try twice; return the reason it gives. Nothing may have been sent, no secret told."""
    with capture_logs() as logs:
        async with delivering(dsn, journal) as sink:
            until(lambda: any(line["event"] == "store still lost" for line in logs), "a second try")
            reason = sink.status.error
            assert not sink.status.connected
    assert stored(server.dsn).total() == 0
    assert rows(server.dsn, "select * from vitalsd.position") == []
    assert [line["reason"] for line in logs if line["log_level"] == "warning"] == [reason]
    assert "geh" not in str(logs)
    assert len(reason.splitlines()) == 1
    return reason


@pytest.mark.usefixtures("credentials")
async def test_a_bed_delivers_to_the_server_that_it_knows(tls: TlsServer, journal: Journal) -> None:
    async with delivering(configured(tls), journal) as sink:
        await sink.drain()
        encrypted = "select usename, ssl from pg_stat_ssl join pg_stat_activity using (pid) where usename = %s"
        assert rows(tls.dsn, encrypted, BED) == [(BED, True)]
    assert stored(tls.dsn) == wanted(ENTRIES)


@pytest.mark.usefixtures("credentials")
async def test_a_server_of_another_authority_gets_nothing(tls: TlsServer, journal: Journal, tmp_path: Path) -> None:
    dsn = configured(tls, trusted=Authority(tmp_path, "other"))
    assert "certificate verify failed" in await refused(tls, dsn, journal)


@pytest.mark.usefixtures("credentials")
async def test_a_server_of_another_name_gets_nothing(tls: TlsServer, journal: Journal) -> None:
    reason = await refused(tls, configured(tls, host="other.example"), journal)
    assert f'server certificate for "{HOST}" does not match host name "other.example"' in reason


async def test_a_wrong_password_is_told_without_it(tls: TlsServer, journal: Journal, credentials: Path) -> None:
    credentials.write_text("geheimer")
    assert f'password authentication failed for user "{BED}"' in await refused(tls, configured(tls), journal)


@pytest.mark.usefixtures("credentials")
async def test_a_server_that_is_mended_gets_everything(tls: TlsServer, journal: Journal, tmp_path: Path) -> None:
    tls.show(Authority(tmp_path, "impostor"), HOST)
    async with delivering(configured(tls), journal) as sink:
        until(lambda: "certificate verify failed" in sink.status.error, "the impostor is found out")
        assert stored(tls.dsn).total() == 0
        tls.show(tls.authority, HOST)
        await sink.drain()
    assert stored(tls.dsn) == wanted(ENTRIES)
