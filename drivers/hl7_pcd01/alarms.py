"""The alarm conditions of one bed: PCD-04 (ORU^R40).

Source: fact sheets ihe-pcd §4, §8, mindray-and-chinese-hl7 §2. Rows are told apart by the REFID of OBX-3, since makers
number them differently; rows of one alarm share the first four numbers of OBX-4.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from collector.hl7.message import Segment
from collector.model import UNMAPPED, AlarmCondition, AlarmPhase, AlarmType, Priority
from drivers.hl7_pcd01.codes import meaning
from drivers.hl7_pcd01.rows import DEMO, Group, Moment, Row

MOST = 256
"""Conditions of a bed that stand at once; the oldest is forgotten, and what is heard of it later begins it anew."""
MOST_ID = 128
"""Characters of an id; a UUID with its namespaces has fewer."""

HEARTBEAT_CODE, HEARTBEAT_NAME, HEARTBEAT_TIME = "258047", "MDC_EVT_ACTIVE", "MDC_ATTR_CONFIRM_TIMEOUT"
"""What Dräger sends each few seconds to show that it is there is no alarm (ihe-pcd §4)."""

_PRIORITIES: Mapping[str, Priority] = {
    "PH": Priority.HIGH,
    "PM": Priority.MEDIUM,
    "PL": Priority.LOW,
    "PN": Priority.INFORMATION,
}
_TYPES: Mapping[str, AlarmType] = {
    "SP": AlarmType.PHYSIOLOGICAL,
    "ST": AlarmType.TECHNICAL,
    "SA": AlarmType.PHYSIOLOGICAL,
}
"""An advisory may be of either kind: it is given the one that is never hidden."""
_NEW = frozenset({"", "start", "present"})


@dataclass(slots=True, kw_only=True)
class _Alarm:
    """The rows of one alarm."""

    path: str
    event: Row | None = None
    source: Row | None = None
    phase: str = ""
    state: str = ""
    priority: str = ""
    type: str = ""
    heartbeat: bool = False


class Alarms:
    """standing: conditions of an earlier dialogue; they end where nothing is heard of them for `hold_s`.

    So does every one where the bed itself has said nothing for so long: an end that was missed is never sent again.
    """

    def __init__(self, standing: Sequence[AlarmCondition], hold_s: float) -> None:
        self._hold_s = hold_s
        self._standing = {condition.source: condition for condition in standing}
        self._recalled = set(self._standing)
        self._sources: dict[tuple[str, str], str] = {}
        self._first_s: float | None = None
        self._heard_s = 0.0

    def hear(self, now: float) -> Sequence[AlarmCondition]:
        """The bed has said something: conditions that end because too long nothing was heard of them."""
        if self._first_s is None:
            self._first_s = self._heard_s = now
        silent = now - self._heard_s > self._hold_s
        self._heard_s = now
        gone = list(self._standing) if silent else []
        if self._recalled and now - self._first_s > self._hold_s:
            gone += self._recalled.difference(gone)
        return [self._end(source) for source in sorted(gone)]

    def take(self, group: Group, moment: Moment, *, demo: bool) -> tuple[Sequence[AlarmCondition], bool]:
        """Changes of conditions that a group of rows tells, and whether it is a heartbeat."""
        told: list[AlarmCondition] = []
        found = _alarms(group)
        for n, alarm in enumerate(found):
            if not alarm.heartbeat and (alarm.event is not None or alarm.phase):
                told += self._change(alarm, group.order, moment, several=n > 0, demo=demo)
        return told, any(alarm.heartbeat for alarm in found)

    def _change(
        self, alarm: _Alarm, order: Segment, moment: Moment, *, several: bool, demo: bool
    ) -> Sequence[AlarmCondition]:
        event_code, text = _event(alarm.event)
        source = self._source(alarm, order, event_code or text, several=several)
        flags = alarm.event.flags if alarm.event is not None else frozenset()
        word = alarm.priority or next((flag for flag in _PRIORITIES if flag in flags), "")
        kind = alarm.type or next((flag for flag in _TYPES if flag in flags), "")
        type_ = _TYPES.get(kind, AlarmType.PHYSIOLOGICAL)
        at = alarm.event.segment.component(14) if alarm.event is not None else ""
        condition = AlarmCondition(
            source=source,
            type=type_,
            priority=_PRIORITIES.get(word, Priority.HIGH if type_ is AlarmType.PHYSIOLOGICAL else Priority.MEDIUM),
            phase=AlarmPhase.CONTINUE if source in self._standing else AlarmPhase.START,
            code=_parameter(alarm.source),
            text=text,
            device_priority=word,
            demo=demo or not DEMO.isdisjoint(flags),
            device_time_us=moment.us(at) if at else moment.us(order.component(7)),
        )
        self._recalled.discard(source)
        if alarm.phase == "end" or (alarm.state == "inactive" and alarm.phase not in _NEW):
            self._standing.pop(source, None)
            self._sources = {key: id_ for key, id_ in self._sources.items() if id_ != source}
            return [replace(condition, phase=AlarmPhase.END)]
        if alarm.phase == "tpoint":
            return [condition, replace(condition, phase=AlarmPhase.END)]
        if source not in self._standing and len(self._standing) >= MOST:
            self._standing.pop(next(iter(self._standing)))
        self._standing[source] = condition
        return [condition]

    def _source(self, alarm: _Alarm, order: Segment, event: str, *, several: bool) -> str:
        """The alarm's identity: what OBR-29 names, else OBR-3 of the message that began it.

        A sender that names no beginning means the alarm that stands of the same path and event.
        """
        mine = order.component(3)[:MOST_ID] or order.component(2)[:MOST_ID]
        parents = [order.component(29, n)[:MOST_ID] for n in (2, 1)]
        more = f"/{alarm.path}" if several else ""
        key = alarm.path, event
        for parent in parents:
            if parent and parent + more in self._standing:
                return parent + more
        if key in self._sources:
            return self._sources[key]
        named = parents[1] or parents[0]
        source = (named or mine or "/".join(key)) + more
        if len(self._sources) >= MOST:
            self._sources.pop(next(iter(self._sources)))
        self._sources[key] = source
        return source

    def _end(self, source: str) -> AlarmCondition:
        self._recalled.discard(source)
        self._sources = {key: id_ for key, id_ in self._sources.items() if id_ != source}
        return replace(self._standing.pop(source), phase=AlarmPhase.END, device_time_us=None)


def _alarms(group: Group) -> Sequence[_Alarm]:
    """The alarms of a group, by the first four numbers of their paths, without the rows of the device's parts."""
    found: dict[str, _Alarm] = {}
    for row in group.rows:
        if not row.type and row.status == "X":
            continue
        numbers = row.path.split(".")
        path, facet = ".".join(numbers[:4]), numbers[4] if len(numbers) > 4 else ""
        alarm = found.setdefault(path, _Alarm(path=path))
        name, value = row.name, row.segment.component(5)
        if "EVENT_PHASE" in name:
            alarm.phase = value.lower()
        elif "INACTIVATION" in name:
            continue
        elif name.endswith("_STATE") and "_ATTR_" in name:
            alarm.state = value.lower()
        elif name.endswith("_PRIORITY"):
            alarm.priority = value
        elif name.endswith("_ALERT_TYPE"):
            alarm.type = value
        elif name == HEARTBEAT_TIME:
            alarm.heartbeat = True
        elif name.endswith("_ALERT_SOURCE") or facet == "2":
            alarm.source = row
        elif alarm.event is None:
            alarm.event = row
            alarm.heartbeat = alarm.heartbeat or HEARTBEAT_CODE in row.observation or name == HEARTBEAT_NAME
    return list(found.values())


def _event(row: Row | None) -> tuple[str, str]:
    """Code and text of an event row: in OBX-5 where the sender has coded it, else the code in OBX-3."""
    if row is None:
        return "", ""
    coded = row.type in {"CWE", "CE"}
    if coded:
        code, name, said = (row.segment.component(5, n) for n in (1, 2, 9))
        return code or name, said or name or code
    return row.segment.component(3, 1), row.segment.text(row.value).strip() or row.name


def _parameter(row: Row | None) -> str:
    """The refid of what the alarm is about."""
    if row is None:
        return UNMAPPED
    if row.name.endswith("_ALERT_SOURCE"):
        told = meaning(row.segment.components(5))
    else:
        told = meaning(row.segment.components(3))
    return UNMAPPED if told.object or told.attribute else told.code
