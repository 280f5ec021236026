"""Byte streams of BCC for the shared contract suite."""

from drivers.bbraun_bcc.simulator import Faults
from tests.drivers.bbraun_bcc.link import Link
from tests.shared import Recording, capture


def recordings() -> list[Recording]:
    removed = Faults(stuffed=True, corrupt_every=7, removed={"50112": 5.0}, returned={"50112": 9.0})
    plain = Faults(stuffed=False, told={"50111": {"ALARM1": "0x00000400h", "PREALARM": "0x00000000h"}})
    return [
        Recording(name="alive", chunks=(capture("bbraun-bcc", "admin_alive.bin").read_bytes(),)),
        Recording(name="alive stuffed", chunks=(capture("bbraun-bcc", "admin_alive_stuffed.bin").read_bytes(),)),
        Recording(name="part 1", chunks=(capture("bbraun-bcc", "mem_get_part1.bin").read_bytes(),)),
        Recording(name="stuffed", chunks=tuple(up for _, up in Link(faults=removed).run(14.0).up)),
        Recording(name="plain", chunks=tuple(up for _, up in Link(faults=plain).run(8.0).up)),
    ]
