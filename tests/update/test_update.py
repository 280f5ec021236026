"""An update of a gateway: when it begins, what it does, when it returns."""

import json
import shutil
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from collector.errors import UsageError, VitalsdError
from collector.update.slots import SlotError
from collector.update.state import Result, StateFile, Waiting
from collector.update.update import Updater
from tests.update.gateway import BEDS, NEW, OLD, UNITS, Gateway, Health


def run(gateway: Gateway, *, attended: bool = False) -> Result | Waiting | None:
    return Updater(gateway.section, gateway.files, attended=attended).run()


def back(gateway: Gateway) -> Result | Waiting:
    return Updater(gateway.section, gateway.files).back()


def waits(gateway: Gateway, *, attended: bool = False) -> str:
    """Why."""
    told = run(gateway, attended=attended)
    assert isinstance(told, Waiting)
    return told.reason


def returns(gateway: Gateway) -> str:
    """Why."""
    told = run(gateway)
    assert isinstance(told, Result)
    assert told.returned
    return told.reason


def versions(gateway: Gateway) -> list[str]:
    return [gateway.running(bed) for bed in BEDS]


def test_beds_are_restarted_one_by_one_from_the_other_slot(gateway: Gateway) -> None:
    assert run(gateway) is None
    gateway.deliver(NEW)
    told = run(gateway)
    assert isinstance(told, Result)
    assert (told.version, told.returned, gateway.current) == (NEW, False, "b")
    assert gateway.restarts == [f"{unit} b" for unit in UNITS]
    assert versions(gateway) == [NEW, NEW]
    assert gateway.version("a") == OLD
    assert run(gateway) is None
    assert len(gateway.restarts) == len(UNITS)


def test_the_slots_take_turns(gateway: Gateway) -> None:
    for version, slot in ((NEW, "b"), ("0.7.0", "a"), ("0.8.0", "b")):
        gateway.deliver(version)
        run(gateway)
        assert (gateway.current, versions(gateway)) == (slot, [version, version])


def test_a_slot_is_made_of_links_that_a_later_package_leaves_alone(gateway: Gateway) -> None:
    gateway.deliver(NEW)
    run(gateway)
    same = [(gateway.root / tree / "version").stat().st_ino for tree in ("package", "b")]
    assert same[0] == same[1]
    gateway.deliver("0.7.0")
    assert gateway.version("b") == NEW


def test_outside_of_the_window_only_a_person_updates(gateway: Gateway) -> None:
    gateway.deliver(NEW)
    soon = datetime.now(ZoneInfo("Asia/Shanghai")) + timedelta(hours=2)
    window = f"{soon:%H:%M}-{soon + timedelta(hours=1):%H:%M}"
    section = gateway.section.model_copy(update={"window": window})
    told = Updater(section, gateway.files).run()
    assert isinstance(told, Waiting)
    assert told.reason == "outside of the window"
    assert (gateway.restarts, gateway.current) == ([], "a")
    assert isinstance(Updater(section, gateway.files, attended=True).run(), Result)
    assert versions(gateway) == [NEW, NEW]


@pytest.mark.parametrize(
    ("health", "reason"),
    [
        (Health(open=True), "vitalsd@OR-2.service: a case is open at OR-2"),
        (Health(open=None), "vitalsd@OR-2.service: whether a case is open at OR-2 is not known"),
        (Health(answers=False), "vitalsd@OR-2.service: it does not answer"),
    ],
)
def test_nothing_is_touched_unless_every_bed_is_known_to_be_free(gateway: Gateway, health: Health, reason: str) -> None:
    gateway.deliver(NEW)
    gateway.of = lambda bed, version: health if (bed, version) == ("OR-2", OLD) else Health()
    assert waits(gateway) == reason
    assert (gateway.restarts, gateway.current) == ([], "a")
    assert isinstance(run(gateway, attended=True), Result)
    assert versions(gateway) == [NEW, NEW]


def test_a_bed_whose_journal_is_in_memory_is_not_ended_whoever_vouches(gateway: Gateway) -> None:
    gateway.deliver(NEW)
    gateway.of = lambda *_: Health(saved=False)
    assert waits(gateway, attended=True) == "vitalsd@OR-1.service: its journal is not saved"
    assert gateway.restarts == []


def test_it_waits_since_it_waited_first(gateway: Gateway) -> None:
    gateway.deliver(NEW)
    gateway.of = lambda *_: Health(open=True)
    first = run(gateway)
    assert isinstance(first, Waiting)
    file = gateway.section.state / "state.json"
    file.write_text(
        file.read_text(encoding="utf-8").replace(first.since, "2026-11-01T00:00:00+00:00"), encoding="utf-8"
    )
    again = run(gateway)
    assert isinstance(again, Waiting)
    assert again.since == "2026-11-01T00:00:00+00:00"
    gateway.deliver(OLD)  # something else, and delivered whole
    gateway.of = lambda *_: Health()
    assert isinstance(run(gateway), Result)
    assert json.loads(file.read_text(encoding="utf-8"))["waiting"] is None


def test_a_case_that_opens_meanwhile_keeps_its_bed_as_it_is_until_it_closes(gateway: Gateway) -> None:
    gateway.deliver(NEW)
    gateway.of = lambda bed, _: Health(open=bed == "OR-2" and gateway.running("OR-1") == NEW)
    assert waits(gateway) == "vitalsd@OR-2.service: a case is open at OR-2"
    assert versions(gateway) == [NEW, OLD]
    gateway.of = lambda bed, _: Health(open=bed == "OR-1")  # which has been done
    assert isinstance(run(gateway), Result)
    assert gateway.restarts == [f"{unit} b" for unit in UNITS]


@pytest.mark.parametrize(
    ("health", "reason"),
    [
        (Health(receiving=False), "monitor is not received"),
        (Health(errors=1), "monitor has a driver that fails"),
        (Health(saved=False), "its journal is not saved"),
        (Health(connected=False), "the store is not reached"),
        (Health(answers=False), "it does not answer"),
    ],
)
def test_a_bed_that_is_not_as_well_as_before_brings_all_back(gateway: Gateway, health: Health, reason: str) -> None:
    gateway.deliver(NEW)
    gateway.of = lambda bed, version: health if (bed, version) == ("OR-2", NEW) else Health()
    assert returns(gateway) == f"vitalsd@OR-2.service: {reason}"
    assert (gateway.current, versions(gateway)) == ("a", [OLD, OLD])
    done = gateway.restarts
    assert done == [*(f"{unit} b" for unit in UNITS), *(f"{unit} a" for unit in reversed(UNITS))]

    assert returns(gateway) == f"vitalsd@OR-2.service: {reason}"
    assert gateway.restarts == done, "it is not tried again"
    gateway.deliver("0.6.1")
    told = run(gateway)
    assert isinstance(told, Result)
    assert (told.version, told.returned) == ("0.6.1", False)


def test_what_was_bad_before_is_not_the_fault_of_the_new_one(gateway: Gateway) -> None:
    gateway.deliver(NEW)
    gateway.of = lambda *_: Health(receiving=False, errors=3, connected=False)
    assert isinstance(run(gateway), Result)
    assert versions(gateway) == [NEW, NEW]


def test_a_bed_that_is_well_only_now_and_then_is_not_well(gateway: Gateway) -> None:
    gateway.deliver(NEW)
    turns = iter(range(10_000))
    gateway.of = lambda _, version: Health(receiving=version == OLD or next(turns) % 2 > 0)
    assert returns(gateway).startswith("vitalsd@OR-1.service: ")


def test_a_program_that_does_not_start_is_refused_before_a_bed_is_touched(gateway: Gateway) -> None:
    gateway.deliver(NEW, starts=False)
    assert returns(gateway) == "the program in slot b does not start: no such module"
    assert (gateway.restarts, gateway.current) == ([], "a")
    assert returns(gateway)


def test_a_unit_that_does_not_start_is_not_waited_for(gateway: Gateway) -> None:
    gateway.deliver(NEW)
    (gateway.root / "package" / "broken").touch()
    assert returns(gateway) == "vitalsd@OR-1.service: it does not start"
    assert gateway.restarts == [f"{UNITS[0]} b", f"{UNITS[0]} a"]


def test_a_bed_that_is_well_does_not_return_during_a_case(gateway: Gateway) -> None:
    gateway.deliver(NEW)
    cases: set[str] = set()

    def of(bed: str, version: str) -> Health:
        if (bed, version) == ("OR-2", NEW):
            cases.add("OR-1")
        return Health(open=bed in cases, receiving=(bed, version) != ("OR-2", NEW))

    gateway.of = of
    assert waits(gateway) == "to be returned: vitalsd@OR-1.service: a case is open at OR-1"
    assert (gateway.current, versions(gateway)) == ("a", [NEW, OLD])
    cases.clear()
    assert returns(gateway) == "vitalsd@OR-2.service: monitor is not received"
    assert versions(gateway) == [OLD, OLD]
    assert gateway.restarts[2:] == [f"{unit} a" for unit in reversed(UNITS)]


def test_a_bed_that_is_well_does_not_return_while_its_journal_is_not_saved(gateway: Gateway) -> None:
    gateway.deliver(NEW)
    full: set[str] = set()

    def of(bed: str, version: str) -> Health:
        if (bed, version) == ("OR-2", NEW):
            full.add("OR-1")
        return Health(saved=bed not in full, receiving=(bed, version) != ("OR-2", NEW))

    gateway.of = of
    assert waits(gateway) == "to be returned: vitalsd@OR-1.service: its journal is not saved"
    assert versions(gateway) == [NEW, OLD]


def test_a_person_returns_and_the_package_is_not_tried_again(gateway: Gateway) -> None:
    gateway.deliver(NEW)
    run(gateway)
    gateway.of = lambda *_: Health(open=True)  # he vouches
    told = back(gateway)
    assert isinstance(told, Result)
    assert (told.version, told.returned, told.reason) == (NEW, True, "by hand")
    assert (gateway.current, versions(gateway)) == ("a", [OLD, OLD])
    gateway.of = lambda *_: Health()
    assert returns(gateway) == "by hand"
    with pytest.raises(UsageError, match="it has returned already"):
        back(gateway)
    assert versions(gateway) == [OLD, OLD]
    again = run(gateway, attended=True)
    assert isinstance(again, Result)
    assert (again.returned, versions(gateway)) == (False, [NEW, NEW])


def test_without_a_slot_to_return_to_nothing_is_changed(gateway: Gateway) -> None:
    with pytest.raises(VitalsdError, match="slot b"):
        back(gateway)
    assert (gateway.restarts, gateway.current) == ([], "a")


def test_a_unit_that_does_not_run_is_left_alone_and_one_that_failed_is_not(gateway: Gateway) -> None:
    gateway.deliver(NEW)
    (gateway.place / f"{UNITS[0]}.state").write_text("inactive\n", encoding="utf-8")
    (gateway.place / f"{UNITS[1]}.state").write_text("failed\n", encoding="utf-8")
    run(gateway)
    assert gateway.restarts == [f"{UNITS[1]} b"]


def test_the_charting_comes_first_and_has_to_be_active(gateway: Gateway) -> None:
    unit = "vitalsd-charting.service"
    (gateway.files / "charting.toml").write_text("[charting]\n", encoding="utf-8")
    (gateway.place / f"{unit}.state").write_text("active\n", encoding="utf-8")
    gateway.deliver(NEW)
    assert isinstance(run(gateway), Result)
    assert gateway.restarts == [f"{each} b" for each in (unit, *UNITS)]
    (gateway.place / f"{unit}.state").write_text("failed\n", encoding="utf-8")
    gateway.deliver("0.7.0")
    assert returns(gateway).startswith(f"{unit}: it is failed")
    assert versions(gateway) == [NEW, NEW]


def test_a_service_whose_restart_was_interrupted_is_restarted(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It does not tell from which slot it runs."""
    unit = "vitalsd-charting.service"
    (gateway.files / "charting.toml").write_text("[charting]\n", encoding="utf-8")
    (gateway.place / f"{unit}.state").write_text("active\n", encoding="utf-8")
    gateway.deliver(NEW)

    def interrupted(_: str) -> bool:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("collector.update.update.restart", interrupted)
        with pytest.raises(KeyboardInterrupt):
            run(gateway)
    assert (gateway.restarts, gateway.current) == ([], "b")
    assert isinstance(run(gateway), Result)
    assert gateway.restarts == [f"{each} b" for each in (unit, *UNITS)]


def end(gateway: Gateway, bed: str, how: str) -> None:
    """As people do."""
    of = gateway.of
    gateway.of = lambda each, version: Health(answers=False) if each == bed else of(each, version)
    if how == "removed":
        (gateway.files / f"{bed}.toml").unlink()
    (gateway.place / f"vitalsd@{bed}.service.state").write_text("inactive\n", encoding="utf-8")


@pytest.mark.parametrize("how", ["stopped", "removed"])
def test_a_bed_that_people_end_meanwhile_is_neither_waited_for_nor_started(gateway: Gateway, how: str) -> None:
    gateway.deliver(NEW)
    state = StateFile(gateway.section.state)
    gateway.of = lambda bed, _: Health(open=bed == "OR-2" and state.load().trial is not None)
    assert waits(gateway) == "vitalsd@OR-2.service: a case is open at OR-2"
    assert gateway.restarts == []
    end(gateway, "OR-2", how)
    assert isinstance(run(gateway), Result)
    assert gateway.restarts == [f"{UNITS[0]} b"]


def test_a_bed_that_people_have_stopped_is_not_started_by_a_return(gateway: Gateway) -> None:
    gateway.deliver(NEW)
    gateway.of = lambda bed, _: Health(open=bed == "OR-2" and gateway.running("OR-1") == NEW)
    assert waits(gateway) == "vitalsd@OR-2.service: a case is open at OR-2"
    end(gateway, "OR-2", "stopped")
    assert isinstance(back(gateway), Result)
    assert gateway.restarts == [f"{UNITS[0]} b", f"{UNITS[0]} a"]


def test_a_package_that_is_being_installed_waits(gateway: Gateway) -> None:
    gateway.deliver(NEW)
    (gateway.root / "package.ready").unlink(missing_ok=True)
    assert waits(gateway, attended=True) == "the package is not whole: its installation has not ended"
    assert not (gateway.root / "b").exists()


@pytest.mark.parametrize("whole", [True, False])
def test_a_package_that_changes_while_it_is_copied_is_not_used(
    gateway: Gateway, whole: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway.deliver(NEW)
    copy = shutil.copytree

    def slow(*arguments: Any, **options: Any) -> Any:
        done = copy(*arguments, **options)
        if whole:
            gateway.deliver("0.7.0")
        else:
            (gateway.root / "package.ready").unlink(missing_ok=True)
        return done

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "copytree", slow)
        assert waits(gateway) == "the package is being changed at this moment"
    assert (gateway.restarts, gateway.current) == ([], "a")
    gateway.deliver("0.7.0")
    assert isinstance(run(gateway), Result)
    assert versions(gateway) == ["0.7.0", "0.7.0"]


def test_a_mistake_in_a_file_is_told_and_waited_for(gateway: Gateway) -> None:
    gateway.deliver(NEW)
    file = gateway.files / "OR-1.toml"
    file.write_text(file.read_text(encoding="utf-8").partition("[metrics]")[0], encoding="utf-8")
    with pytest.raises(UsageError, match=r"OR-1.toml: metrics: is missing"):
        run(gateway, attended=True)
    waiting = StateFile(gateway.section.state).load().waiting
    assert waiting is not None
    assert "OR-1.toml" in waiting.reason


def test_nothing_waits_once_a_mistake_is_mended_and_the_package_is_refused(gateway: Gateway) -> None:
    gateway.deliver(NEW, starts=False)
    returns(gateway)
    wrong = gateway.files / "OR-3.toml"
    wrong.write_text("[bed]\n", encoding="utf-8")
    with pytest.raises(UsageError):
        run(gateway)
    wrong.unlink()
    returns(gateway)
    assert StateFile(gateway.section.state).load().waiting is None


def test_there_is_one_updater_at_a_time(gateway: Gateway) -> None:
    with StateFile(gateway.section.state).alone(), pytest.raises(VitalsdError, match="another update is under way"):
        run(gateway)


def test_what_is_no_installation_is_said(gateway: Gateway) -> None:
    (gateway.root / "current").unlink()
    with pytest.raises(SlotError, match="current: No such file"):
        run(gateway)
