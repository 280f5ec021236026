"""PCD-01 (ORU^R01): values of one device as the record has them. Pure. Fact sheet ihe-pcd §2.

One message tells of one device (MDS) of one patient at one bed; an OBR for each mark of the grid, whose time is that of
the values under it (OBR-7), but for those that have one of their own (OBX-14). What a person has charted without a
device has no device rows. Alarm limits (OBX-7) are not in the record.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from zlib import crc32

from charting.fill.signals import signals
from charting.results.codes import observation, standard, unit
from charting.results.message import LOCAL, Kind, Segment, Sender
from charting.results.values import DELETED, NONE, Key, Result
from collector.hl7.message import compose

VITALS = Kind(
    type="ORU^R01^ORU_R01",
    profile="IHE_PCD_001^IHE PCD^1.3.6.1.4.1.19376.1.6.1.1.1^ISO",
    committed=True,
)
MONITORING = "182777000^monitoring of patient^SCT"
MDS = "MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """What goes into one message. `number`: the patient's."""

    number: str
    bed: str
    device: str
    demo: bool
    results: Sequence[Result]


def bundles(told: Iterable[tuple[Key, Result]]) -> Sequence[Bundle]:
    found: dict[tuple[str, str, str, bool], list[Result]] = {}
    for (number, _, _), result in told:
        found.setdefault((number, result.bed, result.device, result.demo), []).append(result)
    return [
        Bundle(number=number, bed=bed, device=device, demo=demo, results=sorted(results, key=_order))
        for (number, bed, device, demo), results in found.items()
    ]


def rows(sender: Sender, bundle: Bundle, id_: str) -> Iterator[Segment]:
    """OBR and OBX. `id_`: of the message, for OBR-3."""
    for n, (mark_us, group) in enumerate(groupby(bundle.results, key=lambda result: result.mark_us), 1):
        yield ["OBR", str(n), "", sender.entity(f"{id_}-{n}"), MONITORING, "", "", sender.time(mark_us)]
        count = 0
        if bundle.device:
            count += 1
            id_of_device = compose(f"{bundle.bed}/{bundle.device}", sender.application)
            yield ["OBX", "1", "", standard(MDS), "1.0.0.0", *_nothing(6), NONE, *_nothing(6), id_of_device]
        for result in group:
            count += 1
            yield value(sender, result, count)


def value(sender: Sender, result: Result, n: int, *, dated: bool = False) -> Segment:
    """OBX of a value. `dated`: with its time, whatever the OBR says."""
    own = sender.time(result.time_us) if dated or result.episodic else ""
    return [
        "OBX",
        str(n),
        "NM" if result.text else "",
        observation(result.signal, result.refid, result.site),
        _path(result.signal),
        result.text,
        unit(result.unit),
        "",
        result.flag if result.status != DELETED else "",
        "",
        "",
        result.status,
        "",
        "",
        own,
        "",
        compose(result.observer) if result.observer else "",
        "",
        "",
        "",
        compose(result.site, result.site, LOCAL) if result.site else "",
    ]


def _path(signal: str) -> str:
    """OBX-4: a row keeps its place whatever rows are added, since a receiver knows a series by it."""
    return f"1.1.1.{crc32(signal.encode()) % 65_535 + 1}"


def _order(result: Result) -> tuple[int, int]:
    rows = signals()
    return result.mark_us, list(rows).index(result.signal) if result.signal in rows else len(rows)


def _nothing(n: int) -> Iterator[str]:
    return iter([""] * n)
