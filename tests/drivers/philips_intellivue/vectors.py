"""Messages written by hand after the fact sheet, independent of the driver's own writers."""

from collections.abc import Sequence
from struct import pack

NAN = 0x007FFFFF
Attribute = tuple[int, bytes]
Object = tuple[int, int, Sequence[Attribute]]


def serial_frame(payload: bytes) -> bytes:
    """§1.2, bit by bit."""
    body = b"\x11\x01" + pack(">H", len(payload)) + payload
    crc = 0xFFFF
    for byte in body:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0x8408 if crc & 1 else crc >> 1
    body += pack("<H", crc ^ 0xFFFF)
    escaped = b"".join(bytes((0x7D, b ^ 0x20)) if b in (0xC0, 0xC1, 0x7D) else bytes((b,)) for b in body)
    return b"\xc0" + escaped + b"\xc1"


def attributes(found: Sequence[Attribute]) -> bytes:
    data = b"".join(pack(">HH", key, len(value)) + value for key, value in found)
    return pack(">HH", len(found), len(data)) + data


def poll_result(
    objects: Sequence[Object],
    *,
    object_class: int = 6,
    ticks: int = 8192,
    sequence: int | None = 1,
    group: int = 0,
    invoke_id: int = 1,
    poll_number: int = 1,
    link: bytes = b"",
) -> bytes:
    """An extended (sequence None: single) poll result; each object in a context of its own, in order."""
    contexts = b""
    for context, handle, found in objects:
        one = pack(">H", handle) + attributes(found)
        contexts += pack(">HHH", context, 1, len(one)) + one
    info = pack(">HH", len(objects), len(contexts)) + contexts
    poll = pack(">H", poll_number) + (b"" if sequence is None else pack(">H", sequence))
    poll += pack(">I", ticks & 0xFFFFFFFF) + b"\xff" * 8 + pack(">HHH", 1, object_class, group) + info
    body = pack(">HHHHH", 0x21, 0, 0, 0x0C16 if sequence is None else 0xF13B, len(poll)) + poll
    return operation(5 if link else 2, invoke_id, 7, body, link)


def operation(kind: int, invoke_id: int, command: int, body: bytes, link: bytes = b"") -> bytes:
    content = link + pack(">HHH", invoke_id, command, len(body)) + body
    return pack(">HHHH", 0xE100, 2, kind, len(content)) + content


def mds_create(found: Sequence[Attribute] = (), *, invoke_id: int = 1, ticks: int = 8192) -> bytes:
    content = pack(">HHH", 0x21, 0, 0) + attributes(found)
    body = pack(">HHHIHH", 0x21, 0, 0, ticks, 0x0D06, len(content)) + content
    return operation(1, invoke_id, 1, body)


def numeric(physio: int, value: int, *, state: int = 0, unit: int = 0x0AA0) -> Attribute:
    return 0x0950, pack(">HHHI", physio, state, unit, value)


def compound(*values: tuple[int, int, int, int]) -> Attribute:
    data = b"".join(pack(">HHHI", *value) for value in values)
    return 0x094B, pack(">HH", len(values), len(data)) + data


def label(value: int) -> Attribute:
    return 0x0924, pack(">I", value)


def samples(physio: int, *raw: int, state: int = 0) -> Attribute:
    return 0x096E, pack(">HHH", physio, state, 2 * len(raw)) + pack(f">{len(raw)}H", *raw)


def lead(physio: int, *, period: int = 16, flags: int = 0x3000) -> list[Attribute]:
    """The context of a single ECG lead, as captured (§7.2)."""
    return [
        label(0x00020000 | physio),
        (0x096D, pack(">HBBH", 128, 16, 14, flags)),
        (0x0A16, pack(">HHHHHHHH", 3, 12, 4, 0x8008, 3, 0x4001, 2, 0x8004)),
        (0x098D, pack(">I", period)),
        (0x0996, b"\x10\xb2"),
        (0x096F, bytes.fromhex("fefff000fd009ffb00003fff")),
    ]


def alarm_list(*alarms: tuple[int, int, int, int, str]) -> bytes:
    """Each: al_source, al_code, al_type, al_state, text (§8)."""
    data = b""
    for source, code, kind, state, text in alarms:
        string = (text + "\0").encode("utf-16-be")
        information = pack(">HIHH", 0, 7, 0, 0) + pack(">H", len(string)) + string
        data += pack(">HHHHHHHHH", source, code, kind, state, 6, 1, 0x82CF, 0x0204, len(information)) + information
    return pack(">HH", len(alarms), len(data)) + data


ACCEPT = bytes.fromhex(
    "0ece0508130100160102800014020002c1be3180a0808001010000a280a003000001a58030808001008102510100003080800100810c2a86"
    "48ce14020100000002010000000061803080020101a0806180a180060c2a8648ce14020100000003010000a203020100a305a103020100be"
    "80288002010281488000000040000000000000000080000080000000000000000001002c000100288000000000000fa0000003e8000005b0"
    "ffffffff600000000001000cf0010008800000000000000000000000000000000000000000000000"
)
"""The answer of an MX800 by the fields of §3.1 and §3.2: 4000 ticks, 1000 and 1456 bytes, numerics only."""
REFUSE = bytes.fromhex("0c03320100")
ABORT = bytes.fromhex(
    "192e110103c129a080a0803080020101060251010000000061803080020101a080648080010100000000000000000000"
)
RELEASED = bytes.fromhex("0a18c11661803080020101a08063808001000000000000000000")
