"""The alarm field of INF → an alarm condition (fact sheet small-devices §14).

It tells that there is an alarm ("A" was seen) and not which: what would ask for that is not among the commands that the
fact sheet gives a logger. Its priority is not told either: the highest is taken.
"""

from collections.abc import Sequence
from dataclasses import replace

from collector.model import AlarmCondition, AlarmPhase, AlarmType, Priority
from drivers.alaris.queries import Query
from drivers.alaris.replies import ALARM_AT

NONE = frozenset(("", "-"))
CODE = "VND_ALARIS_ALARM"


class Alarms:
    """What stands. `standing`: of an earlier dialogue; the first answer continues or ends it."""

    def __init__(self, standing: Sequence[AlarmCondition] = ()) -> None:
        self._standing = {condition.source: condition for condition in standing}
        self._unheard = frozenset(self._standing)

    def changes(self, text: str) -> Sequence[AlarmCondition]:
        """What the field changes, as it is sent now."""
        now = {} if text in NONE else {f"{Query.INFUSION.value}.{ALARM_AT}:{text}": _condition(text)}
        found = [replace(old, phase=AlarmPhase.END) for source, old in self._standing.items() if source not in now]
        for source, condition in now.items():
            if source in self._unheard:
                found.append(replace(condition, phase=AlarmPhase.CONTINUE))
            elif source not in self._standing:
                found.append(condition)
        self._standing, self._unheard = now, frozenset()
        return found


def _condition(text: str) -> AlarmCondition:
    return AlarmCondition(
        source=f"{Query.INFUSION.value}.{ALARM_AT}:{text}",
        type=AlarmType.TECHNICAL,
        priority=Priority.HIGH,
        phase=AlarmPhase.START,
        code=CODE,
        text=text,
    )
