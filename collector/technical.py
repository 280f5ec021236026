"""Technical conditions of the gateway itself, kept and shown like a device's. Pure."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from collector.model import UNMAPPED, AlarmCondition, AlarmPhase, AlarmType, Condition, Priority

GATEWAY = "vitalsd"
"""The device name under which the gateway tells of itself; no [[device]] may have it."""

STEP = "clock-step"
"""Source of the condition that our clock was set; it comes before all that is told with the new time."""


class Technical:
    """Which of the gateway's conditions stand. What the methods return is to be journaled by the caller.

    standing: the last changes that the journal has of this bed, so that this life can clear what a last one raised.
    """

    def __init__(
        self, bed: str, utc_us: Callable[[], int], standing: Iterable[Condition] = (), *, demo: bool = False
    ) -> None:
        self._bed = bed
        self._utc_us = utc_us
        self._demo = demo
        self._raised: dict[str, AlarmCondition] = {}
        for condition in standing:
            if condition.device == GATEWAY:
                if condition.alarm.phase is AlarmPhase.END:
                    self._raised.pop(condition.alarm.source, None)
                else:
                    self._raised[condition.alarm.source] = condition.alarm

    def standing(self, kind: str) -> Sequence[str]:
        """The sources that stand and begin with this."""
        return [source for source in self._raised if source.startswith(kind)]

    def raised(
        self,
        source: str,
        text: str,
        priority: Priority = Priority.HIGH,
        *,
        code: str = UNMAPPED,
        since_us: int | None = None,
    ) -> Sequence[Condition]:
        """`source` stands, with this text, since a time or now; nothing where it does already."""
        before = self._raised.get(source)
        phase = AlarmPhase.START if before is None else AlarmPhase.CONTINUE
        if before is not None and (before.text, before.priority, before.code) == (text, priority, code):
            return []
        alarm = self._raised[source] = self._alarm(source, text, priority, phase, code)
        return [self._condition(alarm, since_us if before is None else None)]

    def passed(
        self, source: str, text: str, priority: Priority, *, code: str, start_us: int, end_us: int
    ) -> Sequence[Condition]:
        """`source` stood from one time to another, and is told only now."""
        phases = (AlarmPhase.START, start_us), (AlarmPhase.END, end_us)
        return [self._condition(self._alarm(source, text, priority, phase, code), at_us) for phase, at_us in phases]

    def cleared(self, source: str) -> Sequence[Condition]:
        """`source` stands no longer; nothing where it did not."""
        before = self._raised.pop(source, None)
        if before is None:
            return []
        return [self._condition(replace(before, phase=AlarmPhase.END))]

    def _alarm(self, source: str, text: str, priority: Priority, phase: AlarmPhase, code: str) -> AlarmCondition:
        return AlarmCondition(
            source=source,
            type=AlarmType.TECHNICAL,
            priority=priority,
            phase=phase,
            code=code,
            text=text,
            demo=self._demo,
        )

    def _condition(self, alarm: AlarmCondition, time_us: int | None = None) -> Condition:
        at_us = self._utc_us() if time_us is None else time_us
        return Condition(bed=self._bed, device=GATEWAY, time_us=at_us, alarm=alarm)
