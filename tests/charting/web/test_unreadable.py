"""A case that cannot be read, and the pages and acts of all others."""

from collections.abc import Iterable, Sequence

import pytest
from structlog.testing import capture_logs

from charting.case.state import Case
from charting.trail.contents import Patient
from charting.trail.entries import Entry
from tests.charting.web.counted import CASE, MONTH, ask, counted, suggest
from tests.charting.web.hospital import Hospital

NAME = "李四"


def spoil(hospital: Hospital, patch: pytest.MonkeyPatch, odd: str = "odd") -> None:
    """One of its entries cannot be read."""
    read, entries = hospital.desk.case, hospital.trail.entries

    def case(id_: str) -> Case:
        if id_ == odd:
            raise ValueError(NAME)
        return read(id_)

    def some(id_: str, after: int = 0, kinds: Iterable[str] = ()) -> Sequence[Entry]:
        if id_ == odd:
            raise ValueError(NAME)
        found: Sequence[Entry] = entries(id_, after, kinds)
        return found

    patch.setattr(hospital.desk, "case", case)
    patch.setattr(hospital.trail, "entries", some)


@pytest.fixture
def hospital(monkeypatch: pytest.MonkeyPatch) -> Hospital:
    """Two theatres in use; the case of the second one cannot be read any more."""
    made = Hospital()
    made.recorded()
    made.opened("odd", bed="OR-04", patient=Patient(number="2", name=NAME))
    made.desk._stays.clear()
    spoil(made, monkeypatch)
    return made


async def test_the_department_is_shown_and_says_which_case_cannot_be_read(hospital: Hospital) -> None:
    with capture_logs() as logs:
        async with hospital.client("anaesthetist") as client:
            for _ in range(2):
                page = await client.get("/")
    assert page.status_code == 200
    assert page.text.count("What is kept of this case cannot be read") == 1
    assert "/records/c1/d1" in page.text
    assert NAME in page.text, "its row is known"
    assert [(log["event"], log["case"]) for log in logs] == [("a case cannot be read", "odd")]
    assert NAME not in repr(logs)


async def test_other_cases_are_opened_and_warned_of_and_its_bed_is_not_given_twice(hospital: Hospital) -> None:
    async with hospital.client("anaesthetist") as client:
        there = {"bed": "OR-04", "area": "or", "patient": {"number": "9"}}
        refused = await client.post("/api/cases", json=there)
        assert (refused.status_code, refused.json()["key"]) == (422, "bed_taken")
        opened = await client.post("/api/cases", json={**there, "bed": "PACU-1", "area": "pacu"})
        assert opened.status_code == 201
        assert (await client.get("/cases/c1")).status_code == 200
        emergency = await client.post("/api/cases", json={**there, "emergency": True, "case": "c9"})
        assert emergency.status_code == 201
        warned = (await client.get("/api/cases/c9/warnings")).json()
    assert "bed_shared" in {warning["key"] for warning in warned}


async def test_candidates_of_all_others_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    hospital = counted()
    suggest(hospital)
    suggest(hospital, "c07")
    path = f"/api/quality/candidates?period={MONTH}"
    before = {candidate["case"] for candidate in await ask(hospital, path)}
    assert before == {CASE, "c07"}
    spoil(hospital, monkeypatch, "c07")
    assert {candidate["case"] for candidate in await ask(hospital, path)} == {CASE}
