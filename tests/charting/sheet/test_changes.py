"""What counts as a change of a record, and what only completes it."""

from dataclasses import replace

from charting.case.state import Case
from charting.trail.contents import Attendance, Bolus, Infusion, Pace, Patient, Rate, Volume
from charting.trail.entries import Opened, Started, Voided
from tests.charting.sheet.data import DOCUMENT, Book, at, term
from tests.charting.sheet.drawn import draw, whole

DRUG = term("NORA", "去甲肾上腺素", "Noradrenaline")
RUN = Infusion(what="drug", drug=DRUG, unit="ug/kg/min", rates=(Rate(at_us=at(0, 10), rate=0.1),))
FASTER = replace(RUN, rates=(*RUN.rates, Rate(at_us=at(0, 30), rate=0.2)))
STOPPED = replace(FASTER, stop_us=at(0, 50))
FLUID = Volume(way="in", group="crystalloid", what="盐水", ml=500, start_us=at(0, 5))
RESCUE = Pace(why="rescue", start_us=at(0, 20))
NURSE = Attendance(role="circulating_nurse", name="赵勇", in_us=at(0))


def completed() -> Book:
    book = Book()
    book.add(at(0), "wangf", Opened(bed="OR-03", area="or", at_us=at(0), patient=Patient(name="欧阳建国")))
    book.add(at(0), "wangf", Started(document=DOCUMENT, template="anaesthesia_record", version="1.0.0", start_us=at(0)))
    for n, run in enumerate((RUN, FASTER, STOPPED)):
        book.put("run", run, after=n, at_us=at(0, 10 + 20 * n))
    for n, fluid in enumerate((FLUID, replace(FLUID, end_us=at(0, 40)))):
        book.put("fluid", fluid, after=n, at_us=at(0, 40))
    for n, rescue in enumerate((RESCUE, replace(RESCUE, end_us=at(0, 45)))):
        book.put("rescue", rescue, document="", after=n, at_us=at(0, 45))
    for n, nurse in enumerate((NURSE, replace(NURSE, out_us=at(0, 55)))):
        book.put("nurse", nurse, document="", after=n, at_us=at(0, 55))
    book.put("dose", Bolus(drug=DRUG, dose=4, unit="ug", route="iv", at_us=at(0, 9)))
    return book


def written(case: Case) -> list[str]:
    return whole(draw(case, now_us=at(1))).split("\n")


def test_a_later_rate_and_an_end_are_no_changes() -> None:
    case = completed().case()
    said = written(case)
    assert case.documents[DOCUMENT].edits == 0
    assert any("修改 0 项" in line for line in said)
    assert not any(line.startswith(("修改记录", "病例信息的修改")) for line in said)


def test_a_correction_after_a_completion_and_a_void_are() -> None:
    book = completed()
    book.put("run", replace(STOPPED, stop_us=at(0, 52)), after=3, at_us=at(0, 58), reason="typing_error")
    book.add(at(0, 59), "wangf", Voided(document=DOCUMENT, item="dose", after=1, reason="typing_error"))
    book.put("nurse", replace(NURSE, out_us=at(0, 56)), document="", after=2, at_us=at(0, 59), reason="typing_error")
    case = book.case()
    said = written(case)
    assert case.documents[DOCUMENT].edits == 2
    assert any("修改 2 项" in line for line in said)
    assert "修改记录（2 项）" in said
    assert "病例信息的修改（1 项）" in said
    assert [(v.number, before and before.number) for before, v in case.documents[DOCUMENT].items["run"].changes] == [
        (4, 3)
    ]


def test_what_completes_for_a_reason_is_told_with_it() -> None:
    book = completed()
    noted = Bolus(drug=DRUG, dose=4, unit="ug", route="iv", at_us=at(0, 9), note="慢推")
    book.put("dose", noted, after=1, reason="other: 补记")
    assert "修改记录（1 项）" in written(book.case())
