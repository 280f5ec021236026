"""The journal in memory takes over from a disk that fails, and gives everything back."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from collector.errors import DiskError, JournalError
from collector.journal import Journal, Limits
from collector.journal.both import BothReader
from collector.journal.ranges import Ranges
from collector.journal.rescue import salvage
from collector.journal.safe import RETRY_S, SafeJournal
from collector.journal.watch import CALM_S, FULL, NEARLY_FULL, UNSAVED, JournalWatch
from collector.model import AlarmPhase, Entry, Priority
from collector.series import SeriesReader
from collector.technical import GATEWAY, Technical
from tests.contracts.journal import entries_of
from tests.contracts.series import SeriesContract
from tests.journal.entries import BED, T0_US, one_of_each, seconds
from tests.journal.test_rescue import blank, pages_of


class Clock:
    """Stands still until it is set."""

    def __init__(self) -> None:
        self.s = 0.0

    def utc_us(self) -> int:
        return T0_US + round(self.s * 1e6)

    def monotonic(self) -> float:
        return self.s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture
def safe(path: Path, clock: Clock) -> Iterator[SafeJournal]:
    journal = SafeJournal(path, ["a"], Limits(), clock.utc_us, clock.monotonic)
    yield journal
    end(journal)


def end(safe: SafeJournal) -> None:
    safe.close()
    for journal in safe.journals:
        journal.close()


def fill_disk(safe: SafeJournal) -> None:
    """SQLite is told that its file may not grow: it fails as on a full disk."""
    assert safe.file is not None
    safe.file._db.execute("pragma max_page_count = 1")


def free_disk(safe: SafeJournal) -> None:
    assert safe.file is not None
    safe.file._db.execute("pragma max_page_count = 1000000")


def same(journal: Journal, entries: Sequence[Entry]) -> bool:
    return Counter(map(repr, entries_of(journal))) == Counter(map(repr, entries))


def test_a_full_disk_goes_unnoticed_by_those_who_append(safe: SafeJournal, clock: Clock) -> None:
    assert safe.file is not None
    safe.append(seconds(0, 100), {"monitor": 1})
    fill_disk(safe)
    clock.s = 7.0
    safe.append(seconds(100, 600), {"monitor": 2})
    safe.append(seconds(600, 700), {"monitor": 3})
    assert safe.memory is not None
    assert safe.unsaved_since_us == T0_US + 7_000_000
    assert "full" in safe.cause
    assert same(safe.file, seconds(0, 100))
    assert same(safe.memory, seconds(100, 700))
    assert safe.inputs() == {"monitor": 3}
    clock.s += RETRY_S
    safe.heal()
    assert safe.memory is not None, "the disk is still full"
    free_disk(safe)
    safe.heal()
    assert safe.memory is not None, "it is not asked all the time"
    clock.s += RETRY_S
    gone = safe.memory
    safe.heal()
    assert safe.memory is None
    assert safe.unsaved_since_us is None
    assert safe.cause == ""
    gone.close()
    assert same(safe.file, seconds(0, 700))
    assert safe.file.inputs() == {"monitor": 3}
    safe.append(seconds(700, 710))
    assert same(safe.file, seconds(0, 710))


def test_what_went_back_before_the_disk_filled_again_is_not_doubled(
    safe: SafeJournal, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("collector.journal.safe.COPY", 100)
    assert safe.file is not None
    fill_disk(safe)
    safe.append(seconds(0, 100))
    room = safe.file._db.execute("pragma page_count").fetchone()[0] + 25
    safe.file._db.execute(f"pragma max_page_count = {room}")
    clock.s += RETRY_S
    safe.heal()
    kept = len(entries_of(safe.file))
    assert 0 < kept < 2000
    assert safe.memory is not None
    safe.append(seconds(100, 110))
    free_disk(safe)
    clock.s += RETRY_S
    gone = safe.memory
    safe.heal()
    gone.close()
    assert safe.memory is None
    assert same(safe.file, seconds(0, 110))


def test_what_memory_had_to_give_up_is_accounted_for(path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("collector.journal.safe.MEMORY_BYTES", 400_000)
    safe = SafeJournal(path, ["a"], Limits(), clock.utc_us, clock.monotonic)
    fill_disk(safe)
    safe.append(seconds(0, 600))
    safe.tidy()
    free_disk(safe)
    clock.s += RETRY_S
    gone = safe.memory
    safe.heal()
    assert safe.file is not None
    assert gone is not None
    gone.close()
    lost = sum(one.entries for one in safe.file.sacrificed().values())
    assert lost > 0
    assert lost + len(entries_of(safe.file)) == 12_000
    end(safe)


def test_a_file_damaged_while_in_use_is_mended(safe: SafeJournal, path: Path) -> None:
    assert safe.file is not None
    safe.append([*one_of_each(), *seconds(10, 300)])
    safe.file._db.execute("pragma wal_checkpoint(truncate)")
    (root,) = pages_of(path, "latest")
    safe.file._db.execute("pragma cache_size = 0")
    blank(path, root)
    assert safe.file_reader is not None
    with pytest.raises(DiskError):
        safe.file_reader.latest(BED)
    damaged = safe.file
    safe.heal()
    assert safe.file is not damaged
    assert safe.memory is None
    assert same(safe.file, [*one_of_each(), *seconds(10, 300)])
    assert safe.file.readers() == {"a": Ranges()}
    assert len(list(path.parent.glob("journal.db.damaged-20260101T*Z"))) == 1
    safe.append(seconds(300, 301))


def test_a_damaged_file_does_not_keep_the_daemon_from_starting(path: Path, clock: Clock) -> None:
    before = SafeJournal(path, ["a"], Limits(), clock.utc_us, clock.monotonic)
    before.append(seconds(0, 100))
    end(before)
    blank(path, 1)
    safe = SafeJournal(path, ["a"], Limits(), clock.utc_us, clock.monotonic)
    assert safe.file is None
    safe.append(seconds(100, 110))
    assert len(safe.journals) == 1
    gone = safe.memory
    safe.heal()
    assert gone is not None
    gone.close()
    assert safe.file is not None
    assert same(safe.file, seconds(100, 110))
    end(safe)


def test_a_disk_that_cannot_be_opened_is_waited_for(path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    opened, failing = Journal.open, True

    def open_(where: Path | str, *rest: object) -> Journal:
        if failing and where != ":memory:":
            raise DiskError("Read-only file system")
        return opened(where, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(Journal, "open", open_)
    safe = SafeJournal(path, ["a"], Limits(), clock.utc_us, clock.monotonic)
    safe.append(seconds(0, 10))
    safe.heal()
    assert safe.file is None
    failing = False
    safe.heal()
    assert safe.file is None
    clock.s += RETRY_S
    gone = safe.memory
    safe.heal()
    assert gone is not None
    gone.close()
    assert safe.file is not None
    assert same(safe.file, seconds(0, 10))
    end(safe)


def test_a_mistake_of_the_caller_is_no_matter_of_the_disk(tmp_path: Path, clock: Clock) -> None:
    with pytest.raises(JournalError, match="No such file") as caught:
        SafeJournal(tmp_path / "nowhere" / "journal.db", [], Limits(), clock.utc_us)
    assert not isinstance(caught.value, DiskError)


def test_appends_go_on_while_the_journal_is_mended(safe: SafeJournal, clock: Clock) -> None:
    """Nothing is lost or doubled between the last copy and the first append into the file again."""
    fill_disk(safe)
    safe.append(seconds(0, 200))
    free_disk(safe)
    clock.s += RETRY_S
    gone = safe.memory
    healing = threading.Thread(target=safe.heal)
    healing.start()
    second = 200
    while healing.is_alive():
        safe.append(seconds(second, second + 1))
        second += 1
    healing.join()
    assert gone is not None
    gone.close()
    assert safe.file is not None
    assert same(safe.file, seconds(0, second))


class TestBothAsOne(SeriesContract):
    @pytest.fixture(params=["memory only", "half and half"])
    def stored(self, request: pytest.FixtureRequest, safe: SafeJournal) -> Callable[[Sequence[Entry]], SeriesReader]:
        def store(entries: Sequence[Entry]) -> SeriesReader:
            half = len(entries) // 2 if request.param == "half and half" else 0
            safe.append(entries[:half])
            assert safe.file is not None
            safe.file.damage.clear()
            fill_disk(safe)
            safe._take_over("for the test")
            safe.append(entries[half:])
            return BothReader(safe)

        return store


def test_a_file_that_cannot_be_read_leaves_what_memory_has(safe: SafeJournal) -> None:
    reader = BothReader(safe)
    safe.append(seconds(0, 10))
    safe._take_over("for the test")
    safe.append(seconds(10, 11))
    assert safe.file_reader is not None
    safe.file_reader.close()
    assert len(reader.latest(BED)) == 20
    assert {len(points.time_us) for points in reader.points(BED, [], 0, 1 << 62)} == {1}


def test_conditions_tell_of_the_journal(path: Path, clock: Clock) -> None:
    safe = SafeJournal(path, ["a"], Limits(max_bytes=1 << 20), clock.utc_us, clock.monotonic)
    watch = JournalWatch(safe, Technical(BED, clock.utc_us))

    def told() -> list[tuple[str, str]]:
        changes = watch.look(clock.s)
        assert all(change.device == GATEWAY and change.alarm.priority is Priority.HIGH for change in changes)
        return [(change.alarm.source, change.alarm.phase.value) for change in changes]

    assert told() == []
    fill_disk(safe)
    safe.append(seconds(0, 1000))
    assert told() == [(UNSAVED, AlarmPhase.START)]
    assert told() == []
    free_disk(safe)
    clock.s += RETRY_S
    gone = safe.memory
    safe.heal()
    assert gone is not None
    gone.close()
    assert told() == [(UNSAVED, AlarmPhase.END), (NEARLY_FULL, AlarmPhase.START)]
    safe.tidy()
    assert (FULL, AlarmPhase.START) in told()
    clock.s += CALM_S
    assert (FULL, AlarmPhase.END) in told()
    end(safe)


def test_a_condition_of_a_last_life_is_cleared_by_this_one(clock: Clock) -> None:
    last = Technical(BED, clock.utc_us)
    standing = [*last.raised("clock-sync", "lost"), *last.raised(UNSAVED, "full"), *last.cleared("clock-sync")]
    this = Technical(BED, clock.utc_us, standing)
    assert this.cleared("clock-sync") == []
    (change,) = this.cleared(UNSAVED)
    assert (change.alarm.phase, change.alarm.text) == (AlarmPhase.END, "full")


def test_what_a_reader_that_keeps_nothing_has_is_not_safe_in_memory_either(
    path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("collector.journal.safe.MEMORY_BYTES", 400_000)
    safe = SafeJournal(path, ["a"], Limits(passing=frozenset({"a"})), clock.utc_us, clock.monotonic)
    fill_disk(safe)
    safe.append(seconds(0, 600))
    assert safe.memory is not None
    safe.memory.done("a", Ranges.of((1, 12_000)))
    safe.tidy()
    lost = sum(one.entries for one in safe.memory.sacrificed().values())
    assert lost == 12_000 - len(entries_of(safe.memory)) > 0
    end(safe)


def test_what_is_in_both_while_memory_gives_back_is_shown_once(safe: SafeJournal) -> None:
    entries = [*one_of_each(), *seconds(20, 90)]
    safe._take_over("for the test")
    safe.append(entries)
    assert safe.file is not None
    before, reader = [], BothReader(safe)
    for half in (0, len(entries) // 2, len(entries)):
        safe.file.append(entries[:half])
        before.append(
            (
                sorted(map(repr, reader.values(BED, [], 0, 1 << 60))),
                sorted(map(repr, reader.waves(BED, [], 0, 1 << 60))),
                sorted(map(repr, reader.conditions(BED, 0, 1 << 60))),
                sum(points.time_us.size for points in reader.points(BED, [], 0, 1 << 60)),
                sorted((str(m.series), int(m.count.sum())) for m in reader.minutes(BED, [], 0, 1 << 60)),
            )
        )
    assert before[0] == before[1] == before[2]


def test_a_salvage_without_room_leaves_the_damaged_file_where_it_is(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal.open(path)
    journal.append(seconds(0, 50))
    journal.close()
    content = path.read_bytes()
    closed = Journal.close

    def close(journal: Journal) -> None:
        closed(journal)
        Path(f"{journal.path}-wal").touch()  # as where a checkpoint found no room

    monkeypatch.setattr(Journal, "close", close)
    with pytest.raises(DiskError, match="no room"):
        salvage(path, "now")
    assert path.read_bytes() == content
    assert not path.with_name("journal.db.salvaged").exists()


@pytest.mark.parametrize(
    "damage",
    [
        "update latest set quality = 'X'",
        "update channel set role = 'of no kind' where id = 1",
        "update obs set quality = '?' where channel = 1",
        "update condition set phase = 'never'",
        "update identity set body = '{'",
        "update obs set time = 'noon' where channel = 2 and n = 0",
    ],
)
def test_damage_that_sqlite_does_not_notice_is_mended_too(safe: SafeJournal, damage: str) -> None:
    """The rows that make no sense are left out, everything else goes on."""
    entries = [*one_of_each(), *seconds(20, 40)]
    safe.append(entries)
    assert safe.file is not None
    before = safe.file
    before._db.execute(damage)
    reader = BothReader(safe)
    for ask in (
        lambda: reader.latest(BED),
        lambda: reader.values(BED, [], 0, 1 << 60),
        lambda: reader.conditions(BED, 0, 1 << 60),
    ):
        try:
            ask()
        except DiskError:
            break
    else:
        safe.file.damage.set()  # nobody has looked at this table
    safe.heal()
    assert safe.memory is None
    assert safe.file is not before
    left = Counter(map(repr, entries_of(safe.file)))
    assert not left - Counter(map(repr, entries))
    assert left.total() > len(entries) * 0.6
    safe.append(seconds(40, 41))


def test_what_went_back_already_is_not_lost_when_memory_fills(
    path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("collector.journal.safe.MEMORY_BYTES", 400_000)
    safe = SafeJournal(path, ["a"], Limits(), clock.utc_us, clock.monotonic)
    fill_disk(safe)
    safe.append(seconds(0, 600))
    memory = safe.memory
    assert memory is not None
    assert safe.file is not None
    free_disk(safe)
    while memory.copied < 9_000:
        safe._copy(safe.file, memory)
    fill_disk(safe)
    safe.tidy()
    free_disk(safe)
    clock.s += RETRY_S
    safe.heal()
    memory.close()
    lost = sum(one.entries for one in safe.file.sacrificed().values())
    assert lost == 12_000 - len(entries_of(safe.file))
    assert lost <= 3_000
    end(safe)


def test_only_series_that_memory_has_are_unsaved(safe: SafeJournal, clock: Clock) -> None:
    safe.append(seconds(0, 10, channels=4))
    assert safe.unsaved() is None
    clock.s = 50.0
    fill_disk(safe)
    safe.append([*seconds(10, 400, channels=2)])
    unsaved = safe.unsaved()
    assert unsaved is not None
    assert unsaved.since_us == T0_US + 50_000_000
    assert {series.channel.code for series in unsaved.series} == {"VND_TEST_0", "VND_TEST_1"}
