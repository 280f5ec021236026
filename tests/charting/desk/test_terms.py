"""Terms of code libraries on a record: what was retired is not chosen anew, and stays as it was where it was chosen."""

from dataclasses import replace

import pytest

from charting.case.refusals import Impossible
from charting.desk import Desk
from charting.library.library import Libraries, parse
from charting.trail.trail import MemoryTrail
from tests.charting.clock import Clock
from tests.charting.desk.scenes import ANN, RECORD, TEMPLATES, begun, bolus

UNTIL = "2026-01-02"
DRUGS = f"code,zh,en,valid_from,valid_to\nA,甲,First,,{UNTIL}\nB,乙,Second,,\n"


def test_a_retired_term_is_not_chosen_anew_and_stays_where_it_is(memory: MemoryTrail, clock: Clock) -> None:
    libraries = Libraries()
    libraries.add(parse(DRUGS, "drugs-1.csv"))
    desk = Desk(memory, TEMPLATES, libraries, clock.now_us, "Asia/Shanghai")
    case = begun(desk)
    first = libraries.term("drugs", "1", "A")
    assert first is not None
    given = replace(bolus(50, clock.at_us), drug=first)
    desk.set(ANN, case.id, document=RECORD, item="x", after=0, content=given)
    clock.go(5 * 86_400)  # it is retired, and so is the version
    libraries.add(parse(DRUGS.replace("A,甲", "C,丙"), "drugs-2.csv"))
    mended = replace(given, dose=60)
    now = desk.set(ANN, case.id, document=RECORD, item="x", after=1, content=mended, reason="typing_error")
    assert now.documents[RECORD].items["x"].content == mended
    later = desk.open(ANN, bed="OR-2", area="or", patient=case.patient)
    desk.start(ANN, later.id, template="anaesthesia_record", document=RECORD)
    with pytest.raises(Impossible) as refused:
        desk.set(ANN, later.id, document=RECORD, item="y", after=0, content=replace(given, at_us=clock.at_us))
    assert refused.value.key == "term_retired"
    assert "甲" in refused.value.text("zh")
    # what was given before it was retired is written up late
    late = desk.set(ANN, case.id, document=RECORD, item="y", after=0, content=given)
    assert late.documents[RECORD].items["y"].content == given
