"""What is due, whether it may be, and the steps of an update: killed between any two, the next run goes on."""

import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from collector.errors import UsageError
from collector.update.config import UpdateSection
from collector.update.gate import Look, against, faults, look, runs
from collector.update.slots import SlotError, Slots, identity
from collector.update.state import Result, State, StateFile, Trial, Waiting
from collector.update.units import Unit, is_running, restart, state, units

STEADY = 0.2
"""The part of the gate's time for which a unit has to be well without a break."""

LOOKS = 20
"""In the gate's time; a second apart at most."""


class Updater:
    """Of the gateway whose files are in a folder.

    attended: a person vouches that nobody needs these beds now, and has a package tried that was returned before.
    """

    def __init__(self, section: UpdateSection, folder: Path, *, attended: bool = False) -> None:
        self._window = section.opening
        self._gate_s = section.gate_minutes * 60
        self._slots = Slots(section.slots)
        self._file = StateFile(section.state)
        self._folder = folder
        self._attended = attended
        self._units: Mapping[str, Unit] = {}

    def run(self) -> Result | Waiting | None:
        """Begin an update or go on with one, if there is any and it may be; return how it ended, or why it waits.

        Raises UsageError for mistakes in the files of the gateway, VitalsdError for what else stands against it.
        """
        with self._file.alone():
            found = self._file.load()
            try:
                self._units = {unit.name: unit for unit in units(self._folder)}
            except UsageError as error:
                self._wait(found, error.reasons[0])
                raise
            return self._begin(found) if found.trial is None else self._go_on(found, found.trial)

    def back(self) -> Result | Waiting:
        """Return to the other slot, and refuse this one's package. Raises as `run`."""
        with self._file.alone():
            found = self._file.load()
            self._units = {unit.name: unit for unit in units(self._folder)}
            trial = found.trial or self._undone(found)
            before = {**{name: self._look(name) for name in self._running()}, **trial.before}
            return self._return(found, replace(trial, before=before, done=(), returning="by hand"))

    def _begin(self, found: State) -> Result | Waiting | None:
        """Put the package into the other slot, and try it."""
        slots, old, new = self._slots, self._slots.current, self._slots.other
        if not slots.ready:
            return self._wait(found, "the package is not whole: its installation has not ended")
        package = identity(slots.package)
        if package == identity(slots.path(old)):
            self._file.save(replace(found, waiting=None, refused=""))
            return None
        if package == found.refused and not self._attended:
            return self._file.save(replace(found, waiting=None)).last
        if reason := self._against(self._running()):
            return self._wait(found, reason)
        try:
            versions = {old: slots.version(old)}
            package = slots.stage()
        except (SlotError, OSError) as error:
            return self._wait(found, str(error))
        try:
            versions[new] = slots.version(new)
        except SlotError as error:
            return self._end(Result(at=_now(), version="", returned=True, reason=str(error)), package)
        trial = Trial(old=old, new=new, package=package, versions=versions, units=self._running())
        return self._go_on(self._file.save(replace(found, trial=trial)), trial)

    def _undone(self, found: State) -> Trial:
        """As if what runs had just been tried. Raises UsageError, SlotError."""
        old, new = self._slots.other, self._slots.current
        package = identity(self._slots.path(new))
        if found.refused == identity(self._slots.path(old)):
            raise UsageError(f"it has returned already: slot {old} has what was refused")
        versions = {old: self._slots.version(old), new: ""}
        with suppress(SlotError):
            versions[new] = self._slots.version(new)
        return Trial(old=old, new=new, package=package, versions=versions, units=self._running())

    def _go_on(self, found: State, trial: Trial) -> Result | Waiting:
        """Restart the units that have not been, one by one, each found well before the next."""
        if trial.returning:
            return self._return(found, trial)
        left = [name for name in trial.units if self._is_left(name, trial)]
        if not trial.before:
            if reason := self._against(left):
                return self._wait(found, reason)
            self._slots.switch(trial.new)
        for name in left:
            fault, now = "", self._look(name)
            if name not in trial.before or self._may_be_old(name, now, trial):
                if reason := self._against([name]):
                    return self._wait(found, reason)
                trial = replace(trial, before={**trial.before, name: now})
                found = self._file.save(replace(found, trial=trial))
                fault = "" if restart(name) else "it does not start"
            fault = fault or self._gate(name, trial, trial.new)
            if fault:
                return self._return(found, replace(trial, returning=f"{name}: {fault}"))
            trial = replace(trial, done=(*trial.done, name))
            found = self._file.save(replace(found, trial=trial))
        return self._end(Result(at=_now(), version=trial.versions[trial.new], returned=False))

    def _return(self, found: State, trial: Trial) -> Result | Waiting:
        """Restart in the old slot what has been restarted in the new one; where that is well, not during a case."""
        found = self._file.save(replace(found, trial=trial))
        self._slots.switch(trial.old)
        touched = [name for name in reversed(list(trial.before)) if name in self._units]
        reasons = [trial.returning]
        for name in touched:
            now = self._look(name)
            if runs(now, trial.versions[trial.old], trial.old):
                continue
            if name in trial.done and (reason := self._in_use(name, now)):
                return self._wait(found, f"to be returned: {reason}")
            restart(name)
        ends = ((name, self._gate(name, trial, trial.old)) for name in touched)
        reasons += (f"returned, {name}: {fault}" for name, fault in ends if fault)
        ended = Result(at=_now(), version=trial.versions[trial.new], returned=True, reason="; ".join(reasons))
        return self._end(ended, trial.package)

    def _is_left(self, name: str, trial: Trial) -> bool:
        """Whether a unit is still to be restarted or judged: not one that people have stopped or removed meanwhile."""
        return name in self._units and name not in trial.done and (name in trial.before or is_running(name))

    def _may_be_old(self, name: str, now: Look | None, trial: Trial) -> bool:
        """Whether its restart may not have come about; what is no bed does not tell."""
        return self._units[name].metrics is None or runs(now, trial.versions[trial.old], trial.old)

    def _gate(self, name: str, trial: Trial, slot: str) -> str:
        """Return nothing as soon as the unit has been well for a while, or what is the matter when time is up."""
        end_s, well_s = time.monotonic() + self._gate_s, None
        while True:
            wrong = "; ".join(self._faults(name, trial, slot))
            now_s = time.monotonic()
            well_s = None if wrong else well_s or now_s
            if well_s is not None and now_s - well_s >= STEADY * self._gate_s:
                return ""
            if now_s >= end_s:
                return wrong or "it is not well for long"
            time.sleep(min(1.0, self._gate_s / LOOKS))

    def _faults(self, name: str, trial: Trial, slot: str) -> Iterable[str]:
        if self._units[name].metrics is None:
            return [] if (now := state(name)) == "active" else [f"it is {now}"]
        return faults(trial.before.get(name), self._look(name), trial.versions[slot], slot)

    def _against(self, names: Iterable[str]) -> str:
        """Why these units are not to be restarted now, or nothing."""
        if not self._attended and not self._window.is_open(datetime.now(UTC)):
            return "outside of the window"
        return next((reason for name in names if (reason := self._in_use(name, self._look(name)))), "")

    def _in_use(self, name: str, now: Look | None) -> str:
        """Why a unit is not to be ended, or nothing. What is in memory only would be lost, whoever vouches."""
        if now is not None and not now.saved:
            return f"{name}: its journal is not saved"
        unit = self._units[name]
        reason = "" if self._attended or unit.metrics is None else against(now, unit.beds)
        return reason and f"{name}: {reason}"

    def _look(self, name: str) -> Look | None:
        address = self._units[name].metrics
        return None if address is None else look(address)

    def _running(self) -> tuple[str, ...]:
        return tuple(name for name in self._units if is_running(name))

    def _wait(self, found: State, reason: str) -> Waiting:
        waiting = Waiting(since=found.waiting.since if found.waiting else _now(), reason=reason)
        self._file.save(replace(found, waiting=waiting))
        return waiting

    def _end(self, result: Result, refused: str = "") -> Result:
        self._file.save(State(last=result, refused=refused))
        return result


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
