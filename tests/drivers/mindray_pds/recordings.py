"""Byte streams for the shared contract suite."""

from tests.drivers.mindray_pds.link import Link, framed, monitor
from tests.shared import Recording, capture

SETUP = framed(
    "51",
    "OBX||NM|2002^|101|120||||||F",
    "OBX||NM|2003^|101|-100||||||F",
    "OBX||CE|2004^|160|1^||||||F",
    "OBX||CE|2025^|174|500^ART||||||F",
    "OBX||NM|9999^未知|7|3||||||F",
)


def recordings() -> list[Recording]:
    folder = capture("hl7", "mindray-pds")
    samples = [path.read_bytes() for path in sorted(folder.iterdir()) if path.suffix == ".hl7"]
    beacon = (folder / "101_adt_a01_beacon_go.hl7").read_bytes()
    cut = [b"\x0b" + b"MSH|^~\\&|||||||ORU^R01|157|P|2.3.1|\r" + path.read_bytes().strip() + b"\r\x1c\r"
           for path in sorted(folder.glob("zmw_*.bin"))]  # fmt: skip
    simulated = Link(monitor("bleeding"), waves=("pleth", "art")).run(6.0)
    return [
        Recording(name="stream", chunks=(capture("hl7", "synthetic", "pds_stream.bin").read_bytes(),)),
        Recording(name="samples", chunks=(*samples, *cut, SETUP)),
        Recording(name="simulated", chunks=tuple(data for _, data in simulated.up)),
        Recording(name="beacon", chunks=(beacon, beacon), datagrams=True),
    ]
