"""The section [mqtt] of a bed's file."""

from pathlib import Path

import pytest

from collector.config import MqttSection, load
from collector.errors import UsageError

BED = """
[bed]
id = "OR-03"
[[device]]
name = "monitor"
driver = "ge-datex-dri"
port = "serial:///dev/ttyUSB0"
[journal]
path = "/var/lib/vitalsd/journal.db"
[mqtt]
"""


def section(tmp_path: Path, text: str) -> MqttSection:
    file = tmp_path / "bed.toml"
    file.write_text(BED + text, encoding="utf-8")
    config = load(file)
    assert config.mqtt is not None
    return config.mqtt


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('url = "mqtt://broker.example"', ("broker.example", 1883, False, None, "5", "vitalsd")),
        ('url = "mqtt://10.0.0.1:99/"\nversion = "3.1.1"', ("10.0.0.1", 99, False, None, "3.1.1", "vitalsd")),
        ('url = "mqtts://or-3@[::1]"\nprefix = "医院/icu"', ("::1", 8883, True, "or-3", "5", "医院/icu")),
        ('url = "mqtts://b:1"\nuser = "or 3"', ("b", 1, True, "or 3", "5", "vitalsd")),
    ],
)
def test_a_broker(tmp_path: Path, text: str, expected: tuple[object, ...]) -> None:
    found = section(tmp_path, text).broker
    assert (found.host, found.port, found.tls, found.user, found.version, found.prefix) == expected
    assert (found.trust is not None) == found.tls
    assert found.password is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "mqtt.url: is missing"),
        *(
            (f'url = "{url}"', 'mqtt.url: expected "mqtt://HOST:PORT", or "mqtts://HOST:PORT" for TLS')
            for url in (
                "broker:1883",
                "http://broker",
                "mqtt://",
                "mqtt://b:0",
                "mqtt://b:70000",
                "mqtt://b/topic",
                "mqtt://b?x=1",
                "mqtt://[::1",
                "mqtt://a b",
            )
        ),
        ('url = "mqtt://or-3:hunter2@b"', "mqtt.url: a password does not belong into the URL, but into the systemd"),
        ('url = "mqtt://or-3@b"\nuser = "or-4"', "mqtt.user: is in the URL too"),
        ('url = "mqtt://b"\nca = "/etc/ca.pem"', "mqtt.ca: is for mqtts:// only"),
        ('url = "mqtts://b"\nca = "ca.pem"', "mqtt.ca: expected an absolute path"),
        ('url = "mqtts://b"\nca = "/no/such.pem"', "mqtt.ca: /no/such.pem: No such file or directory"),
        (f'url = "mqtts://b"\nca = "{__file__}"', f"mqtt.ca: {__file__} holds no certificate in PEM form"),
        ('url = "mqtt://b"\nversion = "3.1"', "mqtt.version: expected one of '5' or '3.1.1'"),
        ('url = "mqtt://b"\npassword = "hunter2"', "mqtt.password: unknown key"),
        *(
            (f'url = "mqtt://b"\nprefix = "{prefix}"', "mqtt.prefix: expected the beginning of a topic")
            for prefix in ("", "/a", "a/", "a//b", "+", "a/#", "$SYS")
        ),
    ],
)
def test_a_mistake_is_named_without_a_password(tmp_path: Path, text: str, expected: str) -> None:
    with pytest.raises(UsageError) as caught:
        section(tmp_path, text)
    (reason,) = caught.value.reasons
    assert reason.removeprefix(f"{tmp_path}/bed.toml: ").startswith(expected)
    assert "hunter2" not in reason


def test_the_password_of_the_credential_needs_a_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mqtt-password").write_text("hunter2\n", encoding="utf-8")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert section(tmp_path, 'url = "mqtt://or-3@b"').broker.password == "hunter2"
    with pytest.raises(UsageError, match=r"^mqtt\.user: is missing, and there is a credential mqtt-password$"):
        _ = section(tmp_path, 'url = "mqtt://b"').broker
