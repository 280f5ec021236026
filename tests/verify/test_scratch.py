"""A store that was tampered with is noticed, and nothing but scratch is touched."""

from pathlib import Path

import psycopg
import pytest

from collector.config import load
from collector.errors import UsageError
from collector.journal import Journal
from collector.model import WavePiece
from collector.timescale import READER
from collector.verify.comparison import Comparison, compare
from collector.verify.scratch import Scratch, refuse, scratch
from collector.verify.script import HOUR_S, RATES_HZ, VALUES, Script, counts, hour_of_values
from tests.journal.entries import T0_US
from tests.store.delivering import deliver, rows

SECONDS = 70
"""Every kind of episode is in it."""


@pytest.fixture
async def script(place: Scratch) -> Script:
    """What the store holds for its bed."""
    script = Script(place.new_bed(), T0_US)
    journal = Journal.open(place.folder / "journal.db", [READER])
    journal.append(script.entries(0, SECONDS))
    await deliver(place.dsn or "", journal)
    journal.close()
    return script


def judged(place: Scratch, script: Script) -> Comparison:
    return compare(script.entries(0, SECONDS), (), place.held(script.bed))


FIRST = "(select channel, time from vitalsd.obs where {} is not null order by time limit 1)"
FIRST_WAVE = "(select channel, time from vitalsd.wave order by time, channel limit 1)"
TAMPERED = {
    "select 1": (0, 0, 0),
    "delete from vitalsd.obs where ctid = (select min(ctid) from vitalsd.obs)": (1, 0, 0),
    "insert into vitalsd.obs select time, value, channel, 1, quality, demo, text from vitalsd.obs limit 2": (0, 2, 0),
    f"update vitalsd.obs set value = value + 0.5 where (channel, time) = {FIRST.format('value')}": (1, 0, 1),
    f"update vitalsd.obs set text = 'x' where (channel, time) = {FIRST.format('text')}": (1, 0, 1),
    f"update vitalsd.obs set time = time + interval '1 us' where (channel, time) = {FIRST.format('time')}": (1, 0, 1),
    "delete from vitalsd.condition where time = (select min(time) from vitalsd.condition)": (1, 0, 0),
    "update vitalsd.identity set body = body || '{\"model\": \"y\"}' where kind = 'device'": (2, 0, 2),
}


@pytest.mark.parametrize(("tamper", "found"), TAMPERED.items())
async def test_what_was_tampered_with_is_counted(
    place: Scratch, script: Script, tamper: str, found: tuple[int, int, int]
) -> None:
    with psycopg.connect(place.dsn or "", autocommit=True) as connection:
        connection.execute(tamper.encode())
    result = judged(place, script)
    assert (result.lost, result.duplicated, result.invented) == found
    samples = SECONDS * sum(RATES_HZ)
    assert result.wanted - samples == len([e for e in script.entries(0, SECONDS) if not isinstance(e, WavePiece)])


async def test_waves_that_were_tampered_with_are_counted(place: Scratch, script: Script) -> None:
    dsn = place.dsn or ""
    (n,) = rows(dsn, "select samples from vitalsd.wave order by time, channel limit 1")[0]
    columns = 'rate_hz, scale, "offset", channel, 1, quality, demo, samples, enc, data'
    again = f"insert into vitalsd.wave select time, {columns} from vitalsd.wave where (channel, time) = {FIRST_WAVE}"
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(again.encode())
    assert judged(place, script).duplicated == n
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(f"delete from vitalsd.wave where (channel, time) = {FIRST_WAVE}".encode())
    assert judged(place, script).lost == n


def test_a_script_says_the_same_to_everybody() -> None:
    one, other = Script("A", T0_US), Script("A", T0_US)
    assert one.entries(HOUR_S - 1, HOUR_S + 1) == other.entries(HOUR_S - 1, HOUR_S + 1)
    assert len(set(filter(lambda e: not hasattr(e, "identity"), one.entries(0, 100)))) > 100 * (VALUES + len(RATES_HZ))
    assert hour_of_values(0).shape == (HOUR_S, VALUES)
    pieces = [e for e in one.series(7) if isinstance(e, WavePiece)]
    assert [piece.data for piece in pieces] == [counts(n, 7, 1).tobytes() for n in range(len(RATES_HZ))]
    assert all((counts(n, 0, 200)[: 61 * hz] != counts(n, 61, 61)).any() for n, hz in enumerate(RATES_HZ))


CONFIG = """
[bed]
id = "OR-1"
[[device]]
name = "m"
driver = "ge-datex-dri"
port = "serial:///dev/x"
[journal]
path = "/x/j.db"
[timescale]
dsn = "host=h dbname=d"
"""


@pytest.fixture
def config_file(tmp_path: Path) -> Path:
    file = tmp_path / "bed.toml"
    file.write_text(CONFIG, encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("folder", "bed", "database", "key"),
    [("/x", "VERIFY-1", "v", "journal.path"), ("/y", "OR-1", "v", "bed.id"), ("/y", "VERIFY-1", "d", "timescale.dsn")],
)
def test_the_configured_bed_journal_and_database_are_refused(
    config_file: Path, folder: str, bed: str, database: str, key: str
) -> None:
    config = load(config_file)
    refuse(config, Path("/y"), "VERIFY-1", "v")
    with pytest.raises(UsageError, match=key):
        refuse(config, Path(folder), bed, database)


def test_scratch_is_made_and_removed(timescale: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for key, value in psycopg.conninfo.conninfo_to_dict(timescale).items():
        monkeypatch.setenv({"dbname": "PGDATABASE"}.get(key, f"PG{key.upper()}"), str(value))
    with scratch(None) as place:
        name = psycopg.conninfo.conninfo_to_dict(place.dsn or "")["dbname"]
        assert rows(timescale, "select count(*) from pg_database where datname = %s", name) == [(1,)]
        assert place.folder.is_dir()
    assert rows(timescale, "select count(*) from pg_database where datname = %s", name) == [(0,)]
    assert not place.folder.exists()


def test_without_a_server_the_reason_is_told(config_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PGHOST", "PGHOSTADDR", "PGSERVICE", "PGDATABASE", "PGPORT"):
        monkeypatch.delenv(name, raising=False)
    with scratch(None) as place:
        assert (place.dsn, "PGHOST" in place.reason) == (None, True)
    text = CONFIG.replace("host=h", "host=127.0.0.1 port=1 password=geheim")
    config_file.write_text(text, encoding="utf-8")
    with scratch(load(config_file)) as place:
        assert place.dsn is None
        assert "127.0.0.1" in place.reason
        assert "geheim" not in place.reason
