"""The device's side: an eGateway that speaks for one bed or many over one connection, each message until it is kept.

Source: fact sheet mindray-and-chinese-hl7 §2, ihe-pcd §3, §4.
"""

import math
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from collector.driver import Simulated
from collector.hl7 import times
from collector.hl7.message import MessageError, compose, parse, write
from collector.hl7.mllp import Block, Framer, frame
from collector.model import AlarmCondition, AlarmPhase, AlarmType, DeviceClock, Event, PatientIdentity, Priority
from drivers.hl7_pcd01 import speech
from drivers.patient import Patient

PERIOD_S = 1.0
ACK_S = 5.0
"""A message that is not acknowledged for so long is sent again (ihe-pcd §3 rule 5: within 5 s)."""
MOST_WAITING = 1_000
"""Messages that wait; the oldest is dropped, as a gateway's are."""

ZONE_MIN = 480
LOCATION = "OR^OR-07^1^HOSP"
SENDER = "MINDRAY_EGATEWAY^00A0370000000001^EUI-64"
HIGH_EVENT, LOW_EVENT = "196652^MDC_EVT_HI_VAL_GT_LIM^MDC", "196674^MDC_EVT_LO_VAL_LT_LIM^MDC"
_ACCEPTED = frozenset({"CA", "AA", "CE", "CR", "AE", "AR"})
"""Whatever is answered, a gateway goes on with its next message."""


@dataclass(slots=True, kw_only=True)
class _Bed:
    """One location: when it speaks next, and the alarms that stand, by the path of their value."""

    location: str
    patient: Patient
    id: str
    next_s: float
    alarms: dict[str, AlarmCondition] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Waiting:
    control_id: str
    data: bytes
    said: Sequence[Event]


class EGateway:
    """A gateway of many beds; its events are what it has said, of each message when it is sent first.

    patients: by location, as it is written in PV1-3. epoch_us: the wall clock at now = 0. waves: whether it sends them;
    leads: of the ECG, 3 or 12; a bed with 12 sends some 24 KB a second.
    """

    def __init__(
        self, patients: Mapping[str, Patient], *, epoch_us: int = 0, waves: bool = True, leads: int = 3
    ) -> None:
        self._epoch_us = epoch_us
        more = speech.MORE_LEADS if leads > 3 else ()
        self._waves = (*speech.LEADS, *more, *speech.OTHER_WAVES) if waves else ()
        self._beds = [
            _Bed(location=location, patient=patient, id=f"SIM-{n + 1:04}", next_s=PERIOD_S * n / len(patients))
            for n, (location, patient) in enumerate(patients.items())
        ]
        self._framer = Framer()
        self._zero: float | None = None
        self._count = 0
        self._queue: deque[_Waiting] = deque()
        self._sent: _Waiting | None = None
        self._again_s = math.inf
        self._out = bytearray()

    def receive(self, data: bytes, now: float) -> Sequence[Event]:
        for item in self._framer.feed(data):
            if isinstance(item, Block) and self._sent is not None:
                try:
                    answer = parse(item.message).first("MSA")
                except MessageError:
                    continue
                if answer.component(2) == self._sent.control_id and answer.component(1) in _ACCEPTED:
                    self._sent = None
        return self._send(now)

    def outgoing(self) -> bytes:
        out = bytes(self._out)
        self._out.clear()
        return out

    def deadline(self) -> float | None:
        if self._zero is None:
            return -math.inf
        due = min(self._zero + bed.next_s for bed in self._beds)
        return due if self._sent is None else min(due, self._again_s)

    def expire(self, now: float) -> Sequence[Event]:
        if self._zero is None:
            self._zero = now
        at_s = now - self._zero
        for bed in self._beds:
            if at_s >= bed.next_s:
                self._speak(bed, bed.next_s)
                bed.next_s += PERIOD_S
                if at_s >= bed.next_s:  # it was held up: nobody sends the seconds that are gone
                    bed.next_s = at_s + PERIOD_S
        if self._sent is not None and now >= self._again_s:
            self._transmit(self._sent, now)
        return self._send(now)

    def close(self, now: float) -> None:
        """Nothing: a gateway that is switched off says no farewell."""

    def finish(self) -> Sequence[Event]:
        return ()

    def _speak(self, bed: _Bed, at_s: float) -> None:
        """One second of a bed: values, alarms, waves."""
        vitals = bed.patient.vitals(at_s)
        rows, said = speech.numbers(bed.patient, vitals)
        found = bed.patient.cuff(at_s)
        if found is not None:
            cuff_us = self._us(found.time_s)
            more, told = speech.cuff(found, _time(cuff_us), cuff_us)
            rows, said = [*rows, *more], [*said, *told]
        self._say(bed, at_s, "ORU^R01^ORU_R01", "182777000^monitoring of patient^SCT", at_s, rows, said)
        self._alarm(bed, at_s)
        if self._waves and at_s >= PERIOD_S:
            rows, said = speech.waves(bed.patient, self._waves, at_s - PERIOD_S)
            self._say(bed, at_s, "ORU^R01^ORU_R01", "CONTINUOUS WAVEFORM", at_s - PERIOD_S, rows, said)

    def _alarm(self, bed: _Bed, at_s: float) -> None:
        """Alarms that begin or end because a value has crossed a limit."""
        vitals = bed.patient.vitals(at_s)
        for number in speech.NUMBERS:
            if number.limits is None or number.field not in bed.patient.measured:
                continue
            value = round(number.of(getattr(vitals, number.field)), number.decimals)
            event = HIGH_EVENT if value > number.limits.high else LOW_EVENT if value < number.limits.low else ""
            standing = bed.alarms.get(number.path)
            if standing is not None and not event:
                del bed.alarms[number.path]
                self._tell(bed, at_s, number, value, standing, AlarmPhase.END)
            elif standing is None and event:
                begun = AlarmCondition(
                    source=str(self._count + 1),
                    type=AlarmType.PHYSIOLOGICAL,
                    priority=Priority.MEDIUM,
                    phase=AlarmPhase.START,
                    code=number.refid,
                    text=event.split("^")[1],
                    device_priority="PM",
                    device_time_us=self._us(at_s),
                )
                bed.alarms[number.path] = begun
                self._tell(bed, at_s, number, value, begun, AlarmPhase.START)

    def _tell(
        self,
        bed: _Bed,
        at_s: float,
        number: speech.Number,
        value: float,
        alarm: AlarmCondition,
        phase: AlarmPhase,
    ) -> None:
        time = _time(self._us(at_s))
        event = HIGH_EVENT if alarm.text in HIGH_EVENT else LOW_EVENT
        ended = phase is AlarmPhase.END
        rows: list[speech.Row] = [
            ("CWE", "196616^MDC_EVT_ALARM^MDC", number.path, event, "", "", f"{alarm.text[8]}~PM~SP", "R", time),
            ("NM", f"{number.code}^{number.refid}^MDC", f"{number.path}.2", f"{value:g}", "", "", "", "R"),
            ("ST", "68481^MDC_ATTR_EVENT_PHASE^MDC", f"{number.path}.3", str(phase), "", "", "", "R"),
            (
                "ST",
                "68482^MDC_ATTR_ALARM_STATE^MDC",
                f"{number.path}.4",
                "inactive" if ended else "active",
                "",
                "",
                "",
                "R",
            ),
            ("ST", "68484^MDC_ATTR_ALARM_PRIORITY^MDC", f"{number.path}.6", "PM", "", "", "", "R"),
        ]
        said = AlarmCondition(
            source=alarm.source,
            type=alarm.type,
            priority=alarm.priority,
            phase=phase,
            code=alarm.code,
            text=alarm.text,
            device_priority=alarm.device_priority,
            device_time_us=self._us(at_s),
        )
        parent = alarm.source if ended else ""
        self._say(bed, at_s, "ORU^R40^ORU_R40", "196616^MDC_EVT_ALARM^MDC", at_s, rows, [said], parent)

    def _say(
        self,
        bed: _Bed,
        at_s: float,
        kind: str,
        what: str,
        from_s: float,
        rows: Sequence[speech.Row],
        said: Sequence[Event],
        parent: str = "",
    ) -> None:
        self._count += 1
        id_ = str(self._count)
        at_us = self._us(at_s)
        profile = "IHE_PCD_ACM_001" if "R40" in kind else "IHE_PCD_001"
        order = ["OBR", "1", "", compose(id_, "MINDRAY_EGATEWAY", "00A0370000000001", "EUI-64"), what, "", ""]
        order += [_time(self._us(from_s)), _time(at_us), *("" for _ in range(20)), parent]
        segments = [
            ["MSH", SENDER, "MINDRAY", "", "", _time(at_us), "", kind, id_, "P", "2.6", "", "", "AL", "NE", "",
             "UNICODE UTF-8", "", "", f"{profile}^IHE PCD^1.3.6.1.4.1.19376.1.6.1.1.1^ISO"],
            ["PID", "", "", f"{bed.id}^^^Hospital^PI", "", "TEST^PATIENT^^^^^L"],
            ["PV1", "", "I", bed.location],
            order,
            *(["OBX", str(n + 1), *_fields(row)] for n, row in enumerate(rows)),
        ]  # fmt: skip
        told: list[Event] = [
            DeviceClock(time_us=at_us),
            PatientIdentity(ids={"patient_id": bed.id}, family="TEST", given="PATIENT"),
        ]
        if len(self._queue) >= MOST_WAITING:
            self._queue.popleft()
        self._queue.append(_Waiting(control_id=id_, data=frame(write(segments)), said=[*told, *said]))

    def _send(self, now: float) -> Sequence[Event]:
        """The next message, where the last one has been acknowledged; what it says."""
        if self._sent is not None or not self._queue:
            return ()
        self._sent = self._queue.popleft()
        self._transmit(self._sent, now)
        return self._sent.said

    def _transmit(self, waiting: _Waiting, now: float) -> None:
        self._out += waiting.data
        self._again_s = now + ACK_S

    def _us(self, at_s: float) -> int:
        """The wall clock at a time since the beginning."""
        return self._epoch_us + round(((self._zero or 0.0) + at_s) * 1e6)


class OneBed(EGateway):
    """The simulated device of one bed."""

    def __init__(self, simulated: Simulated) -> None:
        super().__init__({LOCATION: simulated.patient}, epoch_us=simulated.epoch_us)


def _fields(row: speech.Row) -> Sequence[str]:
    """OBX-2 to OBX-14 of a row: its eighth is OBX-11, its ninth OBX-14."""
    told = [*row, *("" for _ in range(9 - len(row)))]
    return [*told[:7], "", "", told[7], "", "", told[8]]


def _time(time_us: int) -> str:
    """As an eGateway writes it: four digits of a second, and the zone."""
    text = times.write(time_us, ZONE_MIN)
    return f"{text[:18]}0{text[18:]}"
