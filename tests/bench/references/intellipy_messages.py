"""intellipy_messages.py CAPTURE: decode recorded RS-232 bytes with jaj42/intellipy; frames and processor seconds.

From bytes to samples with labels and units, as its client's stream does; and the messages' parsing alone.
"""

import json
import sys
import time
from pathlib import Path

from intellipy.client import IntellivueClient
from intellipy.Sockets.RS232 import RS232


class Recording:
    """In place of the client's socket: what was recorded, then the end of the line."""

    def __init__(self, data: bytes) -> None:
        self._frames = [b"\xc0" + part[: part.index(0xC1) + 1] for part in data.split(b"\xc0") if 0xC1 in part]
        self._at = 0
        self._reader = RS232.__new__(RS232)  # its constructor opens a port
        self._reader.CRCTable = self._reader.getCRCTable()
        self.messages: list[bytes] = []

    def send(self, message: bytes) -> None:
        pass

    def receive(self) -> bytes:
        if self._at == len(self._frames):
            raise OSError("the recording has ended")
        frame = self._frames[self._at]
        self._at += 1
        message: bytes = self._reader.frameCheckRead(frame)
        self.messages.append(message)
        return message

    def close(self) -> None:
        pass


def main(capture: Path) -> None:
    recording = Recording(capture.read_bytes())
    client = IntellivueClient("udp", portAddress="127.0.0.1", portNumber=0)
    client.socket.close()
    client.socket = recording
    began = time.process_time()
    samples = sum(1 for _ in client.stream())
    streamed = time.process_time()
    for message in recording.messages:
        client.codec.readData(message)
    parsed = time.process_time()
    frames = sum(map(bool, recording.messages))
    answer = {
        "frames": frames,
        "samples": samples,
        "frames_per_s": frames / (streamed - began),
        "parsed_per_s": frames / (parsed - streamed),
    }
    sys.stdout.write(f"{json.dumps(answer)}\n")


main(Path(sys.argv[1]))
