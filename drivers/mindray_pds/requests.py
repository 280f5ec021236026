"""What is sent to the monitor: echoes and queries (fact sheet mindray-and-chinese-hl7 §1.1, §1.3).

A query's time is that of the vendor's example, as every program known sends it: the monitor does nothing with it.
"""

import re
from collections.abc import Iterator, Sequence

from collector.hl7 import mllp
from drivers.mindray_pds.frames import ECHO, HEADER, QUERY
from drivers.mindray_pds.options import Options
from drivers.mindray_pds.tables import wave_ids

NUMBERS, WAVES, PHYSIOLOGICAL, TECHNICAL = "1", "2", "3", "4"
"""What is asked for (§1.3)."""
IDS = 4
"""So many in one QRF; more of them are asked for in further ones."""
_TIME = "20060731145557"

ECHO_FRAME = mllp.frame(HEADER % ECHO.encode())
SENDS = re.compile(
    rb"(?:" + re.escape(ECHO_FRAME) + rb"|\x0bMSH\|\^~\\&\|\|\|\|\|\|\|QRY\^R02\|1203\|P\|2\.3\.1\r"
    rb"QRD\|20060731145557\|R\|I\|Q[0-9]+\|\|\|\|\|RES\r"
    rb"(?:QRF\|MON\|\|\|\|0&0\^[1-4]\^1\^[01]\^[0-9&]*\r)+\x1c\r)*"
)


def query(number: int, options: Options) -> bytes:
    """Ask this monitor for what the options want, each second."""
    segments = [f"MSH|^~\\&|||||||QRY^R02|{QUERY}|P|2.3.1", f"QRD|{_TIME}|R|I|Q{number}|||||RES", *_wants(options)]
    return mllp.frame("".join(f"{segment}\r" for segment in segments).encode("ascii"))


def _wants(options: Options) -> Iterator[str]:
    yield _want(NUMBERS)
    if options.alarms:
        yield _want(PHYSIOLOGICAL)
        yield _want(TECHNICAL)
    ids = [str(wave_ids()[name]) for name in options.waves]
    for at in range(0, len(ids), IDS):
        yield _want(WAVES, ids[at : at + IDS])


def _want(what: str, ids: Sequence[str] = ()) -> str:
    return f"QRF|MON||||0&0^{what}^1^{int(not ids)}^{'&'.join(ids)}"
