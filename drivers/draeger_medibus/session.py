"""The session: what is heard goes to the decoder, what it calls for to the dialogue."""

from collections.abc import Sequence

from collector.model import AlarmCondition, Event, Rejected
from drivers.draeger_medibus import tables
from drivers.draeger_medibus.decoder import Decoder
from drivers.draeger_medibus.dialogue import Dialogue, choose
from drivers.draeger_medibus.frames import CHECKSUM, COMMAND_CHECKSUM, REALTIME, Control, Framer, Item, Message, Record
from drivers.draeger_medibus.options import Options

CORRUPT_RECORD = 0xF
"""Sync command CF: the partner received a corrupt realtime record (fact sheet draeger-medibus §6)."""


class MedibusSession:
    """A MEDIBUS or MEDIBUS.X link, from the host's side."""

    def __init__(self, options: Options, standing: Sequence[AlarmCondition] = ()) -> None:
        self._options = options
        self._framer = Framer()
        self._decoder = Decoder(standing)
        self._dialogue = Dialogue(options)

    def receive(self, data: bytes, now: float) -> Sequence[Event]:
        if any(byte < 0x80 for byte in data):
            self._dialogue.heard(now)
        return [event for item in self._framer.feed(data) for event in self._take(item, now)]

    def outgoing(self) -> bytes:
        return self._dialogue.outgoing()

    def deadline(self) -> float:
        return self._dialogue.deadline()

    def expire(self, now: float) -> Sequence[Event]:
        self._dialogue.expire(now)
        return ()

    def close(self, now: float) -> None:
        self._dialogue.close(now)

    def finish(self) -> Sequence[Event]:
        events = [event for item in self._framer.finish() for event in self._take(item, 0.0)]
        return [*events, *self._decoder.flush()]

    def _take(self, item: Item, now: float) -> Sequence[Event]:
        match item:
            case Message():
                return self._message(item, now)
            case Record():
                if any(code == CORRUPT_RECORD for code, _ in item.commands):
                    self._dialogue.enable_again(now)
                return self._decoder.record(item)
            case Control():
                self._dialogue.control(item.code, now)
            case Rejected():
                if item.reason == REALTIME:
                    self._decoder.waves.lose()
                elif item.reason == COMMAND_CHECKSUM:
                    self._dialogue.corrupt_command(now)
                elif item.reason == CHECKSUM:
                    self._dialogue.corrupt_response(now)
                return (item,)
        return ()

    def _message(self, message: Message, now: float) -> Sequence[Event]:
        events = self._decoder.message(message)
        if message.code == tables.INITIALISE:
            self._framer.forget_streams()
        if message.command:
            self._dialogue.command(message.code, now)
        else:
            self._dialogue.response(message, now)
            if message.code == tables.WAVES:
                streams = choose(self._decoder.waves.offered, self._options)
                self._decoder.assign(streams)
                self._dialogue.configure(streams)
            elif message.code == tables.CONFIGURE_WAVES and self._decoder.waves.count:
                self._framer.limit_streams(self._decoder.waves.count)
        return events
