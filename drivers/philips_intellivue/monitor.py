"""What a monitor's messages say: payloads → events. Keeps what later messages need; asks nothing (see session.py)."""

import struct
from collections import deque
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from collector.model import AlarmCondition, Association, AssociationState, DeviceClock, DeviceIdentity, Event
from drivers.philips_intellivue import association
from drivers.philips_intellivue.alarms import Alarms
from drivers.philips_intellivue.association import Profile
from drivers.philips_intellivue.identity import device, patient
from drivers.philips_intellivue.observations import Decoder
from drivers.philips_intellivue.pdu import (
    ALARM_MONITOR,
    CONNECT,
    CONNECT_INDICATION,
    DATA,
    MDS,
    MDS_CREATE,
    PATIENT,
    TICKS_PER_SECOND,
    US_PER_TICK,
    Command,
    MalformedError,
    Remote,
    RemoteOperation,
    connect_indication,
    event_report,
    poll,
    remote,
)
from drivers.philips_intellivue.values import absolute_time, ticks_between, u16

MALFORMED = (MalformedError, struct.error, IndexError)
"""What reading a damaged message raises."""

RECENT_RESULTS = 16
"""Poll results to compare with: UDP may bring one twice, soon after."""
RESTARTED_TICKS = 3600 * TICKS_PER_SECOND
"""A new association this far from the old one's time is another life of the monitor (§9)."""

_WALL_CLOCK = 0x0987
_OPERATING_MODE = 0x0946

_KINDS: Mapping[tuple[int, int], str] = {
    (RemoteOperation.INVOKE, Command.EVENT_REPORT): "event",
    (RemoteOperation.INVOKE, Command.CONFIRMED_EVENT_REPORT): "event",
    (RemoteOperation.RESULT, Command.CONFIRMED_EVENT_REPORT): "event_result",
    (RemoteOperation.RESULT, Command.GET): "get_result",
    (RemoteOperation.RESULT, Command.CONFIRMED_SET): "set_result",
}


class DuplicateError(ValueError):
    """A result that has come before, byte for byte."""


class UnknownError(ValueError):
    """No message of this protocol."""


class Heard(NamedTuple):
    """One message understood. `created`: a monitor's MDS that was not known before."""

    kind: str
    events: Sequence[Event] = ()
    tick_us: int | None = None
    remote: Remote | None = None
    profile: Profile | None = None
    created: bool = False


class Monitor:
    """Reads the messages of one monitor, over as many associations as there are. `standing`: earlier alarms."""

    def __init__(self, standing: Sequence[AlarmCondition] = ()) -> None:
        self._decoder = Decoder()
        self._alarms = Alarms(standing)
        self._device = DeviceIdentity()
        self._ticks: int | None = None
        self._created = b""
        self._associated = False
        self._recent: deque[bytes] = deque(maxlen=RECENT_RESULTS)

    def hear(self, payload: bytes, now: float) -> Heard:
        """Raises one of MALFORMED, DuplicateError or UnknownError, and has then learnt nothing from the message."""
        if payload[:2] == DATA:
            return self._data(payload, now)
        if payload[:4] == CONNECT_INDICATION:
            report = connect_indication(payload)
            if report.event != CONNECT:
                raise UnknownError
            tick_us = self._unwrap(report.ticks, fresh=True)
            return Heard(kind="connect_indication", events=self._system(report.attributes, tick_us), tick_us=tick_us)
        return self._control(payload)

    def ended(self, reason: str) -> Association:
        """The association is over, said by the monitor or by its silence."""
        self._associated = False
        self._alarms.interrupted()
        return Association(state=AssociationState.ENDED, reason=reason)

    def _control(self, payload: bytes) -> Heard:
        match payload[0]:
            case association.ACCEPT:
                granted = association.profile(payload)
                events = () if self._associated else (Association(state=AssociationState.ESTABLISHED),)
                self._associated = True
                return Heard(kind="association_response", events=events, profile=granted)
            case association.REFUSE:
                refused = Association(state=AssociationState.REFUSED, reason="association refused")
                return Heard(kind="association_refuse", events=(refused,))
            case association.RELEASED:
                return Heard(kind="release_response", events=(self.ended("released"),))
            case association.RELEASE:
                return Heard(kind="release_request", events=(self.ended("released by the monitor"),))
            case association.ABORT:
                return Heard(kind="abort", events=(self.ended("aborted by the monitor"),))
            case association.REQUEST:
                return Heard(kind="association_request")
        raise UnknownError

    def _data(self, payload: bytes, now: float) -> Heard:
        said = remote(payload)
        if said.operation is RemoteOperation.ERROR:
            return Heard(kind="error", remote=said)
        if said.operation is not RemoteOperation.INVOKE and said.command == Command.CONFIRMED_ACTION:
            return self._result(payload, said, now)
        kind = _KINDS.get((said.operation, said.command), "request")
        if kind == "event":
            return self._event(said)
        return Heard(kind=kind, remote=said)

    def _event(self, said: Remote) -> Heard:
        report = event_report(said.body)
        if report.event != MDS_CREATE:
            return Heard(kind="event", tick_us=self._unwrap(report.ticks), remote=said)
        if said.body == self._created:
            return Heard(kind="mds_create", tick_us=self._unwrap(report.ticks), remote=said)
        self._created = said.body
        self._decoder.restart()
        tick_us = self._unwrap(report.ticks, fresh=True)
        return Heard(
            kind="mds_create",
            tick_us=tick_us,
            events=self._system(report.attributes, tick_us),
            remote=said,
            created=True,
        )

    def _result(self, payload: bytes, said: Remote, now: float) -> Heard:
        result = poll(said.body)
        if payload in self._recent:
            raise DuplicateError
        events: list[Event] = []
        if result.object_class == ALARM_MONITOR:
            events += self._alarms.update(entry.attributes for entry in result.entries)
        elif result.object_class == PATIENT:
            events += [who for entry in result.entries if (who := patient(entry.attributes)) is not None]
        self._recent.append(payload)
        tick_us = self._unwrap(result.ticks)
        if result.object_class == MDS:
            for entry in result.entries:
                events += self._system(entry.attributes, tick_us)
        events += self._decoder.poll(result, tick_us // US_PER_TICK, now)
        kind = "linked_result" if said.operation is RemoteOperation.LINKED_RESULT else "poll_result"
        return Heard(kind=kind, events=events, tick_us=tick_us, remote=said)

    def _system(self, attributes: Mapping[int, bytes], tick_us: int) -> list[Event]:
        events: list[Event] = []
        identity = device(attributes, self._device)
        if identity is not None:
            self._device = identity
            events.append(identity)
        time_us = absolute_time(attributes.get(_WALL_CLOCK))
        if time_us is not None:
            self._decoder.clock(time_us, tick_us)
            events.append(DeviceClock(time_us=time_us))
        mode = u16(attributes.get(_OPERATING_MODE))
        if mode is not None:
            events += self._alarms.mode(mode)
        return events

    def _unwrap(self, ticks: int, *, fresh: bool = False) -> int:
        """Relative time in µs, going on over its 32-bit wrap; `fresh`: the monitor may have been restarted."""
        if self._ticks is None:
            self._ticks = ticks
        step = ticks_between(self._ticks, ticks)
        if fresh and abs(step) > RESTARTED_TICKS:
            self._ticks = ticks
        else:
            self._ticks += step
        return self._ticks * US_PER_TICK
