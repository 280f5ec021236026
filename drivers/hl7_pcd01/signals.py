"""Which channel a row belongs to. Remembers what it has read: a bed sends the same hundred rows each second."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from collector.model import Channel, Role
from drivers.hl7_pcd01.codes import Meaning, meaning, unit
from drivers.hl7_pcd01.rows import MOST_PATH, Group, Row

MOST = 8_192
"""Signals that are remembered: some hundred of each of twenty beds; then it begins anew."""

MONITOR = "69965"
"""MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS: a bed has one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """`channel` for its numbers in the unit that was sent ("1" where none was), `words` for its texts, `usual` in the
    unit that it mostly has. `group`: what it was measured together with, by its path.
    """

    meaning: Meaning
    channel: Channel
    words: Channel
    usual: Channel
    low: Channel
    high: Channel
    group: str


class Signals:
    def __init__(self) -> None:
        self._found: dict[tuple[str, str, str, str, str, int], Signal] = {}

    def of(self, row: Row, device: str = "", nth: int = 1) -> Signal:
        """The signal of a row. device: of which at the bed, where there may be several; nth: of rows that are alike."""
        key = (row.observation, row.path, row.unit, row.site, device, nth)
        signal = self._found.get(key)
        if signal is None:
            if len(self._found) >= MOST:
                self._found.clear()
            signal = self._found[key] = _signal(row, device, nth)
        return signal


def device_of(group: Group) -> str:
    """The id of the device that the rows are of, where it is another than the bed's monitor: a bed has many pumps.

    The first row that names a device (OBX-18) without being the monitor's (ihe-pcd §3 rule 4).
    """
    for row in group.rows:
        if row.device and row.path.endswith(".0.0.0"):
            if row.segment.component(3, 1) == MONITOR:
                return ""
            return (row.segment.component(18, 3) or row.segment.component(18, 1))[:MOST_PATH]
    return ""


def _signal(row: Row, device: str, nth: int) -> Signal:
    told = meaning(row.segment.components(3))
    source = "/".join(filter(None, (row.path, told.id))) or "OBX"
    source += f"@{device}" if device else ""
    source += f"#{nth}" if nth > 1 else ""
    channel = Channel(
        code=told.code,
        source=source,
        unit=unit(row.segment.components(6)) or "1",
        role=told.role,
        site=_site(row.segment.components(20)),
    )
    return Signal(
        meaning=told,
        channel=channel,
        words=replace(channel, unit=""),
        usual=replace(channel, unit=told.unit),
        low=replace(channel, role=Role.LIMIT_LOW),
        high=replace(channel, role=Role.LIMIT_HIGH),
        group=row.path.rpartition(".")[0],
    )


def _site(sent: Sequence[str]) -> str:
    return next((part for part in (*sent[1:2], *sent[:1]) if part), "")[:MOST_PATH]
