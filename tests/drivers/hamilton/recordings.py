"""Byte streams of both Hamilton protocols for the shared contract suite, which reads them as polling."""

import json

from tests.drivers.hamilton.link import Link
from tests.shared import Recording, capture


def recordings() -> list[Recording]:
    vectors = json.loads(capture("hamilton", "vectors.json").read_text())
    link = Link(lacks=frozenset((36, 37, 115))).run(9.0)
    both = [data for _, data in sorted([*link.up, *link.down], key=lambda piece: piece[0])]
    return [
        Recording(name="vectors", chunks=tuple(bytes.fromhex(vector["hex"]) for vector in vectors)),
        Recording(name="device", chunks=tuple(data for _, data in link.up)),
        Recording(name="both", chunks=tuple(both[:400])),
    ]
