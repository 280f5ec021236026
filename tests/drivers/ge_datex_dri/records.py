"""Frames built by hand from the fact sheet (ge-datex-dri §2, §3, §5, §6, §7), without the driver's own encoder."""

import struct
from collections.abc import Iterable, Sequence

from collector.model import Event, Observation, Waveform
from drivers.ge_datex_dri import SPEC
from drivers.ge_datex_dri.session import DatexSession

TIME_S = 1_533_220_220
PRESENT, ABSENT = 3, 0
NONE = -32767

Write = tuple[int, str, int]
Part = tuple[int, bytes]


def frame(record: bytes) -> bytes:
    out = bytearray((0x7E,))
    for byte in (*record, sum(record) % 256):
        out += bytes((0x7D, byte - 0x20)) if byte in {0x7D, 0x7E} else bytes((byte,))
    return bytes((*out, 0x7E))


def record(main_type: int, *parts: Part, number: int = 0, level: int = 10, time_s: int = TIME_S) -> bytes:
    header = bytearray(40)
    body = b"".join(part for _, part in parts)
    struct.pack_into("<HBB", header, 0, 40 + len(body), number % 256, level)
    struct.pack_into("<I", header, 6, time_s)
    struct.pack_into("<H", header, 14, main_type)
    at = 0
    for n, (kind, part) in enumerate(parts):
        struct.pack_into("<hB", header, 16 + 3 * n, at, kind)
        at += len(part)
    if len(parts) < 8:
        struct.pack_into("<hB", header, 16 + 3 * len(parts), 0, 0xFF)
    return bytes(header) + body


def area(writes: Iterable[Write], *, class_word: int, kind: int = 1, marker: int = 0) -> Part:
    """A 278-byte sub-record; `writes`: (offset in the data area, struct format, value)."""
    part = bytearray(278)
    struct.pack_into("<I", part, 0, TIME_S)
    for at, code, value in writes:
        struct.pack_into("<" + code, part, 4 + at, value)
    struct.pack_into("<BBH", part, 274, marker, 0, class_word)
    return kind, bytes(part)


def basic(*writes: Write, kind: int = 1, marker: int = 0) -> Part:
    return area(writes, class_word=0x00A1, kind=kind, marker=marker)


def ext1(*writes: Write) -> Part:
    return area(writes, class_word=0x01A1)


def ext2(*writes: Write) -> Part:
    return area(writes, class_word=0x02A1)


def group(at: int, *numbers: int, status: int = PRESENT, label: int = 0) -> tuple[Write, ...]:
    fields = [(at + 6 + 2 * n, "h", number) for n, number in enumerate(numbers)]
    return (at, "I", status), (at + 4, "H", label), *fields


def auxiliary(*, nibp: int = 0, co: int = 0, pcwp: int = 0, surface: int = 0) -> Part:
    return 4, struct.pack("<IhIIh98x", nibp, 0, co, pcwp, surface)


def wave(kind: int, samples: Sequence[int], *, status: int = 0x0402) -> Part:
    return kind, struct.pack(f"<hHH{len(samples)}h", len(samples), status, 0, *samples)


def fed(*frames: bytes, session: DatexSession | None = None, **options: object) -> list[Event]:
    one = session or new(**options)
    return [event for data in frames for event in one.receive(data, 0.0)]


def new(**options: object) -> DatexSession:
    return DatexSession(SPEC.options(**options))


def observed(events: Iterable[Event], source: str) -> list[Observation]:
    return [event for event in events if isinstance(event, Observation) and event.channel.source == source]


def only(events: Iterable[Event], source: str) -> Observation:
    (one,) = observed(events, source)
    return one


def waves(events: Iterable[Event], source: str = "") -> list[Waveform]:
    return [event for event in events if isinstance(event, Waveform) and event.channel.source.startswith(source)]
