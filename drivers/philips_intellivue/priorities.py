"""The priority lists of the simulated monitor (fact sheet philips-intellivue §4.6)."""

from collections.abc import Iterable, Sequence

from drivers.philips_intellivue.codes import COMPOUND_ECG, SCADA
from drivers.philips_intellivue.options import MAX_LEADS, MAX_OTHERS
from drivers.philips_intellivue.simulated import WAVES
from drivers.philips_intellivue.values import PAIR

_LEADS = range(0x0101, 0x0150)


def allowed(labels: Iterable[int]) -> tuple[int, ...]:
    """The wave labels that the monitor has and can send together; the others are dropped silently (§4.6)."""
    available = {one.label for one in WAVES}
    kept: list[int] = []
    leads = others = 0
    for label in labels:
        if label not in available or label in kept:
            continue
        if label == SCADA << 16 | COMPOUND_ECG:
            if leads:
                continue
            leads = MAX_LEADS
        elif label >> 16 == SCADA and label & 0xFFFF in _LEADS:
            if leads >= MAX_LEADS:
                continue
            leads += 1
        else:
            if others >= MAX_OTHERS:
                continue
            others += 1
        kept.append(label)
    return tuple(kept)


def label_list(labels: Sequence[int]) -> bytes:
    return PAIR.pack(len(labels), 4 * len(labels)) + b"".join(label.to_bytes(4, "big") for label in labels)
