"""The dialogue with a Biolight monitor on port 51000 (fact sheet mindray-and-chinese-hl7 §8).

We dial, send a heartbeat each second and, a moment after connecting, one query. Nothing is acknowledged, and the query
is not repeated once it is answered: the monitor would reset the connection.
"""

import math
import re
from collections.abc import Iterator, Sequence

from collector.hl7 import mllp
from collector.model import (
    AlarmCondition,
    AlarmType,
    Association,
    AssociationState,
    Event,
    Frame,
    PatientIdentity,
    Priority,
    Rejected,
)
from drivers.biolight.alarms import TYPES, Alarms
from drivers.biolight.frames import ANSWER, HEARTBEAT, KINDS, OTHER, PATIENT, QUERY, VALUES, WAVES, Framer, Heard
from drivers.biolight.options import Options
from drivers.biolight.values import Values

HEARTBEAT_S = 1.0
QUERY_S = 0.2
"""After connecting (§8)."""
ANSWER_S = 30.0
"""A query without any answer for so long was lost. If it was not, the monitor hangs up and is dialled anew."""
ACCEPTED = "AA"

HEARTBEAT_FRAME = mllp.frame(b"MSH|^~\\&|||||||ORU^R01|HR01|P|2.3.1|\r")
QUERY_FRAME = mllp.frame(b"MSH|^~\\&|||||||ORU^R02|QY01|P|2.3.1|\rQRD||R|I|QCM2010|||||RES|\rQRF|CMS||||0&0^1^1^0^1|\r")
SENDS = re.compile(b"(?:%b|%b(?:[0-9]{14})?)*" % (re.escape(HEARTBEAT_FRAME), re.escape(QUERY_FRAME)))


class BiolightSession:
    def __init__(self, options: Options, standing: Sequence[AlarmCondition] = ()) -> None:
        self._options = options
        self._framer = Framer(options.encoding)
        self._values = Values()
        self._alarms = Alarms(
            standing,
            {
                AlarmType.PHYSIOLOGICAL: Priority(options.physiological_priority),
                AlarmType.TECHNICAL: Priority(options.technical_priority),
            },
        )
        self._seconds = 0
        self._rows: set[str] = set()
        self._out = b""
        self._heartbeat_due = -math.inf
        self._query_due = -math.inf

    def receive(self, data: bytes, now: float) -> Sequence[Event]:  # noqa: ARG002  the contract's
        found: list[Event] = []
        for item in self._framer.feed(data):
            self._take(item, found)
        return found

    def outgoing(self) -> bytes:
        out, self._out = self._out, b""
        return out

    def deadline(self) -> float | None:
        return min(self._heartbeat_due, self._query_due)

    def expire(self, now: float) -> Sequence[Event]:
        if self._query_due == -math.inf:
            self._query_due = now + QUERY_S
        if now >= self._heartbeat_due:
            self._heartbeat_due = now + HEARTBEAT_S
            self._out += HEARTBEAT_FRAME
        if now >= self._query_due:
            self._query_due = now + ANSWER_S
            self._out += QUERY_FRAME + self._options.query_time.encode("ascii")
        return ()

    def close(self, now: float) -> None:
        """The protocol has no farewell."""

    def finish(self) -> Sequence[Event]:
        found: list[Event] = []
        for item in self._framer.finish():
            self._take(item, found)
        return found

    def _take(self, item: Heard | Frame | Rejected, found: list[Event]) -> None:
        if not isinstance(item, Heard):
            found.append(item)
            return
        self._count(item)
        kind = KINDS.get(item.kind, OTHER)
        found.append(Frame(offset=item.offset, length=item.length, kind=kind, tick_us=self._seconds * 1_000_000))
        found += self._events(item)

    def _events(self, heard: Heard) -> Iterator[Event]:
        message = heard.message
        if heard.kind not in {HEARTBEAT, QUERY}:
            self._query_due = math.inf
        if heard.kind == ANSWER:
            answer = message.first("MSA").component(1)
            state = AssociationState.ESTABLISHED if answer == ACCEPTED else AssociationState.REFUSED
            yield Association(state=state, reason=answer)
        elif heard.kind in TYPES:
            yield from self._alarms.conditions(message)
        elif heard.kind not in {HEARTBEAT, QUERY, WAVES}:
            if heard.kind == PATIENT:
                yield _patient(heard)
            yield from self._values.events(message)

    def _count(self, heard: Heard) -> None:
        """The protocol has no ticks: a second has gone by when a row of values comes again."""
        if heard.kind != VALUES:
            return
        rows = {f"{row.field(3)}/{row.field(4)}" for row in heard.message.all("OBX")}
        if not rows.isdisjoint(self._rows) or not self._rows:
            self._seconds += 1
            self._rows = set()
        self._rows |= rows


def _patient(heard: Heard) -> PatientIdentity:
    """PA01 by another program's reading: PID-5 is given name, then family name; one that stands alone is the whole."""
    pid, visit = heard.message.first("PID"), heard.message.first("PV1")
    number = pid.component(3).strip()
    given, family = pid.component(5).strip(), pid.component(5, 2).strip()
    return PatientIdentity(
        ids={"patient_id": number} if number else {},
        family=family,
        given=given,
        sex=pid.component(8).strip(),
        birth_date=pid.component(7).strip(),
        category=visit.component(18).strip(),
    )
