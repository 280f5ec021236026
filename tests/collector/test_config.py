from pathlib import Path

import pytest

from collector.config import load
from collector.errors import UsageError

GOOD = """
[bed]
id = "OR-03"

[[device]]
name = "monitor"
driver = "ge-datex-dri"
port = "serial:///dev/ttyUSB0?parity=N"
sites = { T1 = "nasopharynx" }
capture = "/var/tmp/monitor.hex"

[journal]
path = "/var/lib/vitalsd/journal.db"
max_bytes = "2 GiB"

[timescale]
dsn = "host=db.example dbname=vitals"

[metrics]
listen = "127.0.0.1:9182"
"""

BAD = """
[bed]
id = ""
kind = "garage"
zone = "Asia/Nowhere"
colour = "blue"

[[device]]
name = "monitor"
driver = "ge-datex"
port = "serial:///dev/ttyUSB0?baud=fast&parity=X&colour=1"

[[device]]
name = "monitor"
driver = "ge-datex-dri"
port = "udp://10.0.0.1:24105"
options = { no_such = 1 }
capture = "/var/tmp/x.raw"

[[device]]
driver = "philips-intellivue"
port = "udp://:0"

[[device]]
name = "replayed"
driver = "draeger-medibus"
port = "replay:///no/such.raw"

[[device]]
name = "again"
driver = "draeger-medibus"
port = "udp://:0"

[journal]
path = "journal.db"
max_bytes = "8 gigs"

[timescale]
dsn = "host = = secret"

[page]
listen = "8081"
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "bed.toml"
    path.write_text(text, encoding="utf-8")
    return path


def reasons(tmp_path: Path, text: str) -> list[str]:
    path = written(tmp_path, text)
    with pytest.raises(UsageError) as caught:
        load(path)
    assert all(reason.startswith(f"{path}: ") and "\n" not in reason for reason in caught.value.reasons)
    return [reason.removeprefix(f"{path}: ") for reason in caught.value.reasons]


def test_a_good_file_is_read_with_the_drivers_line_under_the_ports_own_settings(tmp_path: Path) -> None:
    config = load(written(tmp_path, GOOD))
    port = config.device[0].parsed_port
    assert (port.path, port.settings["baud"], port.settings["parity"]) == ("/dev/ttyUSB0", "19200", "N")
    assert config.journal.max_bytes == 2 * 1024**3
    assert config.device[0].sites == {"T1": "nasopharynx"}


@pytest.mark.parametrize(
    "expected",
    [
        "bed.id: ",
        "bed.kind: expected one of 'or', 'icu', 'pacu' or 'feed'",
        "bed.zone: 'Asia/Nowhere' is not a time zone like Asia/Shanghai",
        "bed.colour: unknown key",
        "device: two devices are called 'monitor'",
        "device: two devices have the port 'udp://:0'",
        "device[0].driver: no driver 'ge-datex'; there are ",
        "device[0].port: 'serial:///dev/ttyUSB0?baud=fast&parity=X&colour=1': baud=fast is not a speed",
        "device[0].port: 'serial:///dev/ttyUSB0?baud=fast&parity=X&colour=1': parity=X is not one of",
        "device[0].port: 'serial:///dev/ttyUSB0?baud=fast&parity=X&colour=1': unknown setting 'colour'",
        "device[1].port: ge-datex-dri speaks serial, replay, not udp",
        "device[1].options: no_such: unknown key",
        "device[1].capture: expected a file name that ends in .hex",
        "device[2].name: is missing",
        "device[2].port: 'udp://:0' must name a host and a port",
        "device[3].port: /no/such.raw is not a file",
        "journal.path: expected an absolute path",
        'journal.max_bytes: expected a size like "512 MiB" or "8 GiB"',
        "timescale.dsn: not a DSN: expected a libpq string",
        'page.listen: expected "HOST:PORT"',
    ],
)
def test_every_mistake_is_named_at_once(tmp_path: Path, expected: str) -> None:
    assert any(reason.startswith(expected) for reason in reasons(tmp_path, BAD)), reasons(tmp_path, BAD)


def test_nothing_else_is_called_a_mistake(tmp_path: Path) -> None:
    assert len(reasons(tmp_path, BAD)) == 21


def test_a_device_is_not_called_like_the_gateway(tmp_path: Path) -> None:
    (reason,) = reasons(tmp_path, GOOD.replace('name = "monitor"', 'name = "vitalsd"'))
    assert reason.startswith("device[0].name: 'vitalsd' is the gateway itself")


def test_a_password_is_not_repeated(tmp_path: Path) -> None:
    text = GOOD.replace("host=db.example", "passw0rd=hunter2")
    assert "hunter2" not in "".join(reasons(tmp_path, text))


def test_the_password_of_the_credential_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "timescale-password").write_text("top'secret\n", encoding="utf-8")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    config = load(written(tmp_path, GOOD))
    assert config.timescale is not None
    assert "top\\'secret" in config.timescale.full_dsn
    assert "secret" not in config.timescale.dsn


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[bed\n", "not TOML: "),
        ("", "bed: is missing"),
        ("device = 3\n", "device: "),
        ('device = [{ name = ["a"] }]\n', "device[0].name: "),
        ('timescale = { dsn = "sqlite:////x.db" }\n', "timescale.dsn: expected a server's DSN"),
    ],
)
def test_a_file_that_is_no_config_is_told_so(tmp_path: Path, text: str, expected: str) -> None:
    assert any(reason.startswith(expected) for reason in reasons(tmp_path, text))


def test_a_missing_or_binary_file_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        load(tmp_path / "no.toml")
    (tmp_path / "bed.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match="not UTF-8"):
        load(tmp_path / "bed.toml")


FEED = GOOD.replace('id = "OR-03"', 'id = "OR-03"\nkind = "feed"', 1)


def test_a_feed_names_the_bed_of_each_location(tmp_path: Path) -> None:
    config = load(written(tmp_path, FEED + f'[feed.beds]\n"ICU^^7" = "ICU-07"\n"ICU^^8^{100 * "H"}" = "ICU-08"\n'))
    assert list(config.beds) == ["OR-03", "ICU-07", "ICU-08"]
    assert list(load(written(tmp_path, GOOD)).beds) == ["OR-03"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (FEED, 'feed: [feed] is for a bed of kind "feed", which needs it'),
        (GOOD + '[feed.beds]\n"A" = "B"\n', 'feed: [feed] is for a bed of kind "feed"'),
        (FEED + "[feed.beds]\n", "feed.beds: "),
        (FEED + '[feed.beds]\n"A" = "OR-03"\n', "feed: 'OR-03' is the feed itself"),
        (FEED + '[feed.beds]\n"^^" = "X"\n', "feed.beds.^^"),
        (FEED + f'[feed.beds]\n"{201 * "A"}" = "X"\n', "feed.beds.A"),
        (FEED + '[feed.beds]\n"A" = "X"\n"B" = "X"\n', "feed.beds: two locations have the bed 'X'"),
        (FEED + '[feed.beds]\n"A^B" = "X"\n"A^B^" = "Y"\n', "feed.beds: two locations are the same location 'A^B'"),
    ],
)
def test_what_is_wrong_with_a_feed_is_told(tmp_path: Path, text: str, expected: str) -> None:
    found = reasons(tmp_path, text)
    assert any(expected in reason for reason in found), found
