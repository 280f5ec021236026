"""Said = held + sacrificed, channel by channel: anything else is counted."""

from collections import Counter

import pytest

from collector.model import Entry, Reading, Series, WavePiece
from collector.verify.comparison import Comparison
from collector.verify.limits import accounted
from collector.verify.script import Script
from tests.journal.entries import T0_US

SCRIPT = Script("B", T0_US)
SAID = SCRIPT.entries(0, 10)


def sacrificed(entries: list[Entry]) -> dict[Series | None, int]:
    gone: Counter[Series | None] = Counter()
    for entry in entries:
        if isinstance(entry, WavePiece | Reading):
            gone[entry.series] += entry.n if isinstance(entry, WavePiece) else 1
        else:
            gone[None] += 1
    return dict(gone)


def test_what_was_given_up_and_told_is_accounted_for() -> None:
    wanted = accounted(SAID, SAID, {}).wanted
    assert accounted(SAID, SAID, {}) == Comparison(wanted=wanted)
    assert accounted(SAID, SAID[100:], sacrificed(SAID[:100])) == Comparison(wanted=wanted)


@pytest.mark.parametrize("number", [0, 60, 70])
def test_what_went_without_being_told_is_lost(number: int) -> None:
    held = [*SAID[:number], *SAID[number + 1 :]]
    entry = SAID[number]
    assert accounted(SAID, held, {}).lost == (entry.n if isinstance(entry, WavePiece) else 1)
    other: dict[Series | None, int] = {SCRIPT.channels[59]: 1}
    assert accounted(SAID, held, other).lost > 0, "told of another channel"


def test_what_is_told_to_have_gone_and_is_there_is_wrong() -> None:
    assert accounted(SAID, SAID, {SCRIPT.channels[0]: 2}).invented == 2
    assert accounted(SAID, [*SAID, SAID[0]], {}).duplicated == 1
