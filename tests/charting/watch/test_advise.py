"""A case's advisories in time: what its bed's thermometer says, minute by minute, and what the trail then tells."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import structlog
from structlog.testing import capture_logs

from alarms.hypothermia.types import Outcome
from charting.case.state import Case
from charting.desk import Desk
from charting.filler.sources import SourceError
from charting.library.library import Libraries
from charting.metrics import Metrics
from charting.store.database import StoreError
from charting.store.migrate import open_database
from charting.store.trail import DatabaseTrail
from charting.templates.loader import Templates
from charting.trail.contents import Coded, Content, Event, Patient, Warming
from charting.trail.entries import SYSTEM, Advised, DeviceHeld
from charting.watch.advise import Adviser
from collector.model import Quality, Reading
from collector.series import SeriesReader
from tests.charting.filler.department import DOCTOR
from tests.charting.filler.made import DOCUMENT, MINUTE_US, at
from tests.page.data import Store, reading, series

BED = "OR-03"
TEMP = series("MDC_TEMP_NASOPH", "Cel", source="4B54", site="nasopharynx")


@dataclass
class Theatre:
    """A bed with a thermometer, a case in it, and the service that advises. `now`: minutes since T0."""

    folder: Path
    now: float = 0.0
    store: Store = field(default_factory=Store)
    broken: bool = False
    is_test: bool = False

    def __post_init__(self) -> None:
        self.database = open_database(f"sqlite:///{self.folder / 'charting.db'}", make=True)
        self.restart()
        self.desk.open(
            DOCTOR, bed=BED, area="or", patient=Patient(number="1", name="王小明"), at_us=at(0), case="case",
            is_test=self.is_test,
        )  # fmt: skip
        self.desk.start(DOCTOR, "case", template="anaesthesia_record", document=DOCUMENT)
        general = Libraries.sample().named("techniques", "41")
        assert general is not None
        self.put(Coded(use="technique", term=general), "technique", document="")
        for key in ("t_room_in", "t_anes_start", "t_induction"):
            self.put(Event(key=key, at_us=at(0)), key, document="")

    def restart(self) -> None:
        """Everything that was only in memory is gone."""
        trail = DatabaseTrail(self.database, self.now_us)
        self.desk = Desk(trail, Templates.load(), Libraries.sample(), self.now_us, "Asia/Shanghai")
        self.metrics = Metrics()
        self.adviser = Adviser(self.desk, trail, self, self.now_us, structlog.get_logger(), self.metrics)

    def now_us(self) -> int:
        return at(self.now) + 6_000_000

    def reader(self, bed: str) -> SeriesReader | None:
        if self.broken:
            raise SourceError("no store")
        return self.store if bed == BED else None

    def close(self) -> None: ...

    def put(self, content: Content, item: str, *, document: str = DOCUMENT) -> None:
        self.desk.set(DOCTOR, "case", document=document, item=item, after=0, content=content)

    def warm(self, minute: float, value: float) -> None:
        """What the thermometer told in a minute."""
        self.store.readings.append(reading(TEMP, at(minute) + 1_000_000, value))

    def go(self, until: float, value: float | None = 36.2) -> None:
        """Let time come to a minute, with a look each minute; the thermometer tells this value meanwhile."""
        while self.now < until:
            if value is not None:
                self.warm(self.now, value)
            self.now += 1
            self.adviser.look()

    @property
    def advised(self) -> list[tuple[str, str, float]]:
        """Rule, phase, minute of what the trail has, in order."""
        entries = self.desk.trail.entries("case", kinds=["advised"])
        assert {e.actor for e in entries} <= {SYSTEM}
        said = [e.body for e in entries if isinstance(e.body, Advised)]
        return [(a.rule, a.phase, round((a.at_us - at(0)) / MINUTE_US)) for a in said]


def fails(_: object) -> None:
    raise StoreError("no database")


@pytest.fixture
def theatre(tmp_path: Path) -> Iterator[Theatre]:
    made = Theatre(tmp_path)
    yield made
    made.database.close()


def test_a_patient_who_cools_down_is_advised_about_once_each_and_two_restarts_repeat_nothing(theatre: Theatre) -> None:
    theatre.go(70)
    assert theatre.advised == []
    theatre.go(90, 35.8)
    assert [(rule, phase) for rule, phase, _ in theatre.advised] == [("TMP-36", "start")]
    (_, _, minute) = theatre.advised[0]
    assert 85 <= minute <= 90
    theatre.restart()
    theatre.go(100, 35.8)
    theatre.restart()
    theatre.go(104, 35.8)
    assert [(rule, phase) for rule, phase, _ in theatre.advised] == [("TMP-36", "start"), ("TMP-25", "start")]
    live = theatre.adviser.live["case"].warmth
    assert live is not None
    assert (live.value_c, live.outcome, live.nadir_c) == (35.8, Outcome.EVENT, 35.8)
    assert live.run_min == pytest.approx(34, abs=1)
    assert live.site is not None
    assert live.site.name == "nasopharynx"


def test_a_patient_who_is_cooled_on_purpose_is_left_alone(theatre: Theatre) -> None:
    theatre.put(Event(key="t_cool_start", at_us=at(1)), "cool", document="")
    theatre.go(70)
    theatre.go(120, 33.0)
    assert theatre.advised == []
    live = theatre.adviser.live["case"].warmth
    assert live is not None
    assert live.cooled


def test_a_warmer_that_is_documented_needs_no_reminder_of_it(theatre: Theatre) -> None:
    theatre.put(Warming(device="forced_air", start_us=at(0)), "warmer")
    theatre.go(70)
    theatre.go(104, 35.8)
    assert [(rule, phase) for rule, phase, _ in theatre.advised] == [("TMP-36", "start")]


def test_while_the_store_cannot_be_read_nothing_begins_and_nothing_ends(theatre: Theatre) -> None:
    theatre.go(70)
    theatre.go(90, 35.8)
    before = theatre.advised
    theatre.broken = True
    theatre.go(96, 35.8)
    assert theatre.advised == before
    assert theatre.adviser.live["case"].warmth is None
    theatre.broken = False
    theatre.go(98, 35.8)
    live = theatre.adviser.live["case"].warmth
    assert live is not None
    assert live.run_min == pytest.approx(28, abs=1)


def test_a_case_that_is_over_has_no_advisories_left_also_after_a_restart(theatre: Theatre) -> None:
    theatre.go(70)
    theatre.go(90, 35.8)
    theatre.desk.close(DOCTOR, "case", at_us=theatre.now_us())
    theatre.restart()
    theatre.go(92, None)
    assert [(rule, phase) for rule, phase, _ in theatre.advised] == [("TMP-36", "start"), ("TMP-36", "end")]
    (entry,) = [e.body for e in theatre.desk.trail.entries("case", kinds=["advised"])][1:]
    assert isinstance(entry, Advised)
    assert entry.said["why"] == "moved"


def test_what_is_over_is_ended_also_where_the_database_fails_at_the_first_look(
    theatre: Theatre, monkeypatch: pytest.MonkeyPatch
) -> None:
    theatre.go(70)
    theatre.go(90, 35.8)
    theatre.desk.close(DOCTOR, "case", at_us=theatre.now_us())
    theatre.restart()
    with monkeypatch.context() as patch:
        patch.setattr(theatre.adviser, "_end", fails)
        theatre.go(91, None)
    assert [(rule, phase) for rule, phase, _ in theatre.advised] == [("TMP-36", "start")]
    theatre.go(92, None)
    assert [(rule, phase) for rule, phase, _ in theatre.advised] == [("TMP-36", "start"), ("TMP-36", "end")]


@pytest.mark.parametrize("closed", [False, True])
def test_a_case_that_cannot_be_read_keeps_no_advice_from_another(
    theatre: Theatre, monkeypatch: pytest.MonkeyPatch, closed: bool
) -> None:
    theatre.go(70)
    theatre.desk.open(DOCTOR, bed="OR-04", area="or", patient=Patient(number="2", name="李四"), at_us=at(70), case="2")
    if closed:
        theatre.go(71)
        theatre.desk.close(DOCTOR, "2", at_us=theatre.now_us())
    theatre.restart()
    read = theatre.desk.case
    monkeypatch.setattr(theatre.desk, "case", lambda id_: fold_fails() if id_ == "2" else read(id_))
    with capture_logs() as logs:
        theatre.go(90, 35.8)
    assert [(rule, phase) for rule, phase, _ in theatre.advised] == [("TMP-36", "start")]
    assert [log["event"] for log in logs] == ["advising failed"]
    if closed:
        assert "2" not in theatre.adviser.live
    else:
        assert theatre.adviser.live["2"].warmth is None


def fold_fails() -> Case:
    raise ValueError("an entry that nobody foresaw")


def test_a_look_that_fails_as_nobody_foresaw_is_lost_until_one_succeeds(
    theatre: Theatre, monkeypatch: pytest.MonkeyPatch
) -> None:
    with capture_logs() as logs:
        with monkeypatch.context() as patch:
            patch.setattr(theatre.adviser._elsewhere, "since", lambda _: fold_fails())
            theatre.go(2)
        assert theatre.adviser.live == {}
        theatre.go(3)
    lost, back = (log for log in logs if log["log_level"] != "debug")
    assert (lost["event"], back["event"]) == ("advisories lost", "advisories back")
    assert lost["reason"].startswith("ValueError at test_advise.py:")


def test_of_a_case_that_cannot_be_read_stands_what_was_known_and_nothing_is_made_up(
    theatre: Theatre, monkeypatch: pytest.MonkeyPatch
) -> None:
    theatre.go(70)
    theatre.go(90, 35.8)
    (row,) = theatre.desk.trail.rows()
    known = theatre.adviser.standing(row)
    assert known is not None
    assert [each.rule for each in known] == ["TMP-36"]
    monkeypatch.setattr(theatre.desk, "case", lambda _: fold_fails())
    with capture_logs() as logs:
        for _ in range(3):
            assert theatre.adviser.standing(replace(row, last=row.last + 1)) == known
        theatre.restart()
        monkeypatch.setattr(theatre.desk, "case", lambda _: fold_fails())
        assert theatre.adviser.standing(row) is None
    assert [(log["event"], log["case"]) for log in logs] == [("advising failed", "case")] * 2


def test_what_begins_is_counted(theatre: Theatre) -> None:
    theatre.go(70)
    theatre.go(90, 35.8)
    assert 'vitalsd_advisories_total{rule="TMP-36"} 1.0' in theatre.metrics.text().decode()


def test_what_comes_late_is_found(theatre: Theatre) -> None:
    theatre.go(70)
    theatre.go(100, None)
    assert theatre.advised == []
    for minute in range(70, 100):
        theatre.warm(minute, 35.8)
    theatre.go(112, 35.8)
    live = theatre.adviser.live["case"].warmth
    assert live is not None
    assert live.run_min == pytest.approx(42, abs=1)


def test_a_device_that_tells_of_another_patient_is_not_listened_to(theatre: Theatre) -> None:
    held = replace(TEMP, device="another")
    theatre.store.readings += [
        Reading(series=held, time_us=at(m), value=33.0, text=None, quality=Quality.VALID, demo=False) for m in range(70)
    ]

    theatre.desk.hold("case", DeviceHeld(device="another", told={"id": "2"}, from_us=at(0), bed=BED))
    theatre.go(70)
    live = theatre.adviser.live["case"].warmth
    assert live is not None
    assert live.nadir_c == 36.2


@pytest.mark.parametrize(("is_test", "outcome"), [(True, Outcome.NO_EVENT), (False, Outcome.UNMONITORED)])
def test_what_a_demonstration_shows_counts_for_a_test_case_alone(
    tmp_path: Path, is_test: bool, outcome: Outcome
) -> None:
    theatre = Theatre(tmp_path, is_test=is_test)
    theatre.store.readings += [reading(TEMP, at(m) + 1_000_000, 36.4, demo=True) for m in range(70)]
    theatre.go(70, None)
    live = theatre.adviser.live["case"].warmth
    assert live is not None
    assert live.outcome is outcome
    theatre.database.close()
