"""Reports of a device as events. Pure.

Source: IEEE 11073-10207 (BICEPS); fact sheet ieee11073-sdc §4, §5. A channel's source is the handle: one code comes
under several, in several units.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from collector.model import (
    AlarmCondition,
    AlarmPhase,
    AlarmType,
    Channel,
    DeviceClock,
    Event,
    Frame,
    Observation,
    PatientIdentity,
    Priority,
    Quality,
    Role,
)
from drivers.sdc.codes import refid, ucum
from drivers.sdc.reports import Change, Clock, Condition, Metric, Person, Place, Presence, Report, Samples, State, Value
from drivers.sdc.waves import Waves

QUALITIES: Mapping[str, Quality] = {
    "Vld": Quality.VALID,
    "Vldated": Quality.VALID,
    "Qst": Quality.QUESTIONABLE,
    "Calib": Quality.CALIBRATING,
    "Inv": Quality.INVALID,
    "Oflw": Quality.OVERFLOW,
    "Uflw": Quality.UNDERFLOW,
    "Ong": Quality.NOT_AVAILABLE,
    "NA": Quality.NOT_AVAILABLE,
}
KEPT = {Quality.VALID, Quality.QUESTIONABLE}
"""Qualities that leave a value standing."""
DEMO = {"Demo", "Test"}
PRIORITIES = {"Hi": Priority.HIGH, "Me": Priority.MEDIUM, "Lo": Priority.LOW, "None": Priority.INFORMATION}
NOT_NOW = {"Preset", "Rcmm"}
"""Categories of what is not in force: under the code of what is, it would be charted as that."""
STATES = {"Assoc": "admitted", "Pre": "pre_admitted", "Dis": "discharged", "No": "empty"}
LOCATION = "VND_SDC_LOCATION"
SEPARATOR = " / "


class Mdib:
    """What a device has described and told so far. `standing`: alarm conditions of an earlier dialogue."""

    def __init__(self, standing: Sequence[AlarmCondition] = ()) -> None:
        self._metrics: dict[str, Metric] = {}
        self._conditions: dict[str, Condition] = {}
        self._standing = {one.source: one for one in standing}
        self._unheard = set(self._standing)
        self._told: dict[Channel, Observation] = {}
        self._person: str | None = None
        self._place: str | None = None
        self._has_clock = False
        self._waves = Waves()
        self._reports = 0

    def told(self, report: Report) -> Sequence[Event]:
        """The events of a report, its Frame first."""
        found: list[Event] = [Frame(offset=self._reports, length=0, kind=report.kind)]
        self._reports += 1
        for state in report.states:
            found += self._state(state, first=report.first)
        if report.first:
            found += self._unlisted({one.handle for one in report.states if isinstance(one, Presence)})
        elif not self._has_clock:
            found += self._clock(report.states)
        return found

    def changed(self, change: Change) -> Sequence[Event]:
        """Take descriptors; what ended with those that are gone or became another channel."""
        found: list[Event] = []
        for one in change.described:
            before = self._metrics.get(one.handle)
            if isinstance(one, Metric) and before not in {None, one}:
                found += self._end(one.handle)
            if isinstance(one, Metric):
                self._metrics[one.handle] = one
            else:
                self._conditions[one.handle] = one
        for handle in change.gone:
            found += self._end(handle)
            self._metrics.pop(handle, None)
            if self._conditions.pop(handle, None) and handle in self._standing:
                found.append(replace(self._standing.pop(handle), phase=AlarmPhase.END))
        return found

    @property
    def standing(self) -> Sequence[AlarmCondition]:
        """Conditions that have not ended."""
        return list(self._standing.values())

    def _state(self, state: State, *, first: bool) -> Sequence[Event]:
        match state:
            case Value():
                return self._value(state, first=first)
            case Samples():
                metric = self._metrics.get(state.handle)
                if metric is None:
                    return ()
                quality = QUALITIES.get(state.validity, Quality.QUESTIONABLE)
                return self._waves.events(channel(metric), metric.period_s, state, quality, demo=state.mode in DEMO)
            case Presence():
                return [*self._limits(state), *self._presence(state)]
            case Person():
                return self._patient(state)
            case Place():
                return self._location(state)
            case Clock():
                self._has_clock = True
                return (DeviceClock(time_us=state.time_us),)

    def _value(self, state: Value, *, first: bool) -> Sequence[Event]:
        metric = self._metrics.get(state.handle)
        if metric is None:
            return ()
        mine = channel(metric)
        if not state.validity:
            return self._end(state.handle)
        quality = QUALITIES.get(state.validity, Quality.QUESTIONABLE)
        value = state.value if quality in KEPT else None
        if value is None and quality in KEPT:
            quality = Quality.NOT_AVAILABLE
        event = Observation(
            channel=mine,
            value=float(value) if value is not None and not isinstance(value, str) else value,
            quality=quality,
            demo=state.mode in DEMO,
            standing=first and metric.intermittent and state.time_us is None,
            device_time_us=state.time_us if metric.intermittent else None,
        )
        before = self._told.get(mine)
        self._told[mine] = event
        if before is not None and metric.intermittent and state.time_us is not None and before == event:
            return (replace(event, repeat=True),)
        return (event,)

    def _limits(self, state: Presence) -> Sequence[Event]:
        """The limits of the first metric that an alert condition watches."""
        condition = self._conditions.get(state.handle)
        metric = (
            next((self._metrics[one] for one in condition.sources if one in self._metrics), None) if condition else None
        )
        if metric is None or not state.monitored:
            return ()
        found: list[Event] = []
        for role, limit, off in (
            (Role.LIMIT_LOW, state.low, {"LoOff", "None"}),
            (Role.LIMIT_HIGH, state.high, {"HiOff", "None"}),
        ):
            mine = replace(channel(metric), source=state.handle, role=role)
            value = None if limit is None or state.monitored in off else float(limit)
            event = Observation(
                channel=mine, value=value, quality=Quality.NOT_AVAILABLE if value is None else Quality.VALID
            )
            before = self._told.get(mine)
            if event == before or (before is None and value is None):
                continue
            self._told[mine] = event
            found.append(event)
        return found

    def _presence(self, state: Presence) -> Sequence[Event]:
        condition = self._conditions.get(state.handle)
        if condition is None:
            return ()
        before = self._standing.get(state.handle)
        unheard = state.handle in self._unheard
        self._unheard.discard(state.handle)
        if not (state.present and state.active):
            self._standing.pop(state.handle, None)
            return () if before is None else (replace(before, phase=AlarmPhase.END, device_time_us=state.time_us),)
        word = state.priority or condition.priority
        told = AlarmCondition(
            source=state.handle,
            type=AlarmType.PHYSIOLOGICAL if condition.kind == "Phy" else AlarmType.TECHNICAL,
            priority=PRIORITIES.get(word, Priority.HIGH),
            phase=AlarmPhase.START if before is None else AlarmPhase.CONTINUE,
            code=refid(condition.code),
            text=condition.name,
            device_priority=word,
            device_time_us=state.time_us,
        )
        if before is not None and not unheard and (before.priority, before.text) == (told.priority, told.text):
            return ()
        self._standing[state.handle] = told
        return (told,)

    def _unlisted(self, listed: Iterable[str]) -> Sequence[Event]:
        """Ends of conditions that stood and that the device has not any more."""
        gone = [self._standing.pop(source) for source in list(self._standing) if source not in listed]
        return [replace(one, phase=AlarmPhase.END) for one in gone]

    def _patient(self, state: Person) -> Sequence[Event]:
        """The patient who is associated; of another context only that the patient of now has left it."""
        if state.association == "Assoc":
            self._person = state.handle
        elif state.handle != self._person:
            return ()
        else:
            self._person = None
            return (PatientIdentity(state=STATES.get(state.association, state.association)),)
        return (
            PatientIdentity(
                ids=dict(state.ids),
                family=state.family,
                given=state.given,
                sex=state.sex,
                birth_date=state.birth_date,
                category=state.category,
                height_cm=state.height_cm,
                weight_kg=state.weight_kg,
                state=STATES["Assoc"],
            ),
        )

    def _location(self, state: Place) -> Sequence[Event]:
        mine = Channel(code=LOCATION, source="location", unit="")
        if state.association == "Assoc":
            self._place = state.handle
            event = Observation(channel=mine, value=SEPARATOR.join(state.parts))
        elif state.handle == self._place:
            self._place = None
            event = Observation(channel=mine, value=None, quality=Quality.NOT_AVAILABLE)
        else:
            return ()
        if self._told.get(mine) == event:
            return ()
        self._told[mine] = event
        return (event,)

    def _clock(self, states: Sequence[State]) -> Sequence[Event]:
        """Of a device that tells no clock: when it determined the newest of its continuous values."""
        times = [
            one.time_us
            for one in states
            if isinstance(one, Value)
            and one.time_us is not None
            and one.handle in self._metrics
            and not self._metrics[one.handle].intermittent
        ]
        return (DeviceClock(time_us=max(times)),) if times else ()

    def _end(self, handle: str) -> Sequence[Event]:
        """What was there of a metric or of a condition's limits, once without a value; limits end with their metric."""
        metric = self._metrics.get(handle)
        if metric is not None and metric.period_s:
            self._waves.end(channel(metric))
        found: list[Event] = []
        for mine in [one for one in self._told if one.source == handle or (metric and _limits(one, metric))]:
            before = self._told.pop(mine)
            if before.value is not None or before.quality is not Quality.NOT_AVAILABLE:
                found.append(Observation(channel=mine, value=None, quality=Quality.NOT_AVAILABLE))
        return found


def _limits(limit: Channel, metric: Metric) -> bool:
    """Whether a channel is of a limit of this metric."""
    mine = channel(metric)
    return (
        limit.role in {Role.LIMIT_LOW, Role.LIMIT_HIGH} and replace(limit, source=mine.source, role=mine.role) == mine
    )


def channel(metric: Metric) -> Channel:
    """The channel of a metric: its handle is the source."""
    is_set = metric.category == "Set"
    code = None if metric.category in NOT_NOW else metric.code
    return Channel(
        code=refid(code, setting=is_set),
        source=metric.handle,
        unit="" if metric.is_text else ucum(metric.unit, metric.unit_name),
        role=Role.SET if is_set or metric.category in NOT_NOW else Role.MEASURED,
        site=metric.site,
    )
