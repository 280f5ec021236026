"""Reports the department's alarms to one destination, as the watch knows them.

What was told is known by the outbox: a report goes by the alarm's identity and the time of the change, so that a
restart, which reads the last day anew, tells nothing twice and misses no end. A start is of no use after a time and
then leaves no more; an end has no such time, for what was told must not stand for ever. Where the start was of no use
any more nobody needs the end; in doubt it is told. Where an alarm stands when the receiver is back, it is told anew.
What a device that is never heard again has told last has no end (alarms.pcd04).
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import structlog

from alarms.board import Alarm, Presence
from alarms.pcd04 import Phase, Record, report
from charting.apart import unforeseen
from charting.case.state import Case
from charting.outbox.config import Destination
from charting.outbox.parcel import Outbox, Sent, State
from charting.results.alarms import ALERT, entity, rows
from charting.results.message import Segment, Sender, control, nobody, parcel, patient, visit
from charting.trail.contents import Patient
from charting.watch.state import Board
from collector.clock import rfc3339
from collector.errors import VitalsdError
from collector.logs import Link

PACE_S = 1.0
ASK_US = 60_000_000
"""How often it is asked whether the start of an alarm that stands has come too late."""

Life = tuple[str, str, str, int]
"""Bed, device, source, onset."""


@dataclass(slots=True, kw_only=True)
class _Told:
    """The last report of an alarm, and of whom it told. `begun`: by this process, which therefore knows all reports."""

    alarm: Alarm
    who: Sequence[Segment]
    trying: bool
    case: str
    key: str
    begun: bool


class Reporting:
    """`look` in one thread at a time. `case` of a row; `late_us`: how long a start is of use."""

    def __init__(
        self,
        sender: Sender,
        to: Destination,
        outbox: Outbox,
        case: Callable[[str], Case],
        now_us: Callable[[], int],
        late_us: int,
        *,
        failed: Callable[[], None],
        log: structlog.typing.FilteringBoundLogger,
    ) -> None:
        self._sender = sender
        self._to = to
        self._outbox = outbox
        self._case = case
        self._now_us = now_us
        self._late_us = late_us
        self._failed = failed
        self._link = Link(log.bind(destination=to.name), "reports of alarms")
        self._told: dict[Life, _Told] = {}
        self._asked_us = 0
        self._board: Board | None = None

    def show(self, board: Board) -> None:
        """What is known now; told by the next look."""
        self._board = board

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            await asyncio.to_thread(self.look)
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), PACE_S)

    def look(self) -> None:
        """Report what has changed. What fails is logged, and tried again with the next look."""
        board, self._board = self._board, None
        if board is None:
            return
        strange = ""
        try:
            for error in self._report(board):
                self._failed()
                strange = unforeseen(error)
        except VitalsdError as error:
            self._link.lost(str(error))
            return
        if strange:
            self._link.lost(strange)
        else:
            self._link.good()

    def _report(self, board: Board) -> Iterator[Exception]:
        """Yields what nobody foresaw."""
        now_us, lives = self._now_us(), set[Life]()
        ask = not 0 <= now_us - self._asked_us < ASK_US
        for state in board.beds.values():
            for alarm in sorted(state.told, key=lambda each: each.onset_us):
                life = alarm.bed, alarm.device, alarm.alarm.source, alarm.onset_us
                lives.add(life)
                try:
                    self._look_at(life, alarm, board, now_us, ask=ask)
                except VitalsdError:
                    raise
                except Exception as error:  # noqa: BLE001  one alarm that nobody foresaw must not stop all others
                    yield error
        self._told = {life: told for life, told in self._told.items() if life in lives}
        if ask:
            self._asked_us = now_us

    def _look_at(self, life: Life, alarm: Alarm, board: Board, now_us: int, *, ask: bool) -> None:
        """What was not told before; of an alarm that came and went between two looks both."""
        told = self._told.get(life)
        if told is None:
            told = self._told[life] = self._begin(alarm, board, now_us)
        elif ask and alarm.presence is not Presence.ENDED and not _differs(told.alarm, alarm):
            self._renew(told, now_us)
        if _differs(told.alarm, alarm):
            self._told[life] = self._change(told, alarm)

    def _change(self, told: _Told, alarm: Alarm) -> _Told:
        changed, first, record = replace(told, alarm=alarm), _first(alarm), report(told.alarm, alarm)
        if alarm.presence is not Presence.ENDED:
            self._put(changed, record, alarm.told_us, alarm.told_us + self._late_us)
            return changed
        last = self._outbox.find(told.key)
        unheard = last is not None and not last.attempts and last.state in {State.EXPIRED, State.WITHDRAWN}
        if not (unheard and told.begun and told.key == self._key(first)):
            self._put(changed, replace(record, id=f"{record.id}/end", parent=first.id), alarm.told_us, None)
        return changed

    def _begin(self, alarm: Alarm, board: Board, now_us: int) -> _Told:
        """Its start, where that was not told; what is over for so long that nobody needs it is not told at all."""
        begun, first = _begun(alarm), _first(alarm)
        sent = self._outbox.find(self._key(first))
        known, (who, trying, case) = sent is not None, self._who(alarm, board, sent)
        told = _Told(alarm=begun, who=who, trying=trying, case=case, key=self._key(first), begun=not known)
        if known and alarm.presence is not Presence.ENDED:
            self._catch_up(told, alarm)
        elif not known and alarm.presence is not Presence.ENDED:
            self._put(told, first, alarm.onset_us, now_us + self._late_us)
        elif not known and now_us - alarm.onset_us <= self._late_us:
            self._put(told, first, alarm.onset_us, alarm.onset_us + self._late_us)
        elif not known:
            told.alarm = alarm
        return told

    def _catch_up(self, told: _Told, alarm: Alarm) -> None:
        """What it has become while this service was away, where that was not told."""
        seen_us, key = alarm.seen.at_us if alarm.seen else None, self._key(report(replace(alarm, seen=None), alarm))
        if seen_us is not None and self._outbox.find(key) is not None:
            told.alarm, told.key = alarm, key
        else:
            seen_us = None
        if alarm.told_us != alarm.onset_us and (seen_us is None or seen_us < alarm.told_us):
            self._put(told, report(None, alarm), alarm.told_us, alarm.told_us + self._late_us)

    def _renew(self, told: _Told, now_us: int) -> None:
        """The receiver was away for so long that the last report came too late, and the alarm stands."""
        last = self._outbox.find(told.key)
        if last is None or last.state is not State.EXPIRED:
            return
        first = _first(told.alarm)
        again = replace(report(told.alarm, told.alarm), parent=first.id, phase=Phase.CONTINUE)
        self._put(told, replace(again, id=f"{first.id}/{rfc3339(now_us)}"), now_us, now_us + self._late_us)

    def _put(self, told: _Told, record: Record, at_us: int, until_us: int | None) -> None:
        alarm, key = told.alarm, self._key(record)
        made = parcel(
            self._sender,
            self._to,
            ALERT,
            [*told.who, *rows(self._sender, record, alarm.device, at_us)],
            key=key,
            at_us=at_us,
            trying=told.trying or alarm.alarm.demo,
            lane=f"alarm/{control(_first(alarm).id)}",
            case=told.case,
            until_us=until_us,
        )
        self._outbox.put([made])
        told.key = key

    def _who(self, alarm: Alarm, board: Board, sent: Sent | None) -> tuple[Sequence[Segment], bool, str]:
        """PID and PV1 of whom its start has told (`sent`), else of the one who lay there; of whom the device says that
        he is another, the bed alone.
        """
        cases = [self._case(row.case) for row in board.cases(alarm.bed)]
        there = [case for case in cases if _lay(case, alarm.bed, alarm.onset_us)]
        if sent is not None:
            there = [self._case(sent.parcel.case)] if sent.parcel.case else []
        case = there[0] if len(there) == 1 else None
        if case is None or not case.patient.number or alarm.device in case.held:
            trying = case.is_test if case is not None else any(row.is_test for row in cases)
            return [nobody(self._sender), visit(self._sender, Patient(), alarm.bed)], trying, ""
        who = case.patient
        return [patient(self._sender, who), visit(self._sender, who, alarm.bed)], case.is_test, case.id

    def _key(self, record: Record) -> str:
        return f"alarm/{self._to.name}/{entity(record.id)}"


def _lay(case: Case, bed: str, at_us: int) -> bool:
    return any(s.bed == bed and s.start_us <= at_us and (s.end_us is None or at_us < s.end_us) for s in case.stays)


def _begun(alarm: Alarm) -> Alarm:
    return replace(alarm, presence=Presence.PRESENT, told_us=alarm.onset_us, seen=None)


def _first(alarm: Alarm) -> Record:
    """The report of its beginning, whenever it is made."""
    return replace(report(None, _begun(alarm)), phase=Phase.START, parent="", active=True)


def _differs(before: Alarm, now: Alarm) -> bool:
    """In something that is told. That nobody can know whether it still stands is not."""
    ended = (before.presence is Presence.ENDED, now.presence is Presence.ENDED)
    return ended[0] is not ended[1] or (
        (before.alarm.priority, before.alarm.text, before.alarm.code, before.seen is None)
        != (now.alarm.priority, now.alarm.text, now.alarm.code, now.seen is None)
    )
