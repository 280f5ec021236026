"""What every audit trail does. A test class gives the fixtures `trail`, empty, and `clock`, by which it writes."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from charting.fill.types import Cause, Cell, Excursion, Gap, Minute
from charting.trail.chain import breaks, link_of
from charting.trail.contents import Answer, Bolus, Controlled, Finding, Patient, Term
from charting.trail.entries import (
    Advised,
    Body,
    CardAnswered,
    CardInput,
    CardLink,
    CardReason,
    CardTold,
    ChargesDecided,
    ClientChanged,
    Closed,
    Confirmed,
    Discarded,
    Filled,
    HospitalSays,
    Located,
    Location,
    Moved,
    Opened,
    Set,
    SubscriptionChanged,
    Thermometer,
    Thermometry,
    TicketOpened,
    TicketStep,
    Voided,
    Witnessed,
)
from charting.trail.trail import CaseRow, Stale, Trail
from tests.charting.clock import Clock

PATIENT = Patient(
    number="ZY-0042", name="王芳", birth_date="1961-04-05", height_cm=162.5, allergies="青霉素 \\ \" ' \n\0☃"
)
PROPOFOL = Term(library="drugs", version="1", code="D1", zh="丙泊酚", en="propofol")
BODIES: Sequence[Body] = (
    Opened(bed="OR-03", area="or", at_us=1_764_000_000_000_000, patient=PATIENT, emergency=True),
    Set(
        document="d",
        item="i",
        after=0,
        content=Bolus(drug=PROPOFOL, dose=0.1 + 0.2, unit="mg", route="iv", at_us=1_764_000_000_000_001),
    ),
    Set(document="d", item="field:x", after=0, content=Answer(field="x", value=("甲", "乙"))),
    Set(document="d", item="field:y", after=0, content=Answer(field="y", value=True)),
    Set(document="d", item="field:z", after=0, content=Answer(field="z", value=1.0)),
    Voided(document="d", item="i", after=1, reason="错"),
    Filled(
        document="d",
        since_us=0,
        until_us=300_000_000,
        cells=(
            Cell(
                signal="hr",
                mark_us=0,
                time_us=0,
                value=71.0,
                unit="/min",
                minutes=(Minute(minute_us=0, median=71.0, n=60),),
                dropped={"flush": 3},
            ),
        ),
        gaps=(Gap(signal="spo2", start_us=0, end_us=60_000_000, cause=Cause.CABLE, certain=False),),
        excursions=(Excursion(signal="hr", mark_us=0, start_us=0, end_us=60_000_000, extreme=30.5, unit="/min"),),
    ),
)
"""A body of each shape that is hard to keep."""
LATER: Sequence[Body] = (
    ClientChanged(client="a1", name="LIS", scopes=("system/*.rs",), bound=False, active=True, until_us=1),
    SubscriptionChanged(subscription="s1", client="a1", topic="encounter-start", host="h:443", state="requested"),
    Set(document="", item="finding:arrest", after=0, content=Finding(key="arrest", value="no")),
    Thermometry(
        since_us=0,
        until_us=180_000_000,
        thermometers=(
            Thermometer(bed="OR-03", device="monitor", code="MDC_TEMP_ESOPH", values=(35.95, None, 36.0), doubted=(1,)),
            Thermometer(bed="OR-03", device="", code="MDC_TEMP", mode="spot", times_us=(90_000_001,), values=(36.1,)),
        ),
    ),
    Advised(rule="TMP-36", phase="start", at_us=1, said={"value": "35.9"}),
    Confirmed(at_us=1),
    Located(
        stays=(
            Location(bed="OR-03", area="or", start_us=1, end_us=2),
            Location(bed="", area="ward", start_us=2),
        ),
        reason="his/1",
    ),
    HospitalSays(what="elsewhere", at_us=1, bed="OR-05", reason="his/2"),
    CardTold(
        service="cdss",
        endpoint="dose",
        card="8f0e3f1e-6a50-4e6b-8f8e-6b3b5d9b7e01",
        hook="order-select",
        reason="drug:D1",
        rule="opioid-dose",
        version="1.2",
        indicator="warning",
        summary="考虑核对剂量",
        source="医院 CDSS",
        asked_us=1,
        links=(CardLink(label="依据", url="https://cdss.example/1"),),
        reasons=(CardReason(code="tolerated", display="Tolerated before"),),
        inputs=(CardInput(name="fentanyl", value="0.5 mg", at_us=1), CardInput(name="weight", value="60 kg")),
    ),
    CardAnswered(service="cdss", card="8f0e3f1e-6a50-4e6b-8f8e-6b3b5d9b7e01", accepted=False, reason="other", text="x"),
    Set(
        document="d",
        item="c",
        after=0,
        content=Controlled(
            drug=PROPOFOL, lot="L-1", ampoules=2, size=0.1, unit="mg", given=0.15, wasted=0.05, empties=2, at_us=2
        ),
    ),
    Witnessed(document="d", item="c", number=1),
    ChargesDecided(decision="held", reason="查"),
    TicketOpened(ticket="t1", what="fault", trouble="lost", said={"device": "monitor"}, source="lost", since_us=1),
    TicketStep(ticket="t1", step="resolve", at_us=2, text="线"),
)
"""The same, of shapes that came later."""


def row(case: str, opened_us: int, **said: object) -> CaseRow:
    """A case's row, open, at OR-03, of a patient with a number, but for what is `said`."""
    usual: dict[str, object] = {
        "state": "open",
        "bed": "OR-03",
        "area": "or",
        "closed_us": None,
        "number": "ZY-0042",
        "name": "王芳",
        "temporary": "",
        "procedure": "",
        "is_test": False,
        "held": False,
        "last": 0,
    }
    return CaseRow(case=case, opened_us=opened_us, **{**usual, **said})  # type: ignore[arg-type]


def note(text: str) -> Discarded:
    return Discarded(reason=text)


class TrailContract:
    def test_what_was_appended_is_there_as_it_was_in_its_order(self, trail: Trail, clock: Clock) -> None:
        made = trail.append("li", "a", [*BODIES, *LATER])
        assert [e.body for e in made] == [*BODIES, *LATER]
        assert {(e.at_us, e.actor, e.case) for e in made} == {(clock.at_us, "li", "a")}
        clock.go(1)
        later = trail.append("wu", "b", [note("x")])
        assert [e.seq for e in (*made, *later)] == list(range(1, len(made) + 2))
        assert list(trail.entries("a")) == list(made)
        assert [e.hash for e in trail.entries("a")] == [e.hash for e in made]
        assert list(trail.entries("a", after=made[2].seq)) == list(made[3:])
        assert list(trail.entries("b")) == list(later)
        assert list(trail.entries("c")) == []
        assert list(trail.all()) == [*made, *later]
        assert list(trail.all(after=made[-1].seq)) == list(later)
        assert list(trail.all(kinds=["voided", "opened"])) == [made[0], made[5]]

    def test_what_belongs_to_no_case_is_kept_apart(self, trail: Trail) -> None:
        trail.append("li", "", [note("x")])
        trail.append("li", "a", [note("y")])
        assert [e.body for e in trail.entries("")] == [note("x")]

    def test_the_last_entry_is_known_whoever_wrote_it(self, trail: Trail) -> None:
        assert trail.last() == 0
        trail.append("li", "a", BODIES)
        assert trail.last() == len(BODIES)
        trail.append("wang", "", [note("x")])
        assert trail.last() == len(BODIES) + 1
        assert [e.body for e in trail.entries("a", kinds=("opened", "voided"))] == [BODIES[0], BODIES[5]]
        assert list(trail.entries("a", 6, kinds=("voided",))) == []

    def test_the_chain_is_whole(self, trail: Trail) -> None:
        for case in "abab":
            trail.append("li", case, [note(case), note(case)])
        links = [link_of(e) for e in trail.all()]
        assert list(breaks(links, (8, links[-1].hash))) == []

    def test_whoever_has_not_seen_the_last_entry_keeps_nothing(self, trail: Trail) -> None:
        (first,) = trail.append("li", "a", [note("1")], seen=0)
        trail.append("li", "b", [note("other case")])
        with pytest.raises(Stale):
            trail.append("wu", "a", [note("2"), note("3")], seen=0, row=row("a", 5))
        assert list(trail.entries("a")) == [first]
        assert trail.row("a") is None
        (second,) = trail.append("wu", "a", [note("2")], seen=first.seq)
        assert second.seq == 3

    def test_whoever_has_not_seen_the_last_entry_of_all_keeps_nothing(self, trail: Trail) -> None:
        trail.append("li", "a", BODIES[:1])
        with pytest.raises(Stale):
            trail.append("wang", "b", BODIES[:1], seen=0, whole=0)
        assert list(trail.entries("b")) == []
        assert trail.append("wang", "b", BODIES[:1], seen=0, whole=1)[0].seq == 2

    def test_a_body_that_cannot_be_kept_leaves_nothing(self, trail: Trail) -> None:
        bad = Set(document="", item="i", after=0, content=Answer(field="x", value=float("nan")))
        with pytest.raises(ValueError, match="JSON"):
            trail.append("li", "a", [note("1"), bad], row=row("a", 5))
        assert list(trail.all()) == []
        assert trail.row("a") is None
        assert [e.seq for e in trail.append("li", "a", [note("1")])] == [1]

    def test_times_never_go_back(self, trail: Trail, clock: Clock) -> None:
        (first,) = trail.append("li", "a", [note("1")])
        clock.go(-3600)
        (second,) = trail.append("li", "b", [note("2")])
        assert second.at_us == first.at_us
        clock.go(3601)
        (third,) = trail.append("li", "b", [note("3")])
        assert third.at_us == first.at_us + 1_000_000

    def test_writers_side_by_side_lose_nothing(self, trail: Trail) -> None:
        def write(number: int) -> None:
            for k in range(10):
                trail.append(f"writer {number}", f"case {number % 2}", [note(f"{number}/{k}")] * 2)

        with ThreadPoolExecutor(8) as threads:
            list(threads.map(write, range(8)))
        entries = list(trail.all())
        assert [e.seq for e in entries] == list(range(1, 161))
        assert list(breaks(map(link_of, entries))) == []
        for number in range(8):
            own = [e.body for e in entries if e.actor == f"writer {number}"]
            assert own == [note(f"{number}/{k}") for k in range(10) for _ in range(2)]

    def test_of_two_who_saw_the_same_one_is_stale(self, trail: Trail) -> None:
        """Eight writers each add one to what they saw, and look again when they were too late."""

        def write(number: int) -> int:
            stale = 0
            while True:
                seen = trail.entries("a")
                count = len(seen)
                try:
                    trail.append(f"{number}", "a", [note(str(count))], seen=seen[-1].seq if seen else 0)
                except Stale:
                    stale += 1
                else:
                    return stale

        with ThreadPoolExecutor(8) as threads:
            list(threads.map(write, range(8)))
        assert [e.body for e in trail.entries("a")] == [note(str(n)) for n in range(8)]
        assert {e.actor for e in trail.entries("a")} == {str(n) for n in range(8)}

    def test_a_row_is_what_was_said_of_the_case_last(self, trail: Trail) -> None:
        assert trail.row("a") is None
        trail.append("li", "a", [note("1")], row=row("a", 5, procedure="胆囊切除术", held=True))
        assert trail.row("a") == row("a", 5, procedure="胆囊切除术", held=True, last=1)
        trail.append("li", "b", [note("2")])
        trail.append("li", "a", [note("3"), Closed(at_us=9)], row=row("a", 5, state="closed", closed_us=9))
        assert trail.row("a") == row("a", 5, state="closed", closed_us=9, last=4)
        trail.append("li", "a", [Moved(bed="", area="ward", at_us=8)])
        assert trail.row("a") == row("a", 5, state="closed", closed_us=9, last=5)
        trail.append("li", "a", [], row=row("a", 5))
        assert trail.row("a") == row("a", 5, last=5)

    def test_cases_are_found_newest_first(self, trail: Trail) -> None:
        said = {
            "a": row("a", 100, state="closed", closed_us=200, number="ZY-0042", name="王芳"),
            "b": row("b", 150, number="ZY-0043", name="李雷", temporary="急诊-20261124-1"),
            "c": row("c", 300, bed="ICU-1", number="", name="", temporary="急诊-20261124-2"),
            "d": row("d", 300, state="discarded", bed="", number="100%_", name="O'Neil"),
        }
        for case, one in said.items():
            trail.append("li", case, [note(case)], row=one)

        def found(**wanted: object) -> str:
            return "".join(r.case for r in trail.rows(**wanted))  # type: ignore[arg-type]

        assert found() == "cdba"
        assert found(limit=2) == "cd"
        assert found(state="open") == "cb"
        assert found(bed="OR-03") == "ba"
        assert found(bed="") == "d"
        assert found(since_us=200) == "cdb"
        assert found(since_us=199) == "cdba"
        assert found(until_us=150) == "a"
        assert found(until_us=10**30, since_us=-(10**30)) == "cdba"
        assert found(text="急诊") == "cb"
        assert found(text="ZY-004") == "ba"
        assert found(text="芳") == "a"
        assert found(text="%") == found(text="_") == found(text="'N") == "d"
        assert found(text="\0") == found(text="\ud800") == ""
        assert found(state="open", text="李") == "b"
        assert found(number="ZY-0042") == "a"
        assert found(number="ZY-004") == found(number="\0") == ""
        assert found(after=1) == "cdb"
        assert found(after=4) == ""
        trail.append("li", "a", [note("later")])
        assert found(after=4) == "a"

    def test_what_was_kept_before_a_time_is_found_by_it(self, trail: Trail, clock: Clock) -> None:
        assert trail.before(10**18) == 0
        times: list[int] = []
        for n in range(9):
            times += [e.at_us for e in trail.append("li", "a", [note(str(n)), note("at once")])]
            clock.go(n % 3)
        for at_us in (times[0], times[4], times[7] + 1, times[-1], times[-1] + 1, -1, 10**30):
            assert trail.before(at_us) == sum(each < at_us for each in times)

    def test_what_cannot_be_a_name_of_a_case_is_not_there(self, trail: Trail) -> None:
        trail.append("li", "a", [note("1")], row=row("a", 5))
        for odd in ("\0", "a\0", "\ud800", "A", "x" * 100_000, "' or 1=1 --"):
            assert list(trail.entries(odd)) == []
            assert trail.row(odd) is None
