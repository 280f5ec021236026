"""The session: messages of a device or gateway, each decoded and then acknowledged.

Source: fact sheets ihe-pcd §3, mindray-and-chinese-hl7 §2, §4, §5. Whoever connects, the device speaks and this side
answers: it asks for nothing. An acknowledgement waits for the journal (SPEC.durable_first).
"""

import re
from collections.abc import Sequence
from hashlib import blake2b

from collector.hl7 import acks, times
from collector.hl7.message import Message, MessageError, parse
from collector.hl7.mllp import Block, Framer, frame
from collector.model import (
    AlarmCondition,
    DeviceClock,
    DeviceIdentity,
    Event,
    Frame,
    PatientIdentity,
    Rejected,
)
from collector.placing import bare
from drivers.hl7_pcd01 import answers, identity, rows
from drivers.hl7_pcd01.alarms import Alarms
from drivers.hl7_pcd01.numerics import Numerics
from drivers.hl7_pcd01.options import Options
from drivers.hl7_pcd01.signals import Signals
from drivers.hl7_pcd01.waves import Waves

NO_MESSAGE, GRAMMAR, SAMPLES, UNSUPPORTED = "no message", "grammar", "samples", "unsupported"
"""Reasons of Rejected beside those of the framer."""

MOST_BEDS = 256
"""Locations of which something is remembered; the one that was heard longest ago is forgotten."""
CRC_CHARS = 4
"""Of WATO and A-series on RS-232."""

ALERT, PATIENT = "R40", "ADT"
VALUES = frozenset({"R01", "R42"})
"""R42: what a pump server tells of an infusion (PCD-10), in the same rows."""
HEARTBEAT = "heartbeat"
REPLIES = frozenset({"ACK", "MCF", "RSP", "ADR", "ORF"})
"""Types that nobody answers."""

_TEST = frozenset({"D", "T"})
_NAME = re.compile(r"[A-Z][A-Z0-9]{2}")
_CONTROL = re.compile(rb"[\x00-\x0c\x0e-\x1f]")

_TO_THE_SECOND = 14
"""Digits of a time, YYYYMMDDHHMMSS."""

BARE = (b"MSH|", b"\xef\xbb\xbfMSH|")
"""How a message begins that comes without a frame, as in published samples."""


class _Bed:
    """What is remembered of one location."""

    def __init__(self, signals: Signals, options: Options, standing: Sequence[AlarmCondition]) -> None:
        self.numerics = Numerics(signals)
        self.waves = Waves(signals, kept=options.waves)
        self.alarms = Alarms(standing, options.alarm_hold_s)
        self.patient = PatientIdentity()
        self.device = DeviceIdentity()


class Pcd01Session:
    """A connection with a device, a central station or a gateway of many beds."""

    def __init__(self, options: Options, standing: Sequence[AlarmCondition] = ()) -> None:
        self._options = options
        self._standing = standing
        self._framer = Framer(check_bytes=CRC_CHARS if options.crc else 0, bare=BARE)
        self._signals = Signals()
        self._beds: dict[str, _Bed] = {}
        self._out = bytearray()

    def receive(self, data: bytes, now: float) -> Sequence[Event]:
        return [event for item in self._framer.feed(data) for event in self._take(item, now)]

    def outgoing(self) -> bytes:
        out = bytes(self._out)
        self._out.clear()
        return out

    def deadline(self) -> float | None:
        """Nothing: it only ever answers."""
        return None

    def expire(self, now: float) -> Sequence[Event]:  # noqa: ARG002
        return ()

    def close(self, now: float) -> None:
        """Nothing: MLLP has no farewell."""

    def finish(self) -> Sequence[Event]:
        return [event for item in self._framer.finish() for event in self._take(item, 0.0)]

    def _take(self, item: Block | Rejected, now: float) -> Sequence[Event]:
        if isinstance(item, Rejected):
            return (item,)
        try:
            message = parse(item.message, self._options.charset)
        except MessageError:
            return (Rejected(offset=item.offset, length=item.length, reason=NO_MESSAGE),)
        if self._options.crc and not _is_whole(message, item.message):
            return (Rejected(offset=item.offset, length=item.length, reason=GRAMMAR),)
        return self._message(message, item, now)

    def _message(self, message: Message, block: Block, now: float) -> Sequence[Event]:
        moment = rows.moment(message)
        location = identity.location(message)
        kind = f"{message.type}^{message.trigger}"
        events: list[Event] = []
        reply = b""
        bad = ""
        if (message.type == "ORU" and message.trigger in {ALERT, *VALUES}) or message.type == PATIENT:
            bed = self._bed(location)
            groups = rows.groups(message)
            demo = message.header.component(11) in _TEST
            events += bed.alarms.hear(now)
            events += self._identities(bed, message, groups)
            if message.trigger == ALERT:
                told, heartbeat = _alarms(bed, groups, moment, demo=demo)
                kind = HEARTBEAT if heartbeat else kind
            else:
                told, unread = _values(bed, groups, moment, now, demo=demo)
                bad = SAMPLES if unread else ""
            events += told
            reply = answers.acknowledge(message)
        elif message.type in answers.QUERIES:
            reply = answers.not_found(message) or answers.acknowledge(message, acks.COMMIT_REJECTED)
        elif message.type not in REPLIES:
            kind, bad = "other", UNSUPPORTED
            reply = answers.acknowledge(message, acks.COMMIT_REJECTED)
        if reply and not self._options.crc:
            self._out += frame(reply)
        head: list[Event] = [
            Frame(
                offset=block.offset,
                length=block.length,
                kind=kind,
                tick_us=moment.sent_us,
                location=location,
                digest=_digest(message, block.message),
            )
        ]
        if moment.sent_us is not None:
            head.append(DeviceClock(time_us=moment.sent_us))
        if bad:
            events.append(Rejected(offset=block.offset, length=block.length, reason=bad))
        return head + events

    def _bed(self, location: str) -> _Bed:
        bed = self._beds.pop(location, None)
        if bed is None:
            if len(self._beds) >= MOST_BEDS:
                self._beds.pop(next(iter(self._beds)))
            there = {"", bare(location)}
            bed = _Bed(self._signals, self._options, [one for one in self._standing if bare(one.location) in there])
            self._standing = [one for one in self._standing if bare(one.location) not in there]
        self._beds[location] = bed
        return bed

    def _identities(self, bed: _Bed, message: Message, groups: Sequence[rows.Group]) -> Sequence[Event]:
        """Who and what is spoken of, where it is another than before."""
        events: list[Event] = []
        device = identity.device(message, groups, self._options)
        device = identity.known(device, bed.device)
        if device != bed.device:
            bed.device = device
            events.append(device)
        patient = identity.patient(message, groups, self._options)
        if patient is not None:
            patient = identity.remember(patient, bed.patient)
            if patient != bed.patient:
                bed.patient = patient
                events.append(patient)
        return events


def _alarms(
    bed: _Bed, groups: Sequence[rows.Group], moment: rows.Moment, *, demo: bool
) -> tuple[Sequence[Event], bool]:
    """What an alarm message says, and whether it is a heartbeat."""
    told = [bed.alarms.take(group, moment, demo=demo) for group in groups]
    return [event for changes, _ in told for event in changes], any(heartbeat for _, heartbeat in told)


def _values(
    bed: _Bed, groups: Sequence[rows.Group], moment: rows.Moment, now: float, *, demo: bool
) -> tuple[Sequence[Event], bool]:
    """What a message of values and waves says, and whether it has samples that cannot be read."""
    events: list[Event] = []
    unread = False
    for group in groups:
        waves, others, bad = bed.waves.take(group, moment, demo=demo)
        events += waves
        events += bed.numerics.take(group, others, moment, now, demo=demo)
        unread = unread or bad
    return events, unread


def _digest(message: Message, data: bytes) -> int | None:
    """63 bits of a message as it is sent again where its acknowledgement was lost: every byte of it.

    MSH-7 too: there are devices whose control id is the kind of the message, and that mean by the same words a second
    later the next measurement (fact sheet mindray-and-chinese-hl7 §1). None without a control id or a time to the
    second: nothing tells two apart that say the same.
    """
    sent = times.parse(message.header.component(7))
    if not message.control_id or sent is None or sent.told < _TO_THE_SECOND:
        return None
    return int.from_bytes(blake2b(data, digest_size=8).digest(), "big") >> 1


def _is_whole(message: Message, data: bytes) -> bool:
    """Whether every byte is where HL7 has one: on a line whose checksum nobody can compare."""
    return (
        data.endswith(b"\r")
        and not _CONTROL.search(data)
        and all(_NAME.fullmatch(segment.name) for segment in message)
        and bool(message.control_id)
        and rows.moment(message).sent_us is not None
    )
