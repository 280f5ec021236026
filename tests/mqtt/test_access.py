"""TLS, users and passwords."""

import subprocess
from pathlib import Path

import aiomqtt
import pytest
from structlog.testing import capture_logs

from collector.broker import trust
from collector.journal import Journal
from tests.journal.entries import BED
from tests.mqtt.broker import Mosquitto, subscribed, until
from tests.mqtt.publishing import counted, publishing

SECRET = "gehe im"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of 127.0.0.1 that vouches for itself; its key lies beside it."""
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    made = ("-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=broker")
    name = ("-addext", "subjectAltName=IP:127.0.0.1")
    files = ("-keyout", str(file.with_suffix(".key")), "-out", str(file))
    subprocess.run(["openssl", "req", *made, *name, *files], check=True, capture_output=True)
    return file


@pytest.fixture
def users(tmp_path: Path) -> Path:
    file = tmp_path / "users"
    file.touch()
    subprocess.run(["mosquitto_passwd", "-b", str(file), "or-3", SECRET], check=True, capture_output=True)
    return file


def behind_tls(certificate: Path) -> str:
    key = certificate.with_suffix(".key")
    return f"allow_anonymous true\ncertfile {certificate}\nkeyfile {key}\n"


@pytest.mark.parametrize("version", ["5", "3.1.1"])
async def test_tls_with_an_authority_of_the_hospital(
    tmp_path: Path, journal: Journal, certificate: Path, version: str
) -> None:
    journal.append(counted(0, 100))
    context = trust(certificate)
    with Mosquitto(tmp_path, listener=behind_tls(certificate)) as broker:
        async with subscribed(broker.port, "vitalsd/+/status", tls_context=context) as subscriber:
            async with publishing(journal, broker.port, tls=True, trust=context, version=version) as sink:
                await sink.drain()
                assert sink.status.delivered == 500
            await until(lambda: len(subscriber.heard) == 2, "the end")


@pytest.mark.filterwarnings("ignore:unclosed <ssl.SSLSocket:ResourceWarning")  # paho leaves it to the collector
async def test_a_certificate_that_nobody_vouches_for_is_refused(
    tmp_path: Path, journal: Journal, certificate: Path
) -> None:
    journal.append(counted(0, 1))
    with Mosquitto(tmp_path, listener=behind_tls(certificate)) as broker:
        async with publishing(journal, broker.port, tls=True, trust=trust(None)) as sink:
            await until(lambda: "CERTIFICATE_VERIFY_FAILED" in sink.status.error, "the reason")
            assert sink.status.delivered == 0


@pytest.mark.parametrize("version", ["5", "3.1.1"])
async def test_a_user_with_a_password(tmp_path: Path, journal: Journal, users: Path, version: str) -> None:
    journal.append(counted(0, 1))
    with Mosquitto(tmp_path, listener=f"password_file {users}\n") as broker, capture_logs() as logs:
        async with publishing(journal, broker.port, version=version, user="or-3", password=SECRET) as sink:
            await sink.drain()
            assert sink.status.connected
        async with publishing(journal, broker.port, version=version, user="or-3", password=SECRET + "!") as sink:
            await until(lambda: "uthori" in sink.status.error, "the reason")
            assert not sink.status.connected
        with pytest.raises(aiomqtt.MqttError):
            async with subscribed(broker.port, f"vitalsd/{BED}/#"):
                pass
    assert SECRET not in str(logs) + repr(sink._broker)
    assert [line["log_level"] for line in logs if line["event"] == "broker lost"] == ["warning"]
