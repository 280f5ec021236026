"""A real Mosquitto, and real messages."""

import asyncio
import contextlib
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from socket import SOCK_STREAM
from typing import Any

import aiomqtt
import pytest

from collector.broker import trust
from collector.config import load
from collector.driver import Simulated
from collector.errors import LinkError, UsageError
from collector.model import Event, Frame, Observation, Rejected
from collector.transport.base import Port, parse_port
from collector.transport.net import free_port
from drivers.mqtt_sensor.options import Options
from drivers.mqtt_sensor.peer import MqttPeer
from drivers.mqtt_sensor.simulated import EXAMPLE
from drivers.mqtt_sensor.source import MqttSource
from drivers.patient import Patient
from tests.drivers.modbus.device import until
from tests.mqtt.broker import Mosquitto

NUMBER = {"values": [{"unit": "Cel", "code": "MDC_TEMP_AXIL"}]}


def port(number: int, topic: str = "t/+", scheme: str = "mqtt") -> Port:
    return parse_port(f"{scheme}://127.0.0.1:{number}/{topic}")


@asynccontextmanager
async def listening(where: Port, options: dict[str, Any] = NUMBER) -> AsyncIterator[AsyncIterator[Any]]:
    source = MqttSource(Options.model_validate(options), where)
    try:
        await source.open()
        async with contextlib.aclosing(aiter(source)) as told:  # type: ignore[type-var]
            yield told
    finally:
        await source.close()


def values(events: list[Event]) -> list[tuple[str, float | str | None, bool]]:
    return [(e.channel.source, e.value, e.standing) for e in events if isinstance(e, Observation)]


@pytest.mark.parametrize("version", ["5", "3.1.1"])
async def test_sensors_are_heard_and_what_was_kept_is_standing(tmp_path: Path, version: str) -> None:
    with Mosquitto(tmp_path) as broker:
        async with aiomqtt.Client("127.0.0.1", broker.port) as sensor:
            await sensor.publish("t/a", "36.1", qos=1, retain=True)
            async with listening(port(broker.port), {**NUMBER, "version": version}) as told:
                await sensor.publish("t/b", "36.2", qos=1)
                await sensor.publish("t/a", "36.3", qos=1, retain=True)
                await sensor.publish("t/b", "warm", qos=1)
                await sensor.publish("elsewhere/b", "1", qos=1)
                await sensor.publish("t/b", "36.4", qos=1)
                events = await until(told, lambda heard: len(values(heard)) == 4)
    assert sorted(values(events)) == [("a", 36.1, True), ("a", 36.3, False), ("b", 36.2, False), ("b", 36.4, False)]
    assert [e.reason for e in events if isinstance(e, Rejected)] == ["not JSON"]


async def test_a_broker_that_restarts_is_a_link_error_and_then_heard_again(tmp_path: Path) -> None:
    with Mosquitto(tmp_path) as broker:
        async with listening(port(broker.port)) as told:
            broker.kill()
            with pytest.raises(LinkError, match="ended the connection"):
                await until(told, lambda _: False)
        with pytest.raises(LinkError, match="no broker answers"):
            async with listening(port(broker.port)):
                pass
        broker.start()
        async with listening(port(broker.port)) as told, aiomqtt.Client("127.0.0.1", broker.port) as sensor:
            await sensor.publish("t/a", "36.1", qos=1)
            assert values(await until(told, values)) == [("a", 36.1, False)]


@pytest.fixture
def secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A password that systemd hands over; its listener's settings are returned."""
    users = tmp_path / "users"
    users.touch()
    subprocess.run(["mosquitto_passwd", "-b", str(users), "bed", "ge heim"], check=True, capture_output=True)
    (tmp_path / "credentials").mkdir()
    (tmp_path / "credentials/mqtt-sensor-password").write_text("ge heim\n", encoding="utf-8")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "credentials"))
    return f"allow_anonymous false\npassword_file {users}\n"


async def test_user_and_password(tmp_path: Path, secret: str) -> None:
    with Mosquitto(tmp_path, listener=secret) as broker:
        async with listening(port(broker.port), {**NUMBER, "user": "bed"}):
            pass
        with pytest.raises(LinkError, match="refuses us"):
            async with listening(port(broker.port), {**NUMBER, "user": "somebody"}):
                pass
        with pytest.raises(LinkError, match="user: is missing"):
            async with listening(port(broker.port)):
                pass


async def test_a_topic_that_may_not_be_read() -> None:
    """A broker by hand (MQTT 3.1.1 §3.2, §3.9), for Mosquitto 2 refuses no subscription."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1_000)
        writer.write(b"\x20\x02\x00\x00")
        subscribe = await reader.read(1_000)
        writer.write(b"\x90\x03" + subscribe[2:4] + b"\x80")
        await reader.read(1_000)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    with pytest.raises(LinkError, match="does not let anybody read"):
        async with listening(port(server.sockets[0].getsockname()[1]), {**NUMBER, "version": "3.1.1"}):
            pass
    server.close()


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate of 127.0.0.1 that vouches for itself; its key lies beside it."""
    file = tmp_path / "server.pem"
    made = ("-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=broker")
    name = ("-addext", "subjectAltName=IP:127.0.0.1")
    files = ("-keyout", str(file.with_suffix(".key")), "-out", str(file))
    subprocess.run(["openssl", "req", *made, *name, *files], check=True, capture_output=True)
    return file


@pytest.mark.filterwarnings("ignore:unclosed <ssl.SSLSocket:ResourceWarning")  # paho leaves it to the collector
async def test_tls_with_an_authority_of_the_hospital(tmp_path: Path, certificate: Path) -> None:
    tls = f"allow_anonymous true\ncertfile {certificate}\nkeyfile {certificate.with_suffix('.key')}\n"
    with Mosquitto(tmp_path, listener=tls) as broker:
        where = port(broker.port, scheme="mqtts")
        async with listening(where, {**NUMBER, "ca": certificate}) as told:
            async with aiomqtt.Client("127.0.0.1", broker.port, tls_context=trust(certificate)) as sensor:
                await sensor.publish("t/a", "36.1", qos=1)
            assert values(await until(told, values)) == [("a", 36.1, False)]
        with pytest.raises(LinkError, match="certificate"):
            async with listening(where):
                pass


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        ("mqtt://h:1/t/#", {}, "without #"),
        ("mqtt://h:1/", {}, "a topic"),
        ("mqtt://h:1/t/a+", {}, "whole level"),
        ("mqtt://me:secret@h:1/t", {}, "password does not belong"),
        ("mqtt://me@h:1/t", {"user": "you"}, "is in the port too"),
        ("mqtt://h:1/t", {"ca": "/etc/ssl/certs/ca-certificates.crt"}, "for mqtts"),
    ],
)
def test_ports_that_cannot_be(text: str, options: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said) as told:
        MqttSource(Options.model_validate({**NUMBER, **options}), parse_port(text))
    assert "secret" not in str(told.value)


async def test_what_the_simulated_patches_publish_is_heard() -> None:
    times = iter(range(100_000))
    where = parse_port(f"mqtt://127.0.0.1:{free_port(SOCK_STREAM)}/patch/+/vitals")
    peer = MqttPeer(Simulated(patient=Patient("stable", 1), epoch_us=10**15), where, lambda: next(times) / 1.5)
    said: list[Event] = []

    async def note() -> None:
        async for events in peer:
            said.extend(events)

    await peer.open()
    try:
        async with listening(where, dict(EXAMPLE)) as told:
            noting = asyncio.create_task(note())
            heard = await until(told, lambda heard: sum(isinstance(e, Frame) for e in heard) >= 20)
            noting.cancel()
    finally:
        await peer.close()
    told_and_kept = [e for e in heard if isinstance(e, Observation)]
    assert told_and_kept == [e for e in said if isinstance(e, Observation)][: len(told_and_kept)]


async def test_without_a_broker_to_start_the_simulator_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    with pytest.raises(UsageError, match="install mosquitto"):
        await MqttPeer(Simulated(patient=Patient()), port(1), lambda: 0.0).open()


def test_the_sample_is_a_bed() -> None:
    config = load(Path(__file__).parents[3] / "drivers/mqtt_sensor/sample.toml")
    assert {device.spec.name for device in config.device} == {"mqtt-sensor"}


def test_a_port_that_cannot_be_is_a_mistake_of_the_file(tmp_path: Path) -> None:
    sample = (Path(__file__).parents[3] / "drivers/mqtt_sensor/sample.toml").read_text(encoding="utf-8")
    (tmp_path / "bed.toml").write_text(sample.replace("/+/vitals", "/#"), encoding="utf-8")
    with pytest.raises(UsageError, match=r"device.0..options: port: expected .* without #"):
        load(tmp_path / "bed.toml")
