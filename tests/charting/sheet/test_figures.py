"""Doses and rates at the same time, or nearly, are each readable."""

import pytest

from charting.trail.contents import Bolus, Infusion, Rate, Volume
from tests.charting.sheet.data import at, term
from tests.charting.sheet.drawn import Said, draw, texts
from tests.charting.sheet.test_documents import book_of
from tests.charting.sheet.test_record import hits

DRUG = term("EPHE", "麻黄碱", "Ephedrine")


def row(given: list[tuple[float, float]], kind: str) -> tuple[list[Said], list[Said]]:
    """What stands in the row of (minute, number), and all texts."""
    book = book_of(1)
    for n, (minute, number) in enumerate(given):
        if kind == "bolus":
            book.put(f"b{n}", Bolus(drug=DRUG, dose=number, unit="mg", route="iv", at_us=at(0, minute)))
        elif kind == "volume":
            book.put(f"v{n}", Volume(way="out", group="urine", what="麻黄碱", ml=number, start_us=at(0, minute)))
    if kind == "infusion":
        rates = tuple(Rate(at_us=at(0, minute), rate=number) for minute, number in given)
        book.put("run", Infusion(what="drug", drug=DRUG, unit="mg/h", rates=rates))
    page, *others = draw(book.case(), now_us=at(1))
    left = float(page.get("data-left", ""))
    right = left + float(page.get("data-column", "")) * len(page.get("data-marks", "").split())
    found = texts(page)
    (name,) = (t for t in found if t.text.startswith("麻黄碱") and t.left < left)
    inside = [t for t in found if abs(t.y - name.y) < 14 and left < t.left < right]
    return sorted(inside, key=lambda t: t.left), [t for other in others for t in texts(other)]


@pytest.mark.parametrize("kind", ["bolus", "infusion", "volume"])
@pytest.mark.parametrize("minutes", [(30, 30, 30), (30, 30.5, 31)])
def test_three_of_one_time_stand_side_by_side(kind: str, minutes: tuple[float, ...]) -> None:
    if kind == "infusion" and minutes[0] == minutes[1]:
        minutes = (30, 30.01, 30.02)
    there, others = row(list(zip(minutes, (6, 7, 10), strict=True)), kind)
    assert [t.text for t in there] == ["6,", "7,", "10"]
    assert not hits(there)
    assert not any(t.text.startswith("麻黄碱") for t in others)


@pytest.mark.parametrize("kind", ["bolus", "volume"])
def test_without_room_a_mark_stands_there_and_all_are_told(kind: str) -> None:
    there, others = row([(30, 6.25), (30, 7.25), (30, 10.25), (35, 8)], kind)
    assert [t.text for t in there] == ["…", "8"]
    assert not hits(there)
    told = " ".join(t.text for t in others if t.text.startswith("麻黄碱"))
    assert all(number in told for number in ("6.25", "7.25", "10.25"))


def test_one_infusions_first_rate_does_not_cover_the_last_of_the_one_before() -> None:
    book = book_of(1)
    for n, minute in enumerate((30.0, 30.5)):
        rates = (Rate(at_us=at(0, minute), rate=0.25 + n),)
        run = Infusion(what="drug", drug=DRUG, unit="mg/h", rates=rates, stop_us=at(0, minute + 0.5))
        book.put(f"run{n}", run)
    found = texts(draw(book.case(), now_us=at(1))[0])
    numbers = [t for t in found if t.text in {"0.25,", "1.25"}]
    assert [t.text for t in numbers] == ["0.25,", "1.25"]
    assert not hits(numbers)
