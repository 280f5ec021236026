"""`vitalsd audit`: what somebody with all rights on the database has done to it is found."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import text

from charting.case.rows import row_of
from charting.case.state import fold
from charting.store.audit import Report, printed, verify
from charting.store.database import Database
from charting.store.migrate import open_database
from charting.store.trail import DatabaseTrail
from charting.trail.chain import digest
from charting.trail.entries import Body, Closed, Moved, Opened, SessionChanged, Set, Started, Voided
from collector.errors import UsageError
from tests.charting.clock import Clock
from tests.contracts.trail import BODIES, PATIENT

OPENED = Opened(bed="OR-03", area="or", at_us=1_764_000_000_000_000, patient=PATIENT)
Tamper = Callable[..., None]


def add(trail: DatabaseTrail, case: str, *bodies: Body) -> None:
    """As the desk does it: with the case's row."""
    entries = [*trail.entries(case)]
    made = trail.append("li", case, bodies)
    trail.append("li", case, [], row=row_of(fold([*entries, *made])))


@pytest.fixture
def trail(charting: Database, clock: Clock) -> DatabaseTrail:
    """Entries 1 to 12: cases a (1–7 and 11) and b (8–10), a sign-in (12)."""
    kept = DatabaseTrail(charting, clock.now_us)
    opened, given, *rest = BODIES
    assert isinstance(given, Set)
    started = Started(document="d", template="anaesthesia_record", version="1", start_us=1_764_000_000_000_000)
    add(kept, "a", opened, replace(given, document=""), started, *(b for b in rest if not isinstance(b, Voided)))
    add(kept, "b", OPENED, Moved(bed="ICU-1", area="icu", at_us=1_764_000_060_000_000))
    add(kept, "b", Closed(at_us=1_764_000_090_000_000))
    add(kept, "a", Moved(bed="", area="ward", at_us=1_764_000_060_000_000))
    kept.append("li", "", [SessionChanged(what="signed_in", account="li")])
    return kept


@pytest.fixture
def tamper(charting: Database, trail: DatabaseTrail) -> Tamper:
    """Runs statements that no trigger stops."""
    del trail

    def run(*statements: str, **values: object) -> None:
        with charting.write() as connection:
            if charting.postgresql:
                connection.execute(text("set local session_replication_role = replica"))
            else:
                for name in connection.scalars(text("select name from sqlite_master where type = 'trigger'")).all():
                    connection.execute(text(f"drop trigger {name}"))
            for statement in statements:
                connection.execute(text(statement), values)

    return run


def broken(report: Report) -> list[str]:
    return [line.removeprefix("BROKEN: ") for line in report.lines if line.startswith("BROKEN: ")]


@pytest.mark.usefixtures("trail")
def test_a_trail_that_nobody_touched_is_whole(charting_dsn: str, charting: Database) -> None:
    report = verify(charting_dsn)
    with charting.read() as connection:
        hash_ = connection.scalar(text("select hash from entry where seq = 12"))
    assert report.whole
    assert [line.partition(" of ")[0] for line in report.lines] == [
        "entries: 12",
        "cases: 2",
        f"head: 12:{hash_}",
        "whole",
    ]


def test_an_empty_trail_is_whole(charting_dsn: str, charting: Database) -> None:
    del charting
    assert verify(charting_dsn).lines == ("entries: 0", "cases: 0", "head: 0:", "whole")


@pytest.mark.parametrize("charting_dsn", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("statements", "found"),
    [
        (
            ["update entry set text = replace(text, '0.3', '3.3') where seq = 2"],
            ["entry 2 is not what was written, or what stood before it is not"],
        ),
        (
            ["update entry set text = replace(text, '\"dose\"', ' \"dose\"') where seq = 2"],
            ["entry 2 is not what was written, or what stood before it is not"],
        ),
        (["delete from entry where seq = 6"], ["entry 6 is missing: 7 follows 5"]),
        (
            ["delete from entry where seq = 12"],
            ["the last entry is 11 …"],
        ),
        (
            ["delete from entry where seq > 10", "update case_row set last = 7 where case_id = 'a'"],
            ["the last entry is 10 …", "case a: its row contradicts its entries: bed, area"],
        ),
        (["delete from entry where seq = 1"], ["entry 1 is missing: 2 follows 0", "case a: its entries make no case…"]),
        (["update head set hash = 'x'"], ["the last entry is 12 …"]),
        (["update head set seq = 11"], ["the last entry is 12 …"]),
        (
            ["update entry set case_id = 'b' where seq = 11"],
            ["entry 11: its columns are not …", "case a: …", "case b: …"],
        ),
        (["update entry set actor = 'wu' where seq = 2"], ["entry 2: its columns are not what its text says"]),
        (["update entry set at_us = 0 where seq = 2"], ["entry 2: its columns are not what its text says"]),
        (["update entry set kind = 'voided' where seq = 2"], ["entry 2: its columns are not what its text says"]),
        (
            ["update entry set text = 'x' where seq = 12"],
            ["entry 12 is not what was written…", "entry 12: its columns are not what its text says"],
        ),
        (
            ["update case_row set name = '李四', held = true where case_id = 'a'"],
            ["case a: its row contradicts its entries: name, held"],
        ),
        (["update case_row set last = 3 where case_id = 'b'"], ["case b: its row contradicts its entries: last"]),
        (["delete from case_row where case_id = 'a'"], ["case a: it has entries, but no row"]),
        (
            ["update case_row set case_id = 'z' where case_id = 'a'"],
            ["case a: it has entries, but no row", "case z: it has a row, but no entries"],
        ),
    ],
)  # fmt: skip
def test_what_was_changed_is_located(
    tamper: Tamper, charting_dsn: str, statements: list[str], found: list[str]
) -> None:
    tamper(*statements)
    report = verify(charting_dsn)
    told = broken(report)
    assert not report.whole
    assert "whole" not in report.lines
    assert len(told) == len(found), told
    for line, wanted in zip(told, found, strict=True):
        assert line.startswith(wanted.rstrip("…")), told
    assert not any(name in line for line in report.lines for name in ("王芳", "李四", "ZY-0042"))


def test_a_trail_that_was_written_anew_is_found_by_what_is_on_paper(
    tamper: Tamper, charting_dsn: str, charting: Database
) -> None:
    with charting.read() as connection:
        links = connection.execute(text("select seq, text, hash from entry order by seq")).all()
    before, anew = "", []
    for seq, said, _ in links:
        told = json.loads(said)
        if seq == 2:
            told["body"]["content"]["dose"] = 9
        forged = json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        before = digest(before, forged)
        anew.append((seq, forged, before))
    for seq, forged, hash_ in anew:
        tamper(
            "update entry set text = :t, hash = :h where seq = :s",
            *(["update head set hash = :h"] if seq == 12 else []),
            t=forged,
            h=hash_,
            s=seq,
        )
    assert verify(charting_dsn).whole
    papers = [printed(f"{links[seq - 1].seq}:{links[seq - 1].hash[:20].upper()}") for seq in (1, 2, 12)]
    assert broken(verify(charting_dsn, papers)) == [
        "entry 2 was printed with another hash",
        "entry 12 was printed with another hash",
    ]


@pytest.mark.usefixtures("trail")
def test_what_is_on_paper_and_not_in_the_trail_was_cut_off(charting_dsn: str) -> None:
    told = broken(verify(charting_dsn, [printed("13:0123456789abcdef")]))
    assert told == ["entry 13 was printed, but 12 is the last one there is"]
    told = broken(verify(charting_dsn, [printed("0:0123456789abcdef")]))
    assert told == ["entry 0 was printed, but 12 is the last one there is"]


@pytest.mark.usefixtures("trail")
def test_two_papers_of_one_entry_are_both_looked_at(charting_dsn: str, charting: Database) -> None:
    with charting.read() as connection:
        hash_ = connection.scalar(text("select hash from entry where seq = 3"))
    papers = [printed("3:0123456789abcdef"), printed(f"3:{hash_}")]
    assert broken(verify(charting_dsn, papers)) == ["entry 3 was printed with another hash"]
    assert broken(verify(charting_dsn, papers[::-1])) == ["entry 3 was printed with another hash"]


@pytest.mark.parametrize("said", ["", "3", "3:", "3:abc", "x:0123456789abcdef", "-1:0123456789abcdef", f"3:{'0' * 65}",
                                  "3:0123456789abcdeg", "３:0123456789abcdef"])  # fmt: skip
def test_what_no_paper_says(said: str) -> None:
    with pytest.raises(UsageError, match="expected SEQ:HASH"):
        printed(said)


def test_the_service_goes_on_meanwhile(charting_dsn: str, charting: Database, trail: DatabaseTrail) -> None:
    del charting

    told: list[int] = []

    def append(count: int) -> None:
        told.append(count)
        if len(told) > 1:
            return
        add(trail, "a", Moved(bed="OR-03", area="or", at_us=1_764_000_060_000_000))
        add(trail, "c", OPENED)

    report = verify(charting_dsn, progress=append)
    assert report.whole, report.lines
    assert report.lines[0] == "entries: 12"
    other = open_database(charting_dsn)
    assert len(list(DatabaseTrail(other, lambda: 0).all())) == 14
    other.close()
