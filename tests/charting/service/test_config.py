"""The charting service's file."""

import ssl
import subprocess
from pathlib import Path

import pytest

from charting.config import load
from collector.errors import UsageError

GOOD = """
[charting]
listen = "127.0.0.1:8443"
database = "sqlite:////var/lib/vitalsd/charting.db"
site = "示例医院"
beds = [{ id = "OR-03", journal = "/var/lib/vitalsd/OR-03/journal.db" }]
"""


def file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "charting.toml"
    path.write_text(text, encoding="utf-8")
    return path


def mistakes(tmp_path: Path, text: str) -> list[str]:
    path = file(tmp_path, text)
    with pytest.raises(UsageError) as refused:
        load(path)
    assert all(reason.startswith(f"{path}: ") for reason in refused.value.reasons)
    return [reason.removeprefix(f"{path}: ") for reason in refused.value.reasons]


def test_a_good_file_is_taken_as_it_says(tmp_path: Path) -> None:
    charting = load(file(tmp_path, GOOD)).charting
    assert charting.address == ("127.0.0.1", 8443)
    assert [(bed.id, bed.kind, bed.journal) for bed in charting.beds] == [
        ("OR-03", "or", Path("/var/lib/vitalsd/OR-03/journal.db"))
    ]
    assert (charting.zone, charting.idle_minutes, charting.theatre_idle_minutes, charting.day_hour) == (
        "Asia/Shanghai", 10, 30, 7,
    )  # fmt: skip


def test_every_mistake_is_named_at_once(tmp_path: Path) -> None:
    found = mistakes(
        tmp_path,
        """
[charting]
listen = "8443"
database = "sqlite:///charting.db"
zone = "Asia/Nowhere"
idle_minutes = 0
day_hour = 24
beds = [{ id = "A", kind = "garage" }]
colour = "blue"

[tls]
cert = "/nowhere/cert.pem"
""",
    )
    assert {reason.split(": ")[0] for reason in found} == {
        "charting.listen", "charting.database", "charting.site", "charting.zone", "charting.idle_minutes",
        "charting.day_hour", "charting.beds[0].kind", "charting.colour", "tls.cert", "tls.key",
    }  # fmt: skip


def test_where_the_series_come_from_must_be_clear(tmp_path: Path) -> None:
    beds = 'beds = [{ id = "A" }, { id = "A", journal = "/a/journal.db" }]'
    embedded = f'[charting]\nlisten = "127.0.0.1:1"\nsite = "H"\ndatabase = "sqlite:////a/charting.db"\n{beds}\n'
    assert mistakes(tmp_path, embedded) == [
        "charting.beds: two beds are called 'A'",
        "charting.beds: bed 'A' needs a journal: SQLite holds no series",
    ]
    assert mistakes(tmp_path, embedded.replace("sqlite:////a/charting.db", "host=db dbname=v")) == [
        "charting.beds: two beds are called 'A'",
        "charting.beds: bed 'A' has a journal, but the database server has its series",
    ]


def test_the_password_comes_from_a_credential_and_never_into_a_mistake(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "timescale-password").write_text("s3cret\n", encoding="utf-8")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    text = GOOD.replace("sqlite:////var/lib/vitalsd/charting.db", "host=db dbname=v")
    text = text.replace(', journal = "/var/lib/vitalsd/OR-03/journal.db"', "")
    assert "password=s3cret" in load(file(tmp_path, text)).charting.full_database
    assert "hush" not in "".join(mistakes(tmp_path, GOOD.replace("sqlite:////", "password=hush nonsense ")))


def test_a_key_must_fit_its_certificate(tmp_path: Path) -> None:
    for name in ("one", "other"):
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
             "2", "-subj", "/CN=chart", "-keyout", tmp_path / f"{name}.key", "-out", tmp_path / f"{name}.pem"],
            check=True, capture_output=True,
        )  # fmt: skip
    tls = f'\n[tls]\ncert = "{tmp_path}/one.pem"\nkey = "{tmp_path}/%s.key"\n'
    loaded = load(file(tmp_path, GOOD + tls % "one"))
    assert loaded.tls is not None
    ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(loaded.tls.cert, loaded.tls.key)
    (mistake,) = mistakes(tmp_path, GOOD + tls % "other")
    assert mistake.startswith("tls.key: does not fit the certificate")


def test_patients_do_not_travel_readable(tmp_path: Path) -> None:
    (mistake,) = mistakes(tmp_path, GOOD.replace("127.0.0.1", "0.0.0.0"))
    assert "it needs [tls]" in mistake
    assert load(file(tmp_path, GOOD.replace("127.0.0.1", "[::1]"))).tls is None


def test_no_bed_publishes_under_the_departments_name(tmp_path: Path) -> None:
    mqtt = '\n[mqtt]\nurl = "mqtt://broker.example"\n'
    assert load(file(tmp_path, GOOD + mqtt)).mqtt is not None
    (mistake,) = mistakes(tmp_path, GOOD.replace('id = "OR-03"', 'id = "department"') + mqtt)
    assert "no bed can be called 'department'" in mistake
