"""The downtime sheet from a gateway's journal, with no daemon and no server."""

import time
from pathlib import Path

import pytest

from charting.page.offline import downtime
from charting.page.words import Lang, Words
from collector.config import load
from collector.errors import JournalError
from collector.journal import Journal
from collector.model import Entry, Reading
from tests.page.data import BED, HR, MINUTE_US, SECOND_US, alarm, reading
from tests.page.test_downtime import away
from tests.system.command import run

DIED_US = 1_764_000_000_000_000


def journaled(folder: Path, entries: list[Entry], bed: str = f'id = "{BED}"') -> Path:
    """A bed's file with a journal that has this."""
    config = folder / "bed.toml"
    config.write_text(
        f"[bed]\n{bed}\n"
        '[[device]]\nname = "monitor"\ndriver = "philips-intellivue"\nport = "udp://192.0.2.7"\n'
        f'[journal]\npath = "{folder}/journal.db"\n[timescale]\ndsn = "host=db.example dbname=vitals"\n',
        encoding="utf-8",
    )
    if entries:
        journal = Journal.open(folder / "journal.db", ["timescale"])
        journal.append(entries)
        journal.close()
    return config


def test_the_last_hour_of_a_daemon_that_has_died_can_be_printed(tmp_path: Path) -> None:
    died_us = time.time_ns() // 1_000 - 20 * MINUTE_US
    beats: list[Entry] = [reading(HR, died_us - n * SECOND_US, 61.0) for n in reversed(range(600))]
    config = journaled(tmp_path, [*beats, alarm(died_us - MINUTE_US), away(died_us - 30 * MINUTE_US)])
    done = run("downtime", config, "--lang", "en")
    assert (done.returncode, done.stderr) == (0, "")
    html = done.stdout
    assert "<style>" in html
    assert 'href="print.css"' not in html
    assert "Server: NOT reached since" in html
    assert "the gateway&#x27;s program was last known to run at" in html
    assert "61 <i>/min</i></b><small>20 min · old</small>" in html
    assert "no patient told" in html
    assert "<b>monitor</b> silent" in html
    alarms = html[html.index("** HR 128") :]
    assert alarms[: alarms.index("</li>")].count("Reported before the link was lost; state unknown") == 1


def test_a_feed_has_a_sheet_for_each_of_its_beds(tmp_path: Path) -> None:
    beds = [f"ICU-{n}" for n in (1, 2)]
    beats: list[Entry] = [
        Reading(
            series=type(HR)(bed=bed, device="monitor", channel=HR.channel), time_us=DIED_US, value=70.0 + n, text=None,
            quality=reading(HR, 0, 1.0).quality, demo=False,
        )
        for n, bed in enumerate(beds)
    ]  # fmt: skip
    feed = 'id = "FEED"\nkind = "feed"\n[feed]\nbeds = { "ICU^^1" = "ICU-1", "ICU^^2" = "ICU-2" }'
    html = downtime(load(journaled(tmp_path, beats, feed)), DIED_US + 20 * MINUTE_US, Words(Lang.ZH))
    known = html.split('<section class="page flow">')[1:]
    assert [[bed in page for bed in beds] for page in known] == [[True, False], [False, True]]
    assert ["70 <i>" in known[0], "71 <i>" in known[1]] == [True, True]
    assert html.count("重症护理记录单（停机，手写）") == 2


def test_without_a_journal_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match=r"journal\.db"):
        downtime(load(journaled(tmp_path, [])), DIED_US, Words(Lang.ZH))


def test_a_bad_file_is_the_callers_mistake(tmp_path: Path) -> None:
    done = run("downtime", tmp_path / "missing.toml")
    assert (done.returncode, done.stdout) == (2, "")
    assert "missing.toml" in done.stderr
