"""PCD-04 (ORU^R40): what became of an alarm, in the words of alarms.pcd04. Pure. Fact sheet ihe-pcd §4.

It reports what devices and we ourselves have told; it alarms nobody, and replaces no bedside alarm. OBR-3 of the first
message is the alarm's identity, which later ones name in OBR-29.
"""

from collections.abc import Iterator
from hashlib import sha256
from zlib import crc32

from alarms.pcd04 import Record
from charting.results.codes import standard
from charting.results.message import LOCAL, Kind, Segment, Sender
from collector.hl7.message import compose, escape

ALERT = Kind(
    type="ORU^R40^ORU_R40",
    profile="IHE_PCD_ACM_001^IHE PCD^1.3.6.1.4.1.19376.1.6.4.4^ISO",
    committed=True,
)
EVENT = "196616^MDC_EVT_ALARM^MDC"
SOURCE = "68480^MDC_ATTR_ALERT_SOURCE^MDC"
PHASE = "68481^MDC_ATTR_EVENT_PHASE^MDC"
STATE = "68482^MDC_ATTR_ALARM_STATE^MDC"
INACTIVATION = "68483^MDC_ATTR_ALARM_INACTIVATION_STATE^MDC"
PRIORITY = "68484^MDC_ATTR_ALARM_PRIORITY^MDC"
TYPE = "68485^MDC_ATTR_ALERT_TYPE^MDC"

LONGEST = 100
"""Characters of an id as it is; a longer one, or one with HL7's delimiters, goes by its digest."""


def rows(sender: Sender, record: Record, device: str, at_us: int) -> Iterator[Segment]:
    """OBR and OBX of a report. `at_us`: of the change that it tells."""
    path = f"1.0.0.{crc32(f'{device}/{record.source}'.encode()) % 65_535 + 1}"
    yield [
        "OBR",
        "1",
        "",
        sender.entity(entity(record.id)),
        EVENT,
        "",
        "",
        sender.time(at_us),
        *[""] * 21,
        f"^{_subcomponents(entity(record.parent), sender)}" if record.parent else "",
    ]
    told = [
        ("ST", EVENT, escape(record.text or record.code)),
        ("CWE", SOURCE, standard(record.code) or compose(record.code, record.code, LOCAL)),
        ("ST", PHASE, record.phase.value),
        ("ST", STATE, "active" if record.active else "inactive"),
        ("ST", INACTIVATION, "alert-acknowledged" if record.acknowledged else "enabled"),
        ("ST", PRIORITY, record.priority),
        ("ST", TYPE, record.type),
    ]
    for n, (kind, code, value) in enumerate(told, 1):
        at = sender.time(at_us) if n == 1 else ""
        yield ["OBX", str(n), kind, code, f"{path}.{n}", value, "", "", "", "", "", "R", "", "", at]


def entity(id_: str) -> str:
    """OBR-3.1 of a report's id."""
    short = len(id_) <= LONGEST and id_.isascii() and escape(id_) == id_
    return id_ if short or not id_ else sha256(id_.encode()).hexdigest()


def _subcomponents(id_: str, sender: Sender) -> str:
    """An EI within an EIP: the filler's, its second component."""
    return f"{escape(id_)}&{escape(sender.application)}"
