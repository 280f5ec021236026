"""The information of a block: quadruples `time,address,parameter,value` (small-devices §12; I0022_000030 §3.2.5.3)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

SYSTEM = "50100"
"""The address of the rack itself."""
NO_VALUE, NOT_NOW = "_NV", "_NA"
"""There is no value; there is one, but not at this moment (since 3.36)."""

_QUADRUPLE = re.compile(
    r"(?P<time>\d{1,10}),(?P<address>50100|501[1-3](?:[1-9A-O]|[012]\d)),(?P<name>[A-Z][A-Z0-9._]{0,31})(?:,(?P<value>.*))?",
    re.DOTALL,
)
"""A slot is 1 to 9, A to O; one of two digits has been seen with 3.30 (501112). A value may hold commas."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quadruple:
    """`time_s`: since the rack was switched on. `value` None: the block has none (the answer to ADMIN:VERSION)."""

    time_s: int
    address: str
    name: str
    value: str | None


def read(information: bytes) -> Sequence[Quadruple] | None:
    """The quadruples of a block, in order; None where one of them is none."""
    found: list[Quadruple] = []
    for part in information.split(b"\x1e"):
        match = _QUADRUPLE.fullmatch(part.decode("utf-8", errors="backslashreplace").rstrip("\r"))
        if match is None:
            return None
        value = match["value"]
        found.append(
            Quadruple(
                time_s=int(match["time"]),
                address=match["address"],
                name=match["name"],
                value=value if value is None else value.rstrip("\r"),
            )
        )
    return found


def write(quadruples: Sequence[Quadruple]) -> bytes:
    """The information of a block."""
    fields = ((str(q.time_s), q.address, q.name, *(() if q.value is None else (q.value,))) for q in quadruples)
    return b"\x1e".join(",".join(field).encode() for field in fields)
