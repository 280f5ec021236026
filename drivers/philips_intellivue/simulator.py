"""The monitor's side of the dialogue, with a patient of drivers.patient (fact sheet philips-intellivue §14)."""

import math
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from struct import Struct

from collector.driver import Simulated
from collector.model import AlarmCondition, AlarmPhase, AlarmType, Association, AssociationState, Event, Priority
from drivers.philips_intellivue import association
from drivers.philips_intellivue.association import Profile
from drivers.philips_intellivue.bedside import Bedside, SimulatedAlarm
from drivers.philips_intellivue.codes import mode_code
from drivers.philips_intellivue.frames import framing
from drivers.philips_intellivue.monitor import MALFORMED
from drivers.philips_intellivue.pdu import (
    ALARM_MONITOR,
    ALL_GROUPS,
    DATA,
    ENUMERATION,
    EXTENDED_POLL,
    GROUP_DYNAMIC,
    GROUP_OBSERVED,
    GROUP_STATIC,
    MDS,
    MDS_CREATE,
    NUMERIC,
    NUMERIC_LIST,
    PATIENT,
    POLL_PERIOD,
    REPLACE,
    SINGLE_POLL,
    TICKS_PER_SECOND,
    WAVE,
    WAVE_LIST,
    Command,
    Remote,
    RemoteOperation,
    attribute_list,
    remote,
    words,
)
from drivers.philips_intellivue.priorities import allowed, label_list
from drivers.philips_intellivue.results import Head, Written, answer, error, operation, poll_result
from drivers.philips_intellivue.results import attribute_list as write_attributes
from drivers.philips_intellivue.simulated import NUMERICS, WAVES, SimulatedWave
from drivers.philips_intellivue.values import PAIR, U16, U32

STEP_TICKS, CYCLE_TICKS = 2048, 8192
"""Waves come in blocks of 256 ms, everything else in the monitor's cycle of 1.024 s (§4.4)."""
LEAST_POLL_TICKS = 4000
SERIAL_MTU, LAN_MTU = 996, 1456
SMALLEST_MTU = 300
"""What monitors grant (§3.1, §3.2)."""
MDS_REPEAT_S = 3.1
CONFIRM_S = 10.0
"""MDS create comes again three times; then the association is aborted (§3.4)."""
MAX_OUTGOING = 8192
"""Messages waiting to be read: the answers to 64 KiB of requests in one read."""
SUPPORTED = association.NUMERICS_1S | association.WAVES | association.ENUMERATIONS | association.NUMERIC_PRIORITIES
NO_SUCH_CLASS, NO_SUCH_ACTION, GET_LIST_ERROR, SET_LIST_ERROR = 0, 9, 7, 8
"""Error values of §10."""

_CLASSES = frozenset((MDS, NUMERIC, WAVE, ENUMERATION, PATIENT, ALARM_MONITOR))
_POLL = Struct(">HHHHHH")
_POLL_AT = 10
_MODIFICATION = Struct(">HHH")
_DEMO_SOURCE = "0946.2000"


@dataclass(slots=True, kw_only=True)
class _Poll:
    """A poll that is to be answered in the next cycle, or an extended poll that runs."""

    head: Head
    until: float = 0.0
    turn: int = 0


class IntelliVueSimulator:
    """A simulated monitor. Answers any client; its events are the values that it has put into results.

    demo: demonstration mode, as real monitors flag it; first_ticks: relative time at the start; refusals: association
    requests to refuse first; states, extra_alarms, clock_step: see Bedside; lose_every, duplicate_every,
    damage_every: every so many poll results are lost, sent twice, or damaged on the way (0: none); silent_after_s:
    from then on nothing is sent any more.
    """

    def __init__(
        self,
        simulated: Simulated,
        *,
        demo: bool = True,
        first_ticks: int = 8_000_000,
        refusals: int = 0,
        states: Mapping[int, int] | None = None,
        extra_alarms: Sequence[SimulatedAlarm] = (),
        clock_step: tuple[float, float] = (math.inf, 0.0),
        lose_every: int = 0,
        duplicate_every: int = 0,
        damage_every: int = 0,
        silent_after_s: float = math.inf,
    ) -> None:
        self._bedside = Bedside(
            simulated.patient, simulated.epoch_us,
            demo=demo, states=states or {}, extra_alarms=extra_alarms, clock_step=clock_step,
        )  # fmt: skip
        self._demo = demo
        self._datagrams = simulated.datagrams
        self._framing = framing(datagrams=simulated.datagrams)
        self._limit = LAN_MTU if simulated.datagrams else SERIAL_MTU
        self._first_ticks = first_ticks
        self._refusals = refusals
        self._faults = (lose_every, duplicate_every, damage_every)
        self._silent_after_s = silent_after_s
        self._out: deque[bytes] = deque(maxlen=MAX_OUTGOING)
        self._start: float | None = None
        self._time_s = 0.0
        self._step = 0
        self._results = 0
        self._mode_said = False
        self._granted: Profile | None = None
        self._wave_labels = allowed(one.label for one in WAVES)
        self._numeric_labels: tuple[int, ...] = ()
        self._begin(None)

    def receive(self, data: bytes, now: float) -> Sequence[Event]:
        said = self._run(now)
        for piece in self._framing.feed(data):
            if not piece.reason:
                try:
                    self._hear(piece.payload, said)
                except MALFORMED:
                    continue
        return said

    def outgoing(self) -> bytes:
        return self._out.popleft() if self._out else b""

    def deadline(self) -> float | None:
        if self._start is None:
            return -math.inf
        if self._granted is None:
            return None
        return self._start + min((self._step + 1) * STEP_TICKS / TICKS_PER_SECOND, self._confirm_due)

    def expire(self, now: float) -> Sequence[Event]:
        return self._run(now)

    def close(self, now: float) -> None:  # noqa: ARG002  the contract's argument
        if self._granted is not None:
            self._send(association.ABORTION)
        self._begin(None)

    def finish(self) -> Sequence[Event]:
        return ()

    def _begin(self, granted: Profile | None) -> None:
        """A new association, or none."""
        self._granted = granted
        self._asked_at = self._time_s
        self._confirmed = granted is None
        self._confirm_due = math.inf if granted is None else self._time_s + MDS_REPEAT_S
        self._created_at = self._time_s
        self._waiting: list[_Poll] = []
        self._running: dict[int, _Poll] = {}

    @property
    def _ticks(self) -> int:
        """Since the start."""
        return int(self._time_s * TICKS_PER_SECOND)

    def _run(self, now: float) -> list[Event]:
        """Do what was due until now."""
        if self._start is None:
            self._start = now
            self._bedside.switch_on(now)
        said: list[Event] = []
        time_s = max(self._time_s, now - self._start)
        if self._granted is None:
            self._step = int(time_s * TICKS_PER_SECOND) // STEP_TICKS
        while (self._step + 1) * STEP_TICKS <= time_s * TICKS_PER_SECOND:
            self._step += 1
            self._time_s = self._step * STEP_TICKS / TICKS_PER_SECOND
            self._tick(said)
        self._time_s = time_s
        self._watch(said)
        return said

    def _tick(self, said: list[Event]) -> None:
        """The end of a block of waves, and every fourth time of a cycle."""
        cycle = self._step * STEP_TICKS % CYCLE_TICKS == 0
        if cycle:
            waiting, self._waiting = self._waiting, []
            for poll in waiting:
                self._answer(poll, said)
        for object_class, poll in list(self._running.items()):
            if self._time_s >= poll.until:
                del self._running[object_class]
            elif object_class == WAVE:
                blocks = CYCLE_TICKS // STEP_TICKS if self._datagrams else 1
                if cycle or not self._datagrams:
                    for number in range(blocks, 0, -1):
                        self._next(poll, said, block=(self._step - number) * STEP_TICKS)
            elif cycle:
                self._next(poll, said, block=None)

    def _watch(self, said: list[Event]) -> None:
        """Repeat what was not confirmed, and give up whom nothing was heard of."""
        if self._granted is None:
            return
        if not self._confirmed and self._time_s >= self._created_at + CONFIRM_S:
            self._abort(said)
        elif not self._confirmed and self._time_s >= self._confirm_due:
            self._create(said)
        elif self._time_s >= self._asked_at + self._granted.timeout_s:
            self._abort(said)

    def _abort(self, said: list[Event]) -> None:
        self._send(association.ABORTION)
        self._begin(None)
        said.append(Association(state=AssociationState.ENDED, reason="aborted by the monitor"))

    def _hear(self, payload: bytes, said: list[Event]) -> None:
        if payload[:2] == DATA:
            if self._granted is not None:
                self._asked_at = self._time_s
                self._operate(remote(payload), said)
            return
        match payload[0]:
            case association.REQUEST:
                self._associate(payload, said)
            case association.RELEASE if self._granted is not None and self._confirmed:
                self._send(association.RELEASE_RESPONSE)
                self._begin(None)
                said.append(Association(state=AssociationState.ENDED, reason="released"))
            case association.ABORT:
                self._begin(None)

    def _associate(self, payload: bytes, said: list[Event]) -> None:
        """A client that comes again is a new association: a bus has one client, and it may have left without a word."""
        asked = association.profile(payload)
        if self._refusals > 0:
            self._refusals -= 1
            self._send(association.REFUSAL)
            said.append(Association(state=AssociationState.REFUSED, reason="association refused"))
            return
        ext_options = asked.ext_options if asked.ext_options & association.NUMERIC_PERIODS else 0
        granted = Profile(
            min_poll_ticks=max(asked.min_poll_ticks, LEAST_POLL_TICKS),
            max_rx=min(asked.max_rx, self._limit),
            max_tx=self._limit,
            ext_options=ext_options & SUPPORTED,
        )
        self._begin(granted)
        self._send(association.response(granted))
        said.append(Association(state=AssociationState.ESTABLISHED))
        self._create(said)

    def _create(self, said: list[Event]) -> None:
        """Send MDS create, for the first time or again."""
        self._confirm_due = self._time_s + MDS_REPEAT_S
        told: list[Event] = []
        attributes = self._bedside.system(self._created_at, self._rel(self._created_at), told, specification=False)
        if self._time_s == self._created_at:
            said += told
            if self._demo and not self._mode_said:
                self._mode_said = True
                said.append(_demo_condition())
        mds = Struct(">HHH").pack(MDS, 0, 0)
        ticks = self._rel(self._created_at) & 0xFFFFFFFF
        content = mds + write_attributes(attributes)
        body = mds + Struct(">IHH").pack(ticks, MDS_CREATE, len(content)) + content
        self._send(operation(RemoteOperation.INVOKE, 1, Command.CONFIRMED_EVENT_REPORT, body))

    def _operate(self, asked: Remote, said: list[Event]) -> None:
        if asked.operation is RemoteOperation.RESULT:
            self._confirmed |= asked.command == Command.CONFIRMED_EVENT_REPORT
            self._confirm_due = math.inf if self._confirmed else self._confirm_due
        elif asked.operation is RemoteOperation.INVOKE:
            match asked.command:
                case Command.CONFIRMED_ACTION:
                    self._poll(asked, said)
                case Command.GET:
                    self._get(asked)
                case Command.SET | Command.CONFIRMED_SET:
                    self._set(asked)
                case _:
                    self._send(error(asked.invoke_id, NO_SUCH_ACTION))

    def _poll(self, asked: Remote, said: list[Event]) -> None:
        action, _, number, _, object_class, group = _POLL.unpack_from(asked.body, _POLL_AT)
        if action not in (SINGLE_POLL, EXTENDED_POLL):
            self._send(error(asked.invoke_id, NO_SUCH_ACTION))
        elif object_class not in _CLASSES:
            self._send(error(asked.invoke_id, NO_SUCH_CLASS))
        elif action == SINGLE_POLL:
            self._waiting.append(_Poll(head=Head(asked.invoke_id, number, None, 0, object_class, group)))
        else:
            poll = _Poll(
                head=Head(asked.invoke_id, number, 0, 0, object_class, group),
                until=self._time_s + _period_s(asked.body[_POLL_AT + _POLL.size :]),
            )
            self._running[object_class] = poll
            self._answer(poll, said)

    def _answer(self, poll: _Poll, said: list[Event]) -> None:
        """The result of a single poll, or the first of an extended one: waves come without samples."""
        group, object_class = poll.head.group, poll.head.object_class
        context = group in (ALL_GROUPS, GROUP_STATIC, GROUP_DYNAMIC)
        values = group in (ALL_GROUPS, GROUP_OBSERVED)
        if object_class == NUMERIC:
            objects = [
                self._bedside.numeric(
                    one, self._time_s, self._rel(self._time_s), context=context, values=values, said=said
                )
                for one in NUMERICS
                if not self._numeric_labels or one.label in self._numeric_labels
            ]
        elif object_class == WAVE:
            waves = self._waves() if context else ()
            objects = [self._bedside.wave(one, None, context=True, said=said) for one in waves]
        else:
            objects = self._bedside.polled(object_class, group, self._time_s, self._rel(self._time_s), said)
        self._result(poll.head._replace(ticks=self._rel(self._time_s)), objects)

    def _next(self, poll: _Poll, said: list[Event], *, block: int | None) -> None:
        """The next result of an extended poll; with group 0 one object a cycle brings its context (§4.4)."""
        head = poll.head
        sequence = ((head.sequence or 0) + 1) & 0xFFFF
        poll.head = head._replace(sequence=sequence)
        poll.turn += block is None or block % CYCLE_TICKS == 0
        if block is not None:
            waves = self._waves()
            objects = [
                self._bedside.wave(one, block, context=_turn(poll, block, index, len(waves)), said=said)
                for index, one in enumerate(waves)
            ]
            ticks = self._first_ticks + block
        else:
            ticks = self._rel(self._time_s)
            if head.object_class == NUMERIC:
                wanted = [one for one in NUMERICS if not self._numeric_labels or one.label in self._numeric_labels]
                objects = [
                    self._bedside.numeric(
                        one, self._time_s, ticks, context=_turn(poll, 0, index, len(wanted)), values=True, said=said
                    )
                    for index, one in enumerate(wanted)
                ]
            else:
                objects = self._bedside.polled(head.object_class, head.group, self._time_s, ticks, said)
        self._result(poll.head._replace(ticks=ticks), objects)

    def _waves(self) -> list[SimulatedWave]:
        drawn = self._bedside.waves
        return [one for one in WAVES if one.label in self._wave_labels and drawn.issuperset(one.members.values())]

    def _get(self, asked: Remote) -> None:
        wanted = words(asked.body[_POLL_AT:], U16)
        lists = {WAVE_LIST: self._wave_labels, NUMERIC_LIST: self._numeric_labels or tuple(n.label for n in NUMERICS)}
        if not set(wanted) <= lists.keys():
            self._send(error(asked.invoke_id, GET_LIST_ERROR))
            return
        values = write_attributes((attribute, label_list(lists[attribute])) for attribute in wanted)
        self._send(answer(asked.invoke_id, Command.GET, values))

    def _set(self, asked: Remote) -> None:
        """Takes what it can of the list and gives it back as it was sent (§4.6)."""
        count, _ = PAIR.unpack_from(asked.body, _POLL_AT)
        at = _POLL_AT + PAIR.size
        changes: list[tuple[int, bytes]] = []
        for _ in range(count):
            operator, attribute, size = _MODIFICATION.unpack_from(asked.body, at)
            at += _MODIFICATION.size
            value = asked.body[at : at + size]
            at += size
            labels = words(value, U32) if operator == REPLACE else ()
            if attribute == WAVE_LIST:
                self._wave_labels = allowed(labels or (one.label for one in WAVES))
            elif attribute == NUMERIC_LIST:
                self._numeric_labels = tuple(labels)
            else:
                self._send(error(asked.invoke_id, SET_LIST_ERROR))
                return
            changes.append((attribute, value))
        if asked.command == Command.CONFIRMED_SET:
            self._send(answer(asked.invoke_id, Command.CONFIRMED_SET, write_attributes(changes)))

    def _result(self, head: Head, objects: Sequence[Written]) -> None:
        if self._granted is None:
            return
        mtu = max(SMALLEST_MTU, min(self._granted.max_rx, self._granted.max_tx))
        for payload in poll_result(head, objects, mtu):
            self._results += 1
            lose, duplicate, damage = (every > 0 and self._results % every == 0 for every in self._faults)
            if lose:
                continue
            self._send(payload, damaged=damage)
            if duplicate:
                self._send(payload)

    def _send(self, payload: bytes, *, damaged: bool = False) -> None:
        if self._time_s >= self._silent_after_s:
            return
        data = self._framing.wrap(payload)
        if damaged and self._datagrams:
            data = data[:-7]
        elif damaged:
            data = data[:20] + bytes((data[20] ^ 1,)) + data[21:]
        self._out.append(data)

    def _rel(self, time_s: float) -> int:
        return self._first_ticks + int(time_s * TICKS_PER_SECOND)


def _turn(poll: _Poll, block: int, index: int, count: int) -> bool:
    return poll.head.group == ALL_GROUPS and block % CYCLE_TICKS == 0 and poll.turn % count == index


def _period_s(attributes: bytes) -> float:
    """The active period; without one the first result is the only one (assumed: §15 leaves it open)."""
    found = attribute_list(attributes, 0)[0] if attributes else {}
    value = found.get(POLL_PERIOD, b"")
    return int.from_bytes(value, "big") / TICKS_PER_SECOND


def _demo_condition() -> AlarmCondition:
    return AlarmCondition(
        source=_DEMO_SOURCE,
        type=AlarmType.TECHNICAL,
        priority=Priority.INFORMATION,
        phase=AlarmPhase.START,
        code=mode_code("DEMO"),
        demo=True,
    )
