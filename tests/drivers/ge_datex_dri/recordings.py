"""Byte streams of DRI for the shared contract suite."""

import json
import struct

from drivers.ge_datex_dri.simulator import Simulator
from drivers.patient import Patient
from tests.drivers.ge_datex_dri import records
from tests.drivers.ge_datex_dri.link import Link
from tests.drivers.ge_datex_dri.test_alarms import status
from tests.drivers.ge_datex_dri.test_ecg12 import BLOCKS, sub_record
from tests.shared import Recording, capture


def recordings() -> list[Recording]:
    vectors = json.loads(capture("datex-dri", "vectors_b650_level10.json").read_text())
    vendor = json.loads(capture("datex-dri", "vendor_examples.json").read_text())
    flags = Link(Simulator(patient=Patient("bleeding", 1), fill=0x7E, noise=b"\x7e\x00\x7d"), interval_s=1)
    network = records.record(5, (0, struct.pack("<6xhh20x", 37, 10)), (6, bytes(270)))
    rare = [
        records.record(4, status((b"HR HIGH", 3))),
        records.record(4, status((b"HR HIGH", 2), wide=True)),
        records.record(1, sub_record(BLOCKS)),
        network,
    ]
    return [
        Recording(name="b650", chunks=tuple(bytes.fromhex(vector["wire_hex"]) for vector in vectors)),
        Recording(name="vendor", chunks=tuple(bytes.fromhex(example["wire_hex"]) for example in vendor)),
        Recording(name="rare", chunks=tuple(records.frame(one) for one in rare)),
        Recording(name="simulated", chunks=tuple(flags.run(20.0).up)),
        Recording(name="db02-head", chunks=(capture("datex-dri", "db02-head.raw").read_bytes(),)),
        Recording(name="db00", chunks=(capture("datex-dri", "db00.raw").read_bytes(),)),
    ]
