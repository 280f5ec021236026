"""The client's side of the dialogue: association, polls, keep-alive (fact sheet philips-intellivue §3, §4)."""

import math
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from collector.model import AlarmCondition, Event, Frame, Rejected
from drivers.philips_intellivue import association, requests
from drivers.philips_intellivue.association import Profile
from drivers.philips_intellivue.frames import Piece, framing
from drivers.philips_intellivue.monitor import MALFORMED, DuplicateError, Heard, Monitor, UnknownError
from drivers.philips_intellivue.options import Options
from drivers.philips_intellivue.pdu import (
    ALARM_MONITOR,
    ALL_GROUPS,
    ENUMERATION,
    GROUP_ALARMS,
    GROUP_APPLICATION,
    GROUP_PATIENT,
    GROUP_STATIC,
    MDS,
    NUMERIC,
    NUMERIC_LIST,
    PATIENT,
    TICKS_PER_SECOND,
    WAVE,
    WAVE_LIST,
    Remote,
    RemoteOperation,
    attribute_list,
    event_report,
    words,
)
from drivers.philips_intellivue.values import U32

ASSOCIATION_RETRY_S = 2.0
"""Monitors answer after up to 2.2 s (§3.4)."""
ANSWER_S = 3.5
"""Answers are aligned to the monitor's cycle and take up to 1 s: at least 3 s are to be waited (§3.4)."""
TRIES = 3
"""A request that three times brought nothing is given up: the monitor may not know it."""
FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 16.0
"""Before the next association after an abort or refusal: at least 1 s, doubled each time (§10)."""
POLL_S = 60.0
RENEWAL_S = 0.8 * POLL_S
"""Extended polls are renewed before they end (§4.4); each renewal brings the context of every object again."""
HOUSEKEEPING_S = 30.0
"""How soon a new patient or a changed clock is noticed."""
KEEP_ALIVE_SHARE = 3.0
"""A request at least every third of the monitor's timeout (§3.4)."""
MAX_OUTGOING = 32
"""Messages waiting to be sent; a recording never sends any."""

SERIAL_MTU, LAN_MTU = 996, 1364
"""What monitors grant on RS-232, and the guide's limit on LAN (§1)."""
MIN_POLL_TICKS = TICKS_PER_SECOND
WANTED = association.NUMERICS_1S | association.WAVES | association.ENUMERATIONS | association.NUMERIC_PRIORITIES

_POLL_NOW = -math.inf
_LAST = 3


class _State(Enum):
    IDLE = auto()
    REQUESTED = auto()
    ASSOCIATED = auto()
    CONFIGURED = auto()
    CLOSED = auto()


Build = Callable[[int], bytes]
"""Invoke id → message."""


@dataclass(slots=True)
class _Pending:
    """The one request that waits for its answer."""

    build: Build
    invoke_id: int
    due: float
    tries: int = 1


class IntelliVueSession:
    """A dialogue with one monitor, over UDP or RS-232, or the reading of a recording of one."""

    def __init__(self, options: Options, datagrams: bool, standing: Sequence[AlarmCondition] = ()) -> None:
        self._options = options
        self._framing = framing(datagrams=datagrams)
        mtu = LAN_MTU if datagrams else SERIAL_MTU
        self._monitor = Monitor(standing)
        self._out: deque[bytes] = deque(maxlen=MAX_OUTGOING)
        self._state = _State.IDLE
        self._due = _POLL_NOW
        self._wait_s = FIRST_WAIT_S
        self._granted = self._wanted = Profile(
            min_poll_ticks=MIN_POLL_TICKS, max_rx=mtu, max_tx=mtu, ext_options=WANTED
        )
        self._queue: deque[Build] = deque()
        self._pending: _Pending | None = None
        self._invoke_id = 0
        self._heard_at = 0.0
        self._asked_at = 0.0
        self._renew_at = math.inf
        self._housekeeping_at = math.inf

    def receive(self, data: bytes, now: float) -> Sequence[Event]:
        events: list[Event] = []
        for piece in self._framing.feed(data):
            self._piece(piece, now, events)
        return events

    def finish(self) -> Sequence[Event]:
        return [
            Rejected(offset=piece.offset, length=piece.length, reason=piece.reason) for piece in self._framing.finish()
        ]

    def outgoing(self) -> bytes:
        return self._framing.wrap(self._out.popleft()) if self._out else b""

    def deadline(self) -> float | None:
        match self._state:
            case _State.CLOSED:
                return None
            case _State.IDLE | _State.REQUESTED:
                return self._due
        if self._pending is not None:
            return min(self._pending.due, self._silent_at)
        if self._queue:
            return _POLL_NOW
        if self._state is _State.ASSOCIATED:
            return self._silent_at
        return min(self._silent_at, self._renew_at, self._housekeeping_at, self._keep_alive_at)

    def expire(self, now: float) -> Sequence[Event]:
        match self._state:
            case _State.CLOSED:
                return ()
            case _State.IDLE | _State.REQUESTED:
                if now >= self._due:
                    self._associate(now)
                return ()
        if now >= self._silent_at:
            self._send(association.ABORTION)
            self._begin_again(now)
            return (self._monitor.ended("nothing heard from the monitor"),)
        if self._state is _State.CONFIGURED:
            self._plan(now)
        self._ask(now)
        return ()

    def close(self, now: float) -> None:  # noqa: ARG002  the contract's argument
        if self._state not in (_State.IDLE, _State.CLOSED):
            self._send(association.RELEASE_REQUEST)
        self._state = _State.CLOSED

    @property
    def _silent_at(self) -> float:
        return self._heard_at + self._granted.timeout_s

    @property
    def _keep_alive_at(self) -> float:
        return self._asked_at + self._granted.timeout_s / KEEP_ALIVE_SHARE

    def _piece(self, piece: Piece, now: float, events: list[Event]) -> None:
        reason = piece.reason
        if not reason:
            try:
                heard = self._monitor.hear(piece.payload, now)
                self._answered(heard, now)
            except MALFORMED:
                reason = "malformed"
            except DuplicateError:
                reason = "duplicate"
            except UnknownError:
                reason = "unknown"
            else:
                events.append(Frame(offset=piece.offset, length=piece.length, kind=heard.kind, tick_us=heard.tick_us))
                events += heard.events
                return
        events.append(Rejected(offset=piece.offset, length=piece.length, reason=reason))

    def _answered(self, heard: Heard, now: float) -> None:
        """What a message of the monitor means for the dialogue."""
        if self._state is _State.CLOSED:
            return
        self._heard_at = now
        if heard.remote is not None:
            self._remote(heard, heard.remote, now)
            return
        match heard.kind:
            case "association_response" if heard.profile is not None and self._state in (
                _State.IDLE,
                _State.REQUESTED,
            ):
                self._state = _State.ASSOCIATED
                self._granted = heard.profile
            case "association_refuse" if self._state is _State.REQUESTED:
                self._send(association.RELEASE_REQUEST)  # of an association that an earlier life of ours left
                self._begin_again(now)
            case "release_request":
                self._send(association.RELEASE_RESPONSE)
                self._begin_again(now)
            case "abort" | "release_response" if self._state in (_State.ASSOCIATED, _State.CONFIGURED):
                self._begin_again(now)

    def _remote(self, heard: Heard, said: Remote, now: float) -> None:
        if heard.kind == "mds_create":
            self._send(requests.mds_create_result(said.invoke_id, event_report(said.body).ticks))
            if self._state in (_State.REQUESTED, _State.ASSOCIATED) or heard.created:
                self._configure(now)  # of REQUESTED: the response was lost, the monitor speaks all the same
            return
        if self._pending is None or said.invoke_id != self._pending.invoke_id:
            return
        if said.operation is RemoteOperation.LINKED_RESULT and said.linked != _LAST:
            self._pending.due = now + ANSWER_S
            return
        self._pending = None
        self._wait_s = FIRST_WAIT_S
        if heard.kind == "get_result":
            self._compare_lists(said)
        self._ask(now)

    def _associate(self, now: float) -> None:
        self._send(association.request(self._wanted))
        self._granted = self._wanted
        self._state = _State.REQUESTED
        self._due = now + ASSOCIATION_RETRY_S

    def _begin_again(self, now: float) -> None:
        self._state = _State.IDLE
        self._due = now + self._wait_s
        self._wait_s = min(2 * self._wait_s, LONGEST_WAIT_S)
        self._queue.clear()
        self._pending = None

    def _configure(self, now: float) -> None:
        """A new MDS: values first, then waves, then who the monitor and the patient are."""
        self._state = _State.CONFIGURED
        self._pending = None
        self._queue.clear()
        self._asked_at = now
        for attribute, labels in self._lists():
            if labels:
                self._queue.append(_get(attribute))
        for object_class in self._classes():
            self._queue.append(_single(object_class, ALL_GROUPS))
        self._queue.append(_single(MDS, ALL_GROUPS))
        self._renew_at = self._housekeeping_at = _POLL_NOW

    def _lists(self) -> tuple[tuple[int, tuple[int, ...]], ...]:
        return (WAVE_LIST, self._options.wave_labels), (NUMERIC_LIST, self._options.numeric_labels)

    def _classes(self) -> list[int]:
        """Object classes with values, as far as wanted and granted."""
        classes = [NUMERIC]
        if self._options.waves and self._granted.ext_options & association.WAVES:
            classes.append(WAVE)
        if self._granted.ext_options & association.ENUMERATIONS:
            classes.append(ENUMERATION)
        return classes

    def _plan(self, now: float) -> None:
        """Queue what the time has come for."""
        if now >= self._renew_at:
            self._renew_at = now + RENEWAL_S
            self._queue.extend(_extended(object_class, ALL_GROUPS) for object_class in self._classes())
            self._queue.append(_extended(ALARM_MONITOR, GROUP_ALARMS))
        if now >= self._housekeeping_at:
            self._housekeeping_at = now + HOUSEKEEPING_S
            self._queue.append(_single(PATIENT, GROUP_PATIENT))
            self._queue.append(_single(MDS, GROUP_APPLICATION))
        if now >= self._keep_alive_at and not self._queue and self._pending is None:
            self._queue.append(_single(ALARM_MONITOR, GROUP_STATIC))

    def _ask(self, now: float) -> None:
        """Send the next request, or the pending one again; one at a time, as RS-232 bears (§1.2)."""
        pending = self._pending
        if pending is not None:
            if now < pending.due:
                return
            if pending.tries < TRIES:
                pending.tries += 1
                pending.due = now + ANSWER_S
                self._asked_at = now
                self._send(pending.build(pending.invoke_id))
                return
            self._pending = None
        if self._queue:
            self._invoke_id = self._invoke_id % 0xFFFF + 1
            build = self._queue.popleft()
            self._pending = _Pending(build, self._invoke_id, now + ANSWER_S)
            self._asked_at = now
            self._send(build(self._invoke_id))

    def _compare_lists(self, said: Remote) -> None:
        """Set a priority list that is not the wanted one; unknown labels would be dropped silently (§4.6)."""
        try:
            attributes, _ = attribute_list(said.body, 6)
            current = {key: words(value, U32) for key, value in attributes.items() if key in (WAVE_LIST, NUMERIC_LIST)}
        except MALFORMED:
            return
        for attribute, labels in self._lists():
            if labels and attribute in current and set(labels) != set(current[attribute]):
                self._queue.appendleft(_set(attribute, labels))

    def _send(self, payload: bytes) -> None:
        self._out.append(payload)


def _single(object_class: int, group: int) -> Build:
    return lambda invoke_id: requests.single_poll(invoke_id, object_class, group)


def _extended(object_class: int, group: int) -> Build:
    return lambda invoke_id: requests.extended_poll(invoke_id, object_class, group, POLL_S)


def _get(attribute: int) -> Build:
    return lambda invoke_id: requests.get_list(invoke_id, attribute)


def _set(attribute: int, labels: Sequence[int]) -> Build:
    return lambda invoke_id: requests.set_list(invoke_id, attribute, labels)
