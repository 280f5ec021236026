"""A signal without a code is stored, listed, and has a code from the day on which the site's dictionary says so."""

import json
from pathlib import Path

import pytest
from psycopg.conninfo import make_conninfo
from typer.testing import CliRunner

from collector.cli import app
from collector.codes import by_refid
from collector.dsn import server as server_dsn
from collector.errors import UsageError
from collector.journal import Journal
from collector.mapping import Line, give, unmapped
from collector.mapping import read as read_lines
from collector.migrate import migrate
from collector.model import UNMAPPED, Channel, Quality, Reading, Role, Series
from collector.series import SeriesReader
from collector.timescale import READER
from collector.timescale_reader import TimescaleReader
from tests.contracts.series import EVER
from tests.store.delivering import deliver, rows

BED, NOW_US = "OR-1", 1_767_225_600_000_000
OXYGEN = Channel(code=UNMAPPED, source="24:7B", unit="")
SET = Channel(code=UNMAPPED, source="24:7C", unit="mL", role=Role.SET)
RATE = Channel(code="MDC_ECG_HEART_RATE", source="24:7B", unit="/min")


def reading(device: str, channel: Channel, value: float) -> Reading:
    series = Series(bed=BED, device=device, channel=channel)
    return Reading(series=series, time_us=NOW_US, value=value, text=None, quality=Quality.VALID, demo=False)


STORED = [reading("vent", OXYGEN, 41.0), reading("vent2", OXYGEN, 30.0), reading("vent", SET, 480.0)]
OTHER = reading("monitor", RATE, 62.0)


pytestmark = pytest.mark.parametrize("server", ["timescale"], indirect=True)


@pytest.fixture(params=["store", "journal"])
async def dsn(request: pytest.FixtureRequest, tmp_path: Path, database: str) -> str:
    """A store that has them, of both kinds."""
    file = tmp_path / "journal.db"
    journal = Journal.open(file, [READER] if request.param == "store" else [])
    journal.append([*STORED, OTHER])
    if request.param == "store":
        migrate(database)
        await deliver(database, journal)
    journal.close()
    return database if request.param == "store" else f"sqlite:///{file}"


def told(reader: SeriesReader) -> dict[tuple[str, str], tuple[str, str, float | None]]:
    """What is read of each signal: code, unit, value."""
    found = reader.values(BED, (), *EVER)
    assert found == sorted(reader.latest(BED), key=list(found).index)
    return {
        (one.series.device, one.series.channel.source): (one.series.channel.code, one.series.channel.unit, one.value)
        for one in found
    }


def read(dsn: str) -> dict[tuple[str, str], tuple[str, str, float | None]]:
    if dsn.startswith("sqlite:"):
        journal = Journal.open(Path(dsn.removeprefix("sqlite:///")))
        try:
            return told(journal.reader())
        finally:
            journal.close()
    reader = TimescaleReader(dsn)
    try:
        found = told(reader)
        view = rows(dsn, "select device, source, code, unit, value from vitals order by device, source")
        assert {(device, source): (code, unit, value) for device, source, code, unit, value in view} == found
        return found
    finally:
        reader.close()


def test_a_value_without_a_code_gets_one_by_a_line_of_the_dictionary(dsn: str, tmp_path: Path) -> None:
    before = read(dsn)
    assert before["vent", "24:7B"] == (UNMAPPED, "", 41.0)
    assert [(one.device, one.source, one.role, one.last) for one in unmapped(dsn)] == [
        ("vent", "24:7B", "measured", "41" if not dsn.startswith("sqlite") else "41.0"),
        ("vent", "24:7C", "set", "480" if not dsn.startswith("sqlite") else "480.0"),
        ("vent2", "24:7B", "measured", "30" if not dsn.startswith("sqlite") else "30.0"),
    ]
    file = tmp_path / "site.csv"
    file.write_text("device,source,code,unit\nvent,24:7B,MDC_CONC_AWAY_O2_INSP,%\n", encoding="utf-8")
    shown = CliRunner().invoke(app, ["migrate", dsn, "--dictionary", str(file)])
    assert shown.exit_code == 0, shown.output
    assert "1 line of the dictionary hold" in shown.output
    after = read(dsn)
    assert after == before | {("vent", "24:7B"): ("MDC_CONC_AWAY_O2_INSP", "%", 41.0)}, "nobody else's signal"
    assert [(one.device, one.source) for one in unmapped(dsn)] == [("vent", "24:7C"), ("vent2", "24:7B")]


def test_a_line_without_a_device_is_for_any_and_goes_behind_the_devices_own(dsn: str) -> None:
    give(
        dsn,
        [
            Line(device="", source="24:7B", code="MDC_CONC_AWAY_O2_ET", unit="%"),
            Line(device="vent2", source="24:7B", code="MDC_CONC_AWAY_O2_INSP", unit="%"),
        ],
    )
    found = read(dsn)
    assert found["vent", "24:7B"][0] == "MDC_CONC_AWAY_O2_ET"
    assert found["vent2", "24:7B"][0] == "MDC_CONC_AWAY_O2_INSP"
    assert found["monitor", "24:7B"][0] == "MDC_ECG_HEART_RATE", "it has a code of its own"
    give(dsn, [Line(device="", source="24:7B", code="MDC_CONC_AWAY_O2", unit="")])
    assert read(dsn)["vent", "24:7B"] == ("MDC_CONC_AWAY_O2", "", 41.0), "a line that was wrong is corrected"


def test_no_stored_row_is_touched(dsn: str) -> None:
    def stored() -> object:
        if dsn.startswith("sqlite:"):
            journal = Journal.open(Path(dsn.removeprefix("sqlite:///")))
            try:
                return journal.reader().channels(), journal.measured(BED), journal.tip
            finally:
                journal.close()
        return rows(dsn, "select * from vitalsd.channel order by id"), rows(dsn, "select * from vitalsd.obs order by 3")

    before = stored()
    give(dsn, [Line(device="", source="24:7B", code="MDC_CONC_AWAY_O2_ET", unit="%")])
    assert stored() == before


def test_the_list_says_which_lines_to_complete(dsn: str) -> None:
    text = CliRunner().invoke(app, ["devices", "--unmapped", dsn]).output
    assert "vent,24:7B,CODE,\nvent,24:7C,CODE,mL\nvent2,24:7B,CODE,\n" in text + "\n"
    found = json.loads(CliRunner().invoke(app, ["devices", "--json", "--unmapped", dsn]).output)
    assert [one["bed"] for one in found] == [BED, BED, BED]
    assert found[0]["time"] == "2026-01-01T00:00:00.000000Z"


async def test_who_may_read_the_store_may_see_what_has_no_code(database: str, tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / "journal.db", [READER])
    journal.append(STORED)
    migrate(database)
    await deliver(database, journal)
    journal.close()
    as_reader = make_conninfo(server_dsn(database), options="-c role=vitalsd_read")
    assert len(unmapped(as_reader)) == len(STORED)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("device,source,code\n", "expected the columns device,source,code,unit"),
        ("device,source,code,unit\nvent,,MDC_CONC_AWAY_O2,\n", ":2: source is missing"),
        ("device,source,code,unit\nvent,1,MDC_NO_SUCH,\n", ":2: 'MDC_NO_SUCH' is no code"),
        ("device,source,code,unit\n,1,MDC_CONC_AWAY_O2,\n,1,MDC_CONC_AWAY_O2,\n", ":3: a second line for any device 1"),
    ],
)
@pytest.mark.usefixtures("server")
def test_a_wrong_dictionary_is_refused_line_by_line(text: str, expected: str, tmp_path: Path) -> None:
    file = tmp_path / "site.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=expected.replace("'", ".")):
        read_lines(file, by_refid())
