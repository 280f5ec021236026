"""Technical conditions of the gateway itself, kept and shown like a device's. Pure."""

from collections.abc import Callable, Iterable, Sequence

from collector.model import AlarmCondition, AlarmPhase, AlarmType, Condition, Priority

GATEWAY = "vitalsd"
"""The device name under which the gateway tells of itself; no [[device]] may have it."""


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

    def raised(self, source: str, text: str, priority: Priority = Priority.HIGH) -> Sequence[Condition]:
        """`source` stands, with this text; nothing where it does already."""
        before = self._raised.get(source)
        phase = AlarmPhase.START if before is None else AlarmPhase.CONTINUE
        if before is not None and (before.text, before.priority) == (text, priority):
            return []
        alarm = AlarmCondition(
            source=source, type=AlarmType.TECHNICAL, priority=priority, phase=phase, text=text, demo=self._demo
        )
        self._raised[source] = alarm
        return [self._condition(alarm)]

    def cleared(self, source: str) -> Sequence[Condition]:
        """`source` stands no longer; nothing where it did not."""
        before = self._raised.pop(source, None)
        if before is None:
            return []
        return [
            self._condition(
                AlarmCondition(
                    source=source,
                    type=AlarmType.TECHNICAL,
                    priority=before.priority,
                    phase=AlarmPhase.END,
                    text=before.text,
                    demo=self._demo,
                )
            )
        ]

    def _condition(self, alarm: AlarmCondition) -> Condition:
        return Condition(bed=self._bed, device=GATEWAY, time_us=self._utc_us(), alarm=alarm)
