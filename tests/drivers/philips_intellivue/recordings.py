"""What the shared suite of sessions feeds to this driver."""

from tests.drivers.philips_intellivue import vectors as v
from tests.shared import Recording, capture

STREAMS = (
    "rs232-jvscapture-monitoring.raw",
    "rs232-msick2-monitor-1.as-published.bin",
    "rs232-msick2-monitor-1.repaired.bin",
    "rs232-msick2-client-1.repaired.bin",
)
DATAGRAMS = (
    "lan-connect-indication-multicast.hex",
    "lan-mx800-session.hex",
    "rs232-pt-demog-anonymised.hex",
)


def hex_lines(name: str) -> tuple[bytes, ...]:
    text = capture("intellivue", name).read_text(encoding="utf-8")
    return tuple(bytes.fromhex(line) for line in text.splitlines() if line and not line.startswith("#"))


def own() -> tuple[bytes, ...]:
    """Each kind of message once."""
    raw = [0x2000] * 127
    return (
        v.ACCEPT,
        v.mds_create([(0x0946, b"\x20\x00"), (0x0987, bytes.fromhex("2026112401021500")), (0x098F, b"\0\0\x20\0")]),
        v.poll_result([(1, 1, [v.label(0x00024182), v.numeric(0x4182, 60)])], sequence=0),
        v.poll_result([(1, 2, [*v.lead(0x0102), v.samples(0x0102, *raw, 0xA194)])], object_class=9),
        v.poll_result(
            [(1, 3, [(0x0902, v.alarm_list((0x4182, 40, 0x0200, 0x0100, "** HR HIGH")))])], object_class=0x36
        ),
        v.poll_result([(1, 4, [(0x099E, bytes.fromhex("d0070000000100020003"))])], object_class=5),
        v.REFUSE,
        v.ABORT,
    )


def recordings() -> list[Recording]:
    found = [
        Recording(name="own vectors, serial", chunks=(b"".join(map(v.serial_frame, own())),)),
        Recording(name="own vectors, datagrams", chunks=own(), datagrams=True),
    ]
    found += [Recording(name=name, chunks=(capture("intellivue", name).read_bytes(),)) for name in STREAMS]
    found += [Recording(name=name, chunks=hex_lines(name), datagrams=True) for name in DATAGRAMS]
    return found
