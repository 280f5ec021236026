"""The service in this process: what it listens with, what it refuses, how it ends."""

import asyncio
import socket
import sqlite3
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from charting.accounts.accounts import OPERATOR
from charting.accounts.actor import Actor
from charting.config import ChartingConfig, load
from charting.library.library import LibraryError, NowhereToKeepError, parse
from charting.page import server as server_module
from charting.service import Service, run_charting
from charting.trail.entries import LibraryLoaded
from charting.web import news as news_module
from charting.web.verifying import Verifying
from collector.errors import UsageError
from collector.journal import Journal
from collector.transport.net import free_port
from tests.journal.entries import T0_US
from tests.mqtt.broker import PATIENCE_S, Mosquitto, subscribed, until
from tests.page.data import alarm

PASSWORD = "a long enough phrase"
DRUGS = "code,zh,en,valid_from,valid_to\nA1,丙泊酚,Propofol,,\n"


def configured(tmp_path: Path, *, listen: str = "", more: str = "") -> ChartingConfig:
    file = tmp_path / "charting.toml"
    file.write_text(
        f'[charting]\nlisten = "{listen or f"127.0.0.1:{free_port(socket.SOCK_STREAM)}"}"\nsite = "医院"\n'
        f'database = "sqlite:///{tmp_path}/charting.db"\n'
        f'beds = [{{ id = "OR-1", journal = "{tmp_path}/journal.db" }}]\n{more}',
        encoding="utf-8",
    )
    return load(file)


@asynccontextmanager
async def running(config: ChartingConfig) -> AsyncIterator[tuple[Service, asyncio.Event, asyncio.Task[None]]]:
    stop, started = asyncio.Event(), asyncio.get_running_loop().create_future()

    async def ready(service: Service) -> None:
        started.set_result(service)

    task = asyncio.create_task(run_charting(config, stop, ready=ready))
    await asyncio.wait([task, started], return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        task.result()
    try:
        yield started.result(), stop, task
    finally:
        stop.set()
        await task


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
         "-keyout", tmp_path / "key.pem", "-out", tmp_path / "cert.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
    return tmp_path / "cert.pem"


async def test_it_speaks_https_with_the_configured_certificate_and_nothing_else(
    tmp_path: Path, certificate: Path
) -> None:
    config = configured(tmp_path, more=f'[tls]\ncert = "{certificate}"\nkey = "{tmp_path}/key.pem"\n')
    trust = ssl.create_default_context(cafile=str(certificate))
    async with running(config):
        async with httpx.AsyncClient(verify=trust, timeout=PATIENCE_S) as client:
            answer = await client.get(f"https://{config.charting.listen}/sign-in")
            assert answer.status_code == 200
            assert answer.headers["strict-transport-security"]
        async with httpx.AsyncClient(timeout=PATIENCE_S) as client:
            with pytest.raises(httpx.TransportError):
                await client.get(f"http://{config.charting.listen}/sign-in")


async def test_open_event_streams_end_at_once_with_the_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By themselves: neither with their next look at the trail nor because the server cuts them off."""
    monkeypatch.setattr(news_module, "PACE_S", 3600.0)
    monkeypatch.setattr(server_module, "_CLOSE_S", 3600)
    config = configured(tmp_path)
    async with running(config) as (service, stop, task):
        roles = ["anaesthetist"]
        await asyncio.to_thread(service.accounts.create, OPERATOR, "zhang", name="张", roles=roles, password=PASSWORD)
        async with httpx.AsyncClient(base_url=f"http://{config.charting.listen}", timeout=PATIENCE_S) as client:
            await client.post("/api/session", json={"account": "zhang", "password": PASSWORD})
            async with client.stream("GET", "/api/events") as stream:
                lines = stream.aiter_lines()
                await anext(lines)
                stop.set()
                async with asyncio.timeout(PATIENCE_S):
                    async for _ in lines:
                        pass
        await task


async def test_an_address_that_is_taken_and_libraries_that_are_none_are_the_callers_mistake(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        config = configured(tmp_path, listen=f"127.0.0.1:{taken.getsockname()[1]}")
        with pytest.raises(UsageError, match="cannot listen"):
            await run_charting(config, asyncio.Event())
    folder = tmp_path / "libraries"
    folder.mkdir()
    (folder / "drugs-1.csv").write_text("code,zh\nA1,丙泊酚\n", encoding="utf-8")
    (folder / "x.csv").write_text("", encoding="utf-8")
    text = (tmp_path / "charting.toml").read_text(encoding="utf-8")
    (tmp_path / "charting.toml").write_text(text + f'libraries = "{folder}"\n', encoding="utf-8")
    with pytest.raises(UsageError) as refused:
        await run_charting(load(tmp_path / "charting.toml"), asyncio.Event())
    assert len(refused.value.reasons) == 2


def test_a_library_that_is_loaded_is_kept_and_in_the_trail(tmp_path: Path) -> None:
    folder = tmp_path / "libraries"
    folder.mkdir()
    config = configured(tmp_path, more=f'libraries = "{folder}"\n')
    by = Actor(account="head", name="主任", roles=frozenset({"head"}))
    service = Service.of(config)
    service.loading.library(parse(DRUGS, "drugs-9.1.csv"), DRUGS, by)
    entry = next(iter(service.trail.all(kinds=["library_loaded"])))
    assert isinstance(entry.body, LibraryLoaded)
    assert (entry.actor, entry.body.library, entry.body.version, entry.body.terms) == ("head", "drugs", "9.1", 1)
    service.close()
    again = Service.of(config)
    current = again.desk.libraries.current("drugs")
    assert current is not None
    assert (current.version, list(current.codings)) == ("9.1", ["A1"])
    again.close()
    none = Service.of(configured(tmp_path))
    with pytest.raises(NowhereToKeepError):
        none.loading.library(parse(DRUGS, "drugs-9.2.csv"), DRUGS, by)
    assert none.desk.libraries.current("drugs") != parse(DRUGS, "drugs-9.2.csv")
    none.close()


def test_a_version_that_says_something_else_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "libraries"
    folder.mkdir()
    service = Service.of(configured(tmp_path, more=f'libraries = "{folder}"\n'))
    service.loading.library(parse(DRUGS, "drugs-9.1.csv"), DRUGS, OPERATOR)
    other = DRUGS.replace("Propofol", "Water")
    with pytest.raises(LibraryError, match="something else"):
        service.loading.library(parse(other, "drugs-9.1.csv"), other, OPERATOR)
    service.loading.library(parse(DRUGS, "drugs-9.1.csv"), DRUGS, OPERATOR)
    assert [f.name for f in folder.iterdir()] == ["drugs-9.1.csv"]
    assert len(list(service.trail.all(kinds=["library_loaded"]))) == 2
    service.close()


async def test_what_was_changed_in_the_database_is_found_by_the_page_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Verifying.ask, "__kwdefaults__", {"wait_s": PATIENCE_S})
    config = configured(tmp_path)
    async with running(config) as (service, _, _):
        service.accounts.create(OPERATOR, "chief", name="主任", roles=["head"], password=PASSWORD)
        base = f"http://{config.charting.listen}"
        async with httpx.AsyncClient(base_url=base, timeout=PATIENCE_S) as client:
            signed = await client.post("/api/session", json={"account": "chief", "password": PASSWORD})
            assert signed.status_code == 201
            assert (await client.get("/api/audit/verification")).json()["whole"]
            with closing(sqlite3.connect(tmp_path / "charting.db")) as database:
                database.execute("update head set hash = ?", ("0" * 64,))
                database.commit()
            said = (await client.get("/api/audit/verification")).json()
            assert (said["running"], said["whole"]) == (False, False)
            assert "was the last to be written" in said["breaks"][0]


async def test_metrics_and_a_broker_are_told_of_the_beds_alarms(tmp_path: Path) -> None:
    told = alarm(T0_US, text="** HR 128 > 120")
    with closing(Journal.open(tmp_path / "journal.db")) as journal:
        journal.append([replace(told, bed="OR-1")])
    port = free_port(socket.SOCK_STREAM)
    with Mosquitto(tmp_path) as broker:
        more = f'[metrics]\nlisten = "127.0.0.1:{port}"\n[mqtt]\nurl = "mqtt://127.0.0.1:{broker.port}"\n'
        async with subscribed(broker.port) as subscriber:
            async with running(configured(tmp_path, more=more)), httpx.AsyncClient(timeout=PATIENCE_S) as client:
                await until(
                    lambda: (
                        [(b["known"], b["doubt"]) for b in subscriber.of("vitalsd/OR-1/board")[-1:]]
                        == [(False, "silent")]
                    ),
                    "the board",
                )
                text = (await client.get(f"http://127.0.0.1:{port}/metrics")).text
                assert 'vitalsd_alarms_known{bed="OR-1"} 0.0' in text
            await until(lambda: subscriber.of("vitalsd/department/status")[1:] == [{"state": "offline"}], "the end")
