"""A case that cannot be read, and all others that are filled and certified meanwhile."""

from collections.abc import Iterable, Sequence

import pytest
from structlog.testing import capture_logs

from charting.case.state import Case
from charting.trail.contents import Patient
from charting.trail.entries import Entry
from tests.charting.filler.department import BED, DOCTOR, Ward
from tests.charting.filler.made import at
from tests.page.data import Store

NAME = "李四"


@pytest.fixture
def ward() -> Ward:
    """Two beds, a case in each; that of OR-03 is well."""
    made = Ward()
    made.beds.stores["OR-04"] = Store()
    made.open()
    made.record()
    made.desk.open(DOCTOR, bed="OR-04", area="or", patient=Patient(number="2", name=NAME), at_us=at(0), case="odd")
    made.desk.start(DOCTOR, "odd", template="anaesthesia_record", document="odd-record")
    made.beat(0, 40)
    made.beat(0, 40, bed="OR-04")
    return made


def spoil(ward: Ward, patch: pytest.MonkeyPatch, *, stays: bool = False) -> None:
    """An entry of the case cannot be read; `stays`: those that say where the patient was can."""
    read, entries = ward.desk.case, ward.trail.entries

    def case(id_: str) -> Case:
        if id_ == "odd":
            raise ValueError(NAME)
        return read(id_)

    def some(id_: str, after: int = 0, kinds: Iterable[str] = ()) -> Sequence[Entry]:
        if id_ == "odd" and not (stays and kinds):
            raise ValueError(NAME)
        return entries(id_, after, kinds)

    patch.setattr(ward.desk, "case", case)
    patch.setattr(ward.trail, "entries", some)


def test_all_others_are_filled_and_it_is_told_once_and_filled_when_it_can_be_read(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    with capture_logs() as logs:
        with monkeypatch.context() as patch:
            spoil(ward, patch)
            assert {entry.case for minute in (10.2, 10.4, 20.2) for entry in ward.look(minute)} == {"case"}
        assert set(ward.values("hr")) == {2.0, 7.0, 12.0, 17.0}
        assert {entry.case for entry in ward.look(20.4)} == {"odd"}
        ward.look(20.6)
    assert [(log["event"], log["case"], log["error"]) for log in logs] == [("filling failed", "odd", "ValueError")]
    assert NAME not in repr(logs)
    with monkeypatch.context() as patch, capture_logs() as logs:
        spoil(ward, patch)
        ward.look(30.2)
    assert len(logs) == 1, "it failed again after it was well"


def test_closed_cases_are_certified_beside_one_that_cannot_be_read(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    ward.now = 21
    ward.desk.close(DOCTOR, "odd", at_us=at(20))
    ward.desk.close(DOCTOR, "case", at_us=at(20.5))
    spoil(ward, monkeypatch)
    with capture_logs() as logs:
        made = ward.look(35.2)
        ward.look(36.2)
    assert {"filled", "certified"} <= {entry.body.kind for entry in made}
    assert [log["case"] for log in logs] == ["odd"]


def test_who_signs_another_case_gets_what_devices_told_until_now(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    spoil(ward, monkeypatch)
    ward.now = 10.2
    ward.filler.settle("case")
    assert set(ward.values("hr")) == {2.0, 7.0}


@pytest.mark.parametrize("restart", [False, True])
def test_what_was_measured_of_a_patient_whose_case_cannot_be_read_is_not_charted_for_another(
    monkeypatch: pytest.MonkeyPatch, restart: bool
) -> None:
    ward = Ward()
    ward.open()
    ward.record()
    ward.beat(0, 40)
    ward.now = 21
    patient = Patient(number="2", name=NAME)
    ward.desk.open(DOCTOR, bed=BED, area="or", patient=patient, at_us=at(20), emergency=True, case="odd")
    if restart:
        ward.filler = ward.new_filler()
    else:
        ward.look(21.2)
    spoil(ward, monkeypatch, stays=restart)
    ward.look(40.2)
    assert max(ward.values("hr")) == 17
