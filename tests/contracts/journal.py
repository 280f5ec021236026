"""What every journal does, in a file or in memory. A test class gives the fixture `journal`: empty, readers a, b."""

from dataclasses import replace

import numpy as np
import pytest

from collector.journal import Journal
from collector.journal.ranges import Ranges
from collector.model import AlarmPhase, Entry, WavePiece
from tests.journal.entries import HEART_RATE, condition, one_of_each, piece, reading, seconds


def entries_of(journal: Journal) -> list[Entry]:
    return [entry for _, entry in journal.read(0, 1_000_000)]


class JournalContract:
    def test_everything_comes_back_in_order_under_growing_numbers(self, journal: Journal) -> None:
        first, second = one_of_each(), seconds(10, 20)
        assert journal.append(first) == len(first)
        assert journal.append(second) == len(first) + len(second)
        assert journal.read(0, 1000) == list(enumerate([*first, *second], start=1))
        assert journal.read(len(first), 3) == [(len(first) + 1 + n, entry) for n, entry in enumerate(second[:3])]

    def test_the_same_event_again_changes_nothing_and_is_counted(self, journal: Journal) -> None:
        journal.append(one_of_each())
        journal.append(one_of_each())
        journal.append([entry for entry in one_of_each() for _ in range(2)])
        assert entries_of(journal) == one_of_each()
        assert journal.usage().duplicates == 3 * len(one_of_each())
        assert journal.usage().different == 0

    def test_a_different_value_for_the_same_time_is_kept_and_counted(self, journal: Journal) -> None:
        values = [reading(HEART_RATE, 5, value) for value in (60.0, 61.0, None, 60.0, 62.0)]
        journal.append(values[:1])
        journal.append(values[1:])
        waves = [piece(0, [1, 2, 3]), piece(0, [1, 2, 4])]
        journal.append(waves)
        alarms = [condition(3, AlarmPhase.START), condition(3, AlarmPhase.END)]
        journal.append(alarms)
        assert entries_of(journal) == [*values[:3], values[4], *waves, *alarms]
        usage = journal.usage()
        assert (usage.different, usage.duplicates) == (5, 1)

    def test_an_older_value_is_kept_in_the_order_of_arrival(self, journal: Journal) -> None:
        values = [reading(HEART_RATE, at, at) for at in (10, 5, 20, 1)]
        journal.append(values[:2])
        journal.append(values[2:])
        assert entries_of(journal) == values

    @pytest.mark.parametrize(("rate_hz", "n"), [(250.0, 2600), (62.5, 200), (0.5, 3), (250.0, 250)])
    def test_a_long_piece_is_kept_in_pieces_of_a_second(self, journal: Journal, rate_hz: float, n: int) -> None:
        whole = piece(7, range(n), rate_hz)
        journal.append([whole])
        kept = [entry for entry in entries_of(journal) if isinstance(entry, WavePiece)]
        assert np.concatenate([np.frombuffer(part.data, "<i4") for part in kept]).tolist() == list(range(n))
        done = 0
        for part in kept:
            assert part.start_us == whole.start_us + round(done * 1_000_000 / rate_hz)
            assert part.n == 1 or part.n / rate_hz <= 1.0
            assert replace(part, start_us=whole.start_us, data=whole.data) == whole
            done += part.n

    @pytest.mark.parametrize("edge", [-32_769, -32_768, 32_767, 32_768, -(1 << 31), (1 << 31) - 1])
    def test_counts_of_any_width_come_back(self, journal: Journal, edge: int) -> None:
        journal.append([piece(0, [0, edge, 1])])
        assert entries_of(journal) == [piece(0, [0, edge, 1])]

    def test_how_far_an_input_is_goes_with_its_entries_or_not_at_all(self, journal: Journal) -> None:
        journal.append(seconds(0, 1), {"monitor": 7, "vent": 2})
        journal.append([], {"vent": 3})
        with pytest.raises(OverflowError):
            journal.append([*seconds(1, 2), replace(reading(HEART_RATE, 0, 1.0), time_us=1 << 70)], {"monitor": 9})
        assert journal.inputs() == {"monitor": 7, "vent": 3}
        assert entries_of(journal) == seconds(0, 1)
        tip = journal.append(seconds(1, 2), {"monitor": 9})
        assert tip == len(entries_of(journal)) == 40

    def test_what_every_reader_has_stays_in_its_place(self, journal: Journal) -> None:
        everything = seconds(0, 400)
        journal.append(everything)
        journal.done("a", Ranges.of((1, 5000), (6001, 8000)))
        journal.done("b", Ranges.of((1, 3000), (7001, 8000)))
        assert not journal.tidy(everything[-1].time_us)  # type: ignore[union-attr]
        assert journal.read(0, 10_000) == list(enumerate(everything, start=1))
        usage = journal.usage()
        assert usage.pending == {"a": 1020 - 20, "b": 4020 - 20}
        oldest = everything[3000]
        assert usage.oldest_us == oldest.time_us  # type: ignore[union-attr]

    def test_a_reader_that_was_never_told_of_keeps_its_place(self, journal: Journal) -> None:
        journal.append(seconds(0, 2))
        batch = journal.batch(0, 40, 15)
        assert (batch.after, batch.last, len(batch)) == (0, 15, 15)
        batch = journal.batch(15, 30, 1000)
        assert (batch.last, len(batch)) == (30, 15)

    def test_a_batch_of_waves_is_small(self, journal: Journal) -> None:
        counts = [1 << 20] * 250_000
        journal.append([piece(second, counts, 250_000.0) for second in range(10)])
        ends, sizes = [0], []
        while ends[-1] < 10:
            batch = journal.batch(ends[-1], 10, 1000)
            sizes.append(len(batch))
            ends.append(batch.last)
        assert sizes == [4, 4, 2]

    def test_after_a_lost_tail_the_queue_belongs_to_a_new_journal(self, journal: Journal) -> None:
        journal.append(seconds(0, 2))
        journal.done("a", Ranges.of((1, 40)))
        journal.done("b", Ranges.of((1, 10)))
        before, queued = journal.id, journal.read(0, 100)
        journal.renew()
        assert journal.id != before
        assert journal.read(0, 100) == queued
        assert journal.readers() == {"a": Ranges(), "b": Ranges()}

    def test_after_a_lost_destination_everything_kept_is_queued_anew(self, journal: Journal) -> None:
        kept = [*one_of_each(), *seconds(0, 3)]
        journal.append(kept)
        for name in ("a", "b"):
            journal.done(name, Ranges.of((1, len(kept))))
        before = journal.id
        journal.requeue()
        again = journal.read(0, 1000)
        assert journal.id != before
        assert sorted(map(repr, kept)) == sorted(repr(entry) for _, entry in again)
        assert min(seq for seq, _ in again) > len(kept)
        assert journal.append(seconds(3, 4)) == max(seq for seq, _ in again) + 20

    def test_a_new_journal_knows_of_no_earlier_daemon(self, journal: Journal) -> None:
        assert journal.last_seen_us(10**18) is None

    def test_a_reader_sees_what_was_appended(self, journal: Journal) -> None:
        reader = journal.reader()
        journal.append(one_of_each())
        assert [entry for _, entry in reader.read(0, 100)] == one_of_each()
        assert reader.tip == len(one_of_each())
        reader.close()
        assert journal.append(seconds(0, 1)) == len(one_of_each()) + 20
