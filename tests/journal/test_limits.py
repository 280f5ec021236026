"""What a journal forgets, in which order, and how it accounts for it."""

import random
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from collector.journal import Journal, Limits
from collector.journal.keeping import SLICE
from collector.journal.ranges import Ranges, Run
from collector.model import AlarmPhase, Channel, Condition, DeviceIdentity, Entry, Identity, Reading, WavePiece
from collector.technical import GATEWAY, Technical
from tests.contracts.journal import entries_of
from tests.contracts.series import EVER
from tests.journal.entries import BED, T0_US, condition, identity, piece, reading, seconds
from tests.store.release import RELEASES

HOUR_US = 3_600_000_000
CUFF = Channel(code="MDC_PRESS_BLD_NONINV_SYS", source="nibp", unit="mm[Hg]")
Open = Callable[[Limits], Journal]


@pytest.fixture(params=["file", "memory"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    journals: list[Journal] = []

    def make(limits: Limits) -> Journal:
        path = tmp_path / "journal.db" if request.param == "file" else ":memory:"
        journals.append(Journal.open(path, ["a", "b"], limits))
        return journals[-1]

    yield make
    for journal in journals:
        journal.close()


def tidied(journal: Journal, now_us: int) -> list[Entry]:
    while journal.tidy(now_us):
        pass
    return entries_of(journal)


def busy(minutes: int) -> list[Entry]:
    """A bed's life: values, a wave, now and then a cuff pressure, an alarm, a device's name."""
    chance = np.random.default_rng(minutes)
    entries: list[Entry] = []
    for minute in range(minutes):
        for second in range(minute * 60, minute * 60 + 60):
            entries += seconds(second, second + 1, channels=5)
            entries.append(piece(second, chance.integers(-2000, 2000, 250).tolist()))
        entries.append(reading(CUFF, minute * 60 + 59.5, 100.0 + minute))
        entries.append(condition(minute * 60 + 59.6, AlarmPhase.START))
        entries.append(identity(minute * 60 + 59.7, DeviceIdentity(model=f"m{minute}")))
    return entries


def is_last_to_go(entry: Entry) -> bool:
    return isinstance(entry, Condition | Identity) or (isinstance(entry, Reading) and entry.series.channel == CUFF)


def time_us(entry: Entry) -> int:
    return entry.start_us if isinstance(entry, WavePiece) else entry.time_us


def test_what_all_have_goes_when_it_is_old_and_nothing_else(opened: Open) -> None:
    journal = opened(Limits(keep_us=2 * HOUR_US))
    everything = busy(3)
    journal.append(everything)
    half, now_us = len(everything) // 2, T0_US + 2 * HOUR_US + 130_000_000
    assert tidied(journal, now_us) == everything
    journal.done("a", Ranges.of((1, len(everything))))
    assert tidied(journal, now_us) == everything
    journal.done("b", Ranges.of((half + 1, len(everything))))
    cutoff_us = now_us - 2 * HOUR_US
    left = [e for n, e in enumerate(everything) if n < half or time_us(e) >= cutoff_us]
    assert len(left) < len(everything) - 50
    assert tidied(journal, now_us) == left
    journal.done("b", Ranges.of((1, len(everything))))
    assert tidied(journal, now_us) == [e for e in everything if time_us(e) >= cutoff_us]
    assert journal.sacrificed() == {}
    minutes = {int(us) for m in journal.minutes(BED, [], *EVER) for us in m.minute_us}
    assert minutes == {T0_US + 120_000_000}
    assert tidied(journal, now_us + HOUR_US) == [condition(179.6, AlarmPhase.START)]
    assert journal.append(seconds(0, 1)) == len(everything) + 20


def test_a_time_years_ahead_does_not_keep_an_entry_for_years(opened: Open) -> None:
    journal = opened(Limits(keep_us=HOUR_US))
    journal.append([reading(CUFF, 1e9, 100.0), *seconds(0, 2)])
    for name in ("a", "b"):
        journal.done(name, Ranges.of((1, 41)))
    assert tidied(journal, T0_US + HOUR_US + 1_000_000) == seconds(1, 2)


def deliver(journal: Journal, *runs: Run) -> None:
    for name in ("a", "b"):
        journal.done(name, Ranges.of(*runs or [(1, journal.tip)]))


@pytest.mark.parametrize("seed", range(3))
def test_how_conditions_stand_is_kept_and_nothing_else(opened: Open, seed: int) -> None:
    """The last change of each that has not ended, so that it can be ended after any time."""
    chance = random.Random(seed)
    journal = opened(Limits(keep_us=HOUR_US))
    first = [condition(0, AlarmPhase.START, source=f"first {n}") for n in range(SLICE)]
    came: list[Entry] = []
    last: dict[tuple[str, str], Condition] = {}
    for second in range(4 * SLICE):
        device, source = chance.choice(["monitor", GATEWAY]), str(chance.randrange(second % SLICE + 1))
        at_s = second + chance.choice([0, 0, -7200, 1e9])
        change = replace(condition(at_s, chance.choice([*AlarmPhase]), source=source), device=device)
        last[device, source] = change
        came += [change, *seconds(second, second + 1, channels=2)]
    journal.append([*first, *came])
    deliver(journal)
    standing = [change for change in last.values() if change.alarm.phase is not AlarmPhase.END]
    assert len(standing) > 100
    assert tidied(journal, T0_US + 24 * HOUR_US) == [*first, *sorted(standing, key=came.index)]

    technical = Technical(BED, lambda: T0_US + 24 * HOUR_US, journal.conditions(BED, *EVER))
    for (device, source), change in last.items():
        if device == GATEWAY:
            ends = technical.cleared(source)
            assert [end.alarm.phase for end in ends] == [AlarmPhase.END] * (change in standing)
            journal.append(ends)
    deliver(journal)
    others = [change for change in standing if change.device != GATEWAY]
    assert tidied(journal, T0_US + 48 * HOUR_US) == [*first, *sorted(others, key=came.index)]


def test_how_conditions_stand_is_kept_at_the_limit_of_bytes_too(opened: Open) -> None:
    """It is a row, and without it what has ended for long would stand for ever."""
    journal = opened(Limits(max_bytes=150_000))
    stands = condition(1, AlarmPhase.START, source="art")
    ended = [condition(2, AlarmPhase.START, source="co2"), condition(3, AlarmPhase.END, source="co2")]
    journal.append([stands, *ended, *busy(8)])
    deliver(journal)
    left = tidied(journal, T0_US)
    assert left[0] == stands
    assert 0 < len(left) < len(busy(8))
    assert not set(ended) & {entry for entry in left if isinstance(entry, Condition)}
    assert journal.sacrificed() == {}


def test_an_end_is_not_forgotten_before_the_beginning(opened: Open) -> None:
    """Else what has ended would stand: a clock was set back meanwhile, or the end was delivered first."""
    journal = opened(Limits(keep_us=HOUR_US))
    changes = [condition(1800, AlarmPhase.START), condition(1, AlarmPhase.END)]
    journal.append([*seconds(0, 1, channels=1), *changes])
    deliver(journal, (1, 1), (3, 3))
    assert tidied(journal, T0_US + 24 * HOUR_US) == changes
    deliver(journal)
    assert tidied(journal, T0_US + HOUR_US + 10_000_000) == changes
    assert tidied(journal, T0_US + 2 * HOUR_US) == []


def test_a_reader_that_keeps_nothing_makes_nothing_delivered(opened: Open) -> None:
    journal = opened(Limits(keep_us=HOUR_US, max_bytes=1, passing=frozenset({"a", "b"})))
    journal.append(seconds(0, 2))
    for name in ("a", "b"):
        journal.done(name, Ranges.of((1, 40)))
    assert journal.is_nearly_full()
    assert tidied(journal, T0_US + 24 * HOUR_US) == []
    assert sum(lost.entries for lost in journal.sacrificed().values()) == 40


def test_without_limits_nothing_ever_goes(opened: Open) -> None:
    journal = opened(Limits())
    journal.append(busy(1))
    for name in ("a", "b"):
        journal.done(name, Ranges.of((1, journal.tip)))
    assert tidied(journal, T0_US + 10**9 * 1_000_000) == busy(1)


@pytest.mark.parametrize(
    ("most", "stops_at"),
    [
        (700_000, "delivered wave"),
        (650_000, "delivered wave"),
        (500_000, "wave"),
        (220_000, "value"),
        (150_000, "last"),
        (90_000, "nothing"),
    ],
)
def test_the_order_of_sacrifice(opened: Open, most: int, stops_at: str) -> None:
    """Delivered waves, delivered values, waves, values; alarms, cuff readings and identities last (design §7)."""
    everything = busy(8)
    delivered = len(everything) // 4
    journal = opened(Limits(max_bytes=most))
    journal.append(everything)
    for name in ("a", "b"):
        journal.done(name, Ranges.of((1, delivered)))
    kept = set(map(id_of, tidied(journal, T0_US)))
    check_account(journal, [e for e in everything[delivered:] if id_of(e) not in kept])
    left = {id_of(e) for e in everything} - kept
    classes: dict[str, list[Entry]] = {
        "delivered wave": [e for e in everything[:delivered] if isinstance(e, WavePiece)],
        "delivered value": [e for e in everything[:delivered] if not isinstance(e, WavePiece)],
        "wave": [e for e in everything[delivered:] if isinstance(e, WavePiece)],
        "value": [e for e in everything[delivered:] if isinstance(e, Reading) and not is_last_to_go(e)],
        "last": [e for e in everything[delivered:] if is_last_to_go(e)],
        "nothing": [reading(CUFF, 0, 0.0)],
    }
    stopped_at = ""
    for name, members in classes.items():
        lost = [id_of(e) for e in members if id_of(e) in left]
        assert lost == [id_of(e) for e in members[: len(lost)]], f"{name}: the oldest first"
        left.difference_update(lost)
        if len(lost) < len(members):
            stopped_at = name
            break
    assert not left, f"{stopped_at} are there, but later ones are gone"
    assert stopped_at == stops_at


def id_of(entry: Entry) -> tuple[str, int]:
    who = entry.series.channel.source if isinstance(entry, Reading | WavePiece) else type(entry).__name__
    return who, time_us(entry)


def check_account(journal: Journal, gone: list[Entry]) -> None:
    """Every entry that was given up is accounted for by its channel."""
    counted = Counter(e.series if isinstance(e, Reading | WavePiece) else None for e in gone)
    samples = sum(e.n for e in gone if isinstance(e, WavePiece))
    told = journal.sacrificed()
    assert {series: lost.entries for series, lost in told.items()} == dict(counted)
    assert sum(lost.samples for lost in told.values()) == samples
    for series, lost in told.items():
        times = [time_us(e) for e in gone if (e.series if isinstance(e, Reading | WavePiece) else None) == series]
        assert (lost.first_us, lost.last_us) == (min(times), max(times))


def test_what_has_lost_its_row_is_counted_too(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    journal = Journal.open(path, ["timescale"], Limits(max_bytes=400_000))
    journal.append([piece(second, range(250)) for second in range(200)])
    with closing(sqlite3.connect(path)) as db, db:
        assert db.execute("delete from wave where id = 5").rowcount == 1
    journal.append([piece(second, range(250)) for second in range(200, 500)])
    tidied(journal, 0)
    gone = journal.sacrificed()
    with closing(sqlite3.connect(path)) as db:
        (kept,) = db.execute("select count(*) from queue").fetchone()
    assert gone[None].entries == 1
    assert sum(one.entries for one in gone.values()) == 500 - kept
    journal.close()


def test_the_files_stay_within_their_limit(tmp_path: Path) -> None:
    most = 2 << 20
    path = tmp_path / "journal.db"
    journal = Journal.open(path, ["a"], Limits(max_bytes=most))
    largest = 0
    for start in range(40):
        journal.append([later(e, start * 60_000_000) for e in busy(1)])
        while journal.tidy(T0_US):
            pass
        largest = max(largest, sum(file.stat().st_size for file in tmp_path.iterdir() if file.suffix != ".db-shm"))
    lost = sum(gone.entries for gone in journal.sacrificed().values())
    assert lost + len(journal.read(0, 1_000_000)) == 40 * len(busy(1))
    assert 0.5 * most < largest <= most
    journal.close()


def later(entry: Entry, by_us: int) -> Entry:
    if isinstance(entry, WavePiece):
        return replace(entry, start_us=entry.start_us + by_us)
    return replace(entry, time_us=entry.time_us + by_us)


def test_a_loss_is_announced_before_it_happens(opened: Open) -> None:
    journal = opened(Limits(max_bytes=1 << 20))
    announced = False
    for start in range(100):
        assert journal.is_nearly_full() >= announced
        announced = journal.is_nearly_full()
        if journal.tidy(T0_US):
            break
        journal.append([later(e, start * 60_000_000) for e in busy(1)[:60]])
    assert announced
    assert journal.sacrificed()


def test_what_stands_for_long_does_not_hide_that_a_loss_is_near(opened: Open) -> None:
    journal = opened(Limits(keep_us=HOUR_US, max_bytes=1 << 20))
    stands = condition(0, AlarmPhase.START)
    journal.append([stands, *seconds(0, 400)])
    deliver(journal)
    assert tidied(journal, T0_US + 2 * HOUR_US) == [stands]
    second = 7200
    while not journal.is_nearly_full():
        assert not journal.tidy(T0_US + 2 * HOUR_US)
        journal.append(seconds(second, second + 5))
        second += 5
    assert journal.sacrificed() == {}


def test_what_is_delivered_is_no_cause_for_alarm(opened: Open) -> None:
    journal = opened(Limits(max_bytes=1 << 20))
    for start in range(30):
        journal.append([later(e, start * 60_000_000) for e in busy(1)])
        for name in ("a", "b"):
            journal.done(name, Ranges.of((1, journal.tip)))
        assert not journal.is_nearly_full()
        while journal.tidy(T0_US):
            pass
    assert journal.sacrificed() == {}


@pytest.mark.parametrize("release", RELEASES, ids=lambda path: path.name)
def test_what_an_older_release_delivered_goes_too(release: Path, tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    shutil.copy(release / "journal.db", path)
    journal = Journal.open(path, limits=Limits(keep_us=HOUR_US))
    for name in journal.readers():
        journal.done(name, Ranges.of((1, journal.tip)))
    while journal.tidy(T0_US + 24 * HOUR_US):
        pass
    assert journal.conditions(BED, *EVER) == [condition(1, AlarmPhase.START)]
    for table, left in {"obs": 0, "wave": 0, "identity": 0, "queue": 1, "minute": 0}.items():
        assert journal._db.execute(f"select count(*) from {table}").fetchone() == (left,), table
    journal.close()


def test_another_value_for_a_time_whose_first_is_forgotten_gets_a_place_of_its_own(opened: Open) -> None:
    journal = opened(Limits(keep_us=HOUR_US))
    first, second, third = (reading(CUFF, 0, value) for value in (100.0, 101.0, 102.0))
    journal.append([first, second])
    for name in ("a", "b"):
        journal.done(name, Ranges.of((1, 1)))
    assert tidied(journal, T0_US + 2 * HOUR_US) == [second]
    journal.append([third, second])
    assert entries_of(journal) == [second, third]


def test_one_reading_with_a_time_ahead_takes_no_minutes_with_it(opened: Open) -> None:
    journal = opened(Limits(keep_us=HOUR_US))
    journal.append([reading(CUFF, 1e9, 100.0), *seconds(0, 7_200, channels=1)])
    for name in ("a", "b"):
        journal.done(name, Ranges.of((1, journal.tip)))
    tidied(journal, T0_US + 2 * HOUR_US)
    (minutes,) = journal.minutes(BED, ["VND_TEST_0"], *EVER)
    assert minutes.minute_us.tolist() == list(range(T0_US + HOUR_US, T0_US + 2 * HOUR_US, 60_000_000))
