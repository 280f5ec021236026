"""Status codes → alarm conditions (fact sheet small-devices §7).

Priorities are not sent. They are those of the N-395 operator's manual, "Description of alarms": loss of pulse high, a
value beyond its limits medium, low battery and a disconnected sensor low.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from collector.model import AlarmCondition, AlarmPhase, AlarmType, Priority
from drivers.nellcor.frames import Reading

_PHYSIOLOGICAL, _TECHNICAL = AlarmType.PHYSIOLOGICAL, AlarmType.TECHNICAL


@dataclass(frozen=True, slots=True)
class _Kind:
    name: str
    type: AlarmType
    priority: Priority


KINDS: Mapping[str, _Kind] = {
    "SH": _Kind("SPO2_HIGH", _PHYSIOLOGICAL, Priority.MEDIUM),
    "SL": _Kind("SPO2_LOW", _PHYSIOLOGICAL, Priority.MEDIUM),
    "PH": _Kind("PULSE_HIGH", _PHYSIOLOGICAL, Priority.MEDIUM),
    "PL": _Kind("PULSE_LOW", _PHYSIOLOGICAL, Priority.MEDIUM),
    "LP": _Kind("LOSS_OF_PULSE", _PHYSIOLOGICAL, Priority.HIGH),
    "LM": _Kind("LOSS_OF_PULSE_INTERFERENCE", _PHYSIOLOGICAL, Priority.HIGH),
    "SD": _Kind("SENSOR_DISCONNECTED", _TECHNICAL, Priority.LOW),
    "SO": _Kind("SENSOR_OFF", _TECHNICAL, Priority.LOW),
    "LB": _Kind("LOW_BATTERY", _TECHNICAL, Priority.LOW),
    "%SpO2*": _Kind("SPO2_BEYOND_LIMIT", _PHYSIOLOGICAL, Priority.MEDIUM),
    "BPM*": _Kind("PULSE_BEYOND_LIMIT", _PHYSIOLOGICAL, Priority.MEDIUM),
}
"""Code → the alarm. The last two: an asterisk that none of its codes explains. Other codes are states, not alarms."""


class Alarms:
    """What stands, line by line. `standing`: of an earlier dialogue; the first line continues or ends it."""

    def __init__(self, standing: Sequence[AlarmCondition] = ()) -> None:
        self._standing = {condition.source: condition for condition in standing}
        self._unheard = frozenset(self._standing)

    def changes(self, sources: Sequence[str]) -> Sequence[AlarmCondition]:
        """What a line changes that lists these."""
        found = [
            replace(condition, phase=AlarmPhase.END)
            for source, condition in self._standing.items()
            if source not in sources
        ]
        now = {source: _condition(source) for source in sources}
        for source, condition in now.items():
            if source in self._unheard:
                found.append(replace(condition, phase=AlarmPhase.CONTINUE))
            elif source not in self._standing:
                found.append(condition)
        self._standing, self._unheard = now, frozenset()
        return found


def sources(reading: Reading) -> Sequence[str]:
    """Which alarms a line lists."""
    found = [code for code in dict.fromkeys(reading.codes) if code in KINDS]
    if reading.beyond_spo2 and not {"SH", "SL"} & set(found):
        found.append("%SpO2*")
    if reading.beyond_pulse and not {"PH", "PL"} & set(found):
        found.append("BPM*")
    return found


def _condition(source: str) -> AlarmCondition:
    kind = KINDS[source]
    return AlarmCondition(
        source=source,
        type=kind.type,
        priority=kind.priority,
        phase=AlarmPhase.START,
        code=f"VND_NELLCOR_ALARM_{kind.name}",
        text=source,
    )
