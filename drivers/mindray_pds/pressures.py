"""Which pressure an IBP channel measures (fact sheet mindray-and-chinese-hl7 §1.4, §1.5).

Ids 174-180 are channels, ids from 500 on are pressures by their label. A row 2025 announces a channel's label as
`pid^name`. Which of OBX-4 and OBX-5.1 is the channel the sheet leaves open: both orders are understood.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from collector.hl7.message import Segment
from collector.model import Channel

LABEL = "2025"
SLOTS: Mapping[str, tuple[int, str]] = {
    "174": (1, "MEAN"),
    "175": (1, "SYS"),
    "176": (1, "DIA"),
    "178": (2, "MEAN"),
    "179": (2, "SYS"),
    "180": (2, "DIA"),
}
"""Id → channel and part of the pressure."""
LABELLED: Mapping[str, str] = {
    "500": "ART",
    "501": "ART",
    "502": "ART",
    "503": "PA",
    "504": "PA",
    "505": "PA",
    "566": "CVP",
}
"""Id → label."""
STEMS: Mapping[str, str] = {
    "ART": "MDC_PRESS_BLD_ART_ABP",
    "PA": "MDC_PRESS_BLD_ART_PULM",
    "CVP": "MDC_PRESS_BLD_VEN_CENT",
    "RAP": "MDC_PRESS_BLD_ATR_RIGHT",
    "LAP": "MDC_PRESS_BLD_ATR_LEFT",
    "ICP": "MDC_PRESS_INTRA_CRAN",
    "AO": "MDC_PRESS_BLD_AORT",
    "UAP": "MDC_PRESS_BLD_ART_UMB",
    "UVP": "MDC_PRESS_BLD_VEN_UMB",
    "LVP": "MDC_PRESS_BLD_VENT_LEFT",
    "BAP": "VND_MINDRAY_PDS_ART_BRACHIAL",
    "FAP": "VND_MINDRAY_PDS_ART_FEMORAL",
}
"""Label → refid without its part. Other labels (P1, P2, …) name no place."""


class Pressures:
    """Labels of the channels, and which pressures come with a value by label: these are preferred."""

    def __init__(self) -> None:
        self._labels: dict[int, str] = {}
        self._by_label: set[str] = set()

    def hear(self, rows: Iterable[Segment], has_value: Callable[[Segment], bool]) -> None:
        """Take what a message says of labels, before its values are read."""
        told: dict[str, bool] = {}
        for row in rows:
            number = row.component(3)
            if number == LABEL:
                self._announce(row.component(4), row.component(5), row.component(5, 2))
            elif number in LABELLED:
                label = LABELLED[number]
                told[label] = told.get(label, False) or has_value(row)
        self._by_label -= told.keys()
        self._by_label |= {label for label, valued in told.items() if valued}

    def channel(self, channel: Channel) -> Channel:
        """The channel of an IBP channel's value: by its label, but unlabelled while that pressure comes by label."""
        slot, part = SLOTS[channel.source]
        label = self._labels.get(slot, "")
        if label in self._by_label or label not in STEMS:
            return channel
        return replace(channel, code=f"{STEMS[label]}_{part}")

    def _announce(self, sub_id: str, number: str, name: str) -> None:
        at = sub_id if sub_id in SLOTS else number
        if at in SLOTS:
            other = number if at == sub_id else sub_id
            self._labels[SLOTS[at][0]] = LABELLED.get(other, name.strip().upper())
