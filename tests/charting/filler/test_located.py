"""A record follows the hospital's messages: what was measured where the patient was not is not in it."""

from charting.accounts.actor import HIS
from charting.fill.types import CellState
from charting.trail.entries import Location, Signed
from tests.charting.filler.department import BED, Ward
from tests.charting.filler.made import DOCUMENT, at


def test_what_the_hospital_takes_back_is_taken_out_of_the_record() -> None:
    """§8: at OR3 08:40 to 08:42, cancelled; here minute 0 to 20, and then nowhere, then from 25 on."""
    ward = Ward()
    ward.open()
    ward.record()
    ward.beat(0, 40)
    for minute in range(30):
        ward.look(minute + 0.2)
    assert any(value is not None for value in ward.values("hr").values())
    nowhere = [Location(bed="", area="or", start_us=at(0))]
    ward.desk.locate(HIS, "case", stays=nowhere, closed_us=None, reason="his/1", as_of=ward.desk.case("case"))
    ward.look(30.5)
    assert all(value is None for value in ward.values("hr").values())
    gone = ward.cell("hr", 12)
    assert gone is not None
    assert (gone.state, gone.rule) == (CellState.EMPTY, "patient.elsewhere")
    there = [Location(bed=BED, area="or", start_us=at(25))]
    ward.desk.locate(HIS, "case", stays=there, closed_us=None, reason="his/2", as_of=ward.desk.case("case"))
    for minute in range(31, 42):
        ward.look(minute + 0.2)
    standing = {minute for minute, value in ward.values("hr").items() if value is not None}
    assert standing
    assert min(standing) >= 25


def test_of_a_signed_record_it_is_told_that_the_patient_was_elsewhere() -> None:
    ward = Ward()
    ward.open()
    ward.record()
    ward.beat(0, 40)
    for minute in range(30):
        ward.look(minute + 0.2)
    ward.trail.append("zhang", "case", [Signed(document=DOCUMENT, slot="anaesthetist", version=1, digest="")])
    assert "signed_elsewhere" not in {w.key for w in ward.desk.warnings(ward.case)}
    there = [Location(bed=BED, area="or", start_us=at(12))]
    ward.desk.locate(HIS, "case", stays=there, closed_us=None, reason="his/1", as_of=ward.case)
    before = ward.values("hr")
    ward.look(30.5)
    assert ward.values("hr") == before
    assert [w.document for w in ward.desk.warnings(ward.case) if w.key == "signed_elsewhere"] == [DOCUMENT]
