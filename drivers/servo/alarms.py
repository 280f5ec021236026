"""The alarm channels → alarm conditions. Source: fact sheet getinge-servo §3, §6, §7.

The device gives no priorities. Channel 498 tells whether any alarm of high priority is active: while it does, or is not
asked for, every active alarm may be the one, and is high; while it says no, none is, and they are medium. Channel 499,
the sum of all, is a condition of its own only where no other channel tells what is active.
"""

from collections.abc import Sequence
from dataclasses import replace

from collector.model import AlarmCondition, AlarmPhase, Channel, Event, Observation, Priority
from drivers.servo import tables
from drivers.servo.tables import HIGH_PRIORITY, SUMMARY

SILENCED = 2
"""State of an alarm that is active but silenced (§3)."""

SILENCED_ALARMS = Channel(code="VND_GETINGE_SILENCED_ALARMS", source="silenced", unit="")
HIGH = Channel(code="VND_GETINGE_ALARM_HIGH_PRIORITY", source=str(HIGH_PRIORITY), unit="")


class Alarms:
    """Keeps what stands. `standing`: conditions of an earlier dialogue; the first list continues or ends them."""

    def __init__(self, standing: Sequence[AlarmCondition] = ()) -> None:
        self._active = {one.source: one for one in standing}
        self._unheard = set(self._active)

    def events(self, numbers: Sequence[int], states: Sequence[int]) -> list[Event]:
        """What has changed with this list of states: 0 none, 1 (or FF) active, 2 silenced."""
        state = dict(zip(numbers, states, strict=True))
        high = state.pop(HIGH_PRIORITY, None)
        priority = Priority.MEDIUM if high == 0 else Priority.HIGH
        active = [number for number, one in state.items() if one]
        if len(active) > 1 and SUMMARY in active:
            active.remove(SUMMARY)
        before = self._active
        self._active = {
            str(number): AlarmCondition(
                source=str(number),
                type=tables.alarm(number).type,
                priority=priority,
                phase=AlarmPhase.START,
                code=tables.alarm(number).code,
            )
            for number in active
        }
        events: list[Event] = []
        for source, one in self._active.items():
            if source not in before:
                events.append(one)
            elif source in self._unheard or before[source].priority is not priority:
                events.append(replace(one, phase=AlarmPhase.CONTINUE))
        events += [replace(one, phase=AlarmPhase.END) for source, one in before.items() if source not in self._active]
        self._unheard.clear()
        if high is not None:
            events.append(Observation(channel=HIGH, value="active" if high else "none"))
        silenced = [str(number) for number in active if state[number] == SILENCED]
        return [*events, Observation(channel=SILENCED_ALARMS, value=" ".join(silenced) or "none")]

    def none(self) -> list[Event]:
        """The device ventilates nobody: nothing is active."""
        ended: list[Event] = [replace(one, phase=AlarmPhase.END) for one in self._active.values()]
        self._active.clear()
        self._unheard.clear()
        return ended
