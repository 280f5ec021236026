"""The 12-lead ECG, wave type 22 (fact sheet ge-datex-dri §6.1).

No capture of it is known. Assumed, where the sheet is silent: of two differences in one word the earlier stands in the
low byte; a block for fewer leads has the same shape with fewer leads.
"""

import struct
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from collector.model import Channel, Event, Observation, Quality
from drivers.ge_datex_dri import words
from drivers.ge_datex_dri.runs import CONTROL, Run

ECG12 = 22
RATE_HZ = 500
LEADS = ("I", "II", "V1", "V2", "V3", "V4", "V5", "V6")
"""In the order of their words in a block; III and the augmented leads are not sent."""
BLOCK_SAMPLES = 5
BLOCK_LEADS = {28: 8, 13: 3, 7: 1}
"""Words per block → leads: three words a lead, two of signs, the counter, one reserved."""
THREE_WIRE, FIVE_WIRE = 0, 1
LAST_COUNTS = (7999, 8000)
"""The block counter runs "0…8000": whether it reaches 8000 is not said."""

_HEADER = struct.Struct("<hHH7H")
_FACTORS = (1, 4, 8, 16)


class Ecg12:
    """Reads the 12-lead sub-records of one dialogue. `uv`: µV per count, None while not verified on the device."""

    def __init__(self, uv: int | None) -> None:
        self._scale = float(uv or 1)
        self._quality = Quality.QUESTIONABLE if uv is None else Quality.VALID
        self._runs: dict[str, Run] = {}
        self._count = -1
        self._told: dict[str, str] = {}

    def events(self, part: bytes, *, follows: bool) -> list[Event]:
        """What the sub-record (from its header on) says; `follows`: it continues the last one."""
        if len(part) < _HEADER.size:
            return []
        _, _, label, _, _, _, cable, _, user, _ = _HEADER.unpack_from(part)
        width = cable >> 10
        if width not in BLOCK_LEADS:
            return []
        blocks = (len(part) - _HEADER.size) // (2 * width)
        block = np.frombuffer(part, "<u2", count=blocks * width, offset=_HEADER.size).reshape(blocks, width)
        counts = (block[:, -2] & 0x1FFF).tolist()
        samples = unpacked(block, _FACTORS[user >> 12 & 3])
        found: list[Event] = [
            *self._state("status", words.flags(words.ECG12_LABEL_FLAGS, label)),
            *self._state("cable", words.name(words.CABLES, cable >> 1 & 7)),
            *self._state("pacer", "pacer detected" if bool((block[:, -2] >> 13).any()) else "none"),
        ]
        leads = _leads(cable, BLOCK_LEADS[width])
        for start, stop in _sections(counts):
            if not (follows and _next(self._count, counts[start])):
                self._runs.clear()
            for row, lead in leads:
                run = self._runs.setdefault(lead, self._run(lead))
                piece = samples[row, start * BLOCK_SAMPLES : stop * BLOCK_SAMPLES]
                found += run.take(piece, self._quality, after=(blocks - stop) * BLOCK_SAMPLES)
            self._count, follows = counts[stop - 1], True
        return found

    def _run(self, lead: str) -> Run:
        code = f"MDC_ECG_ELEC_POTL_{lead.upper()}"
        return Run(Channel(code=code, source=f"wave.ecg12.{lead}", unit="uV"), RATE_HZ, self._scale)

    def _state(self, name: str, text: str) -> Sequence[Observation]:
        if self._told.get(name) == text:
            return ()
        self._told[name] = text
        channel = Channel(code="VND_GE_STATUS", source=f"wave.ecg12.{name}", unit="")
        return (Observation(channel=channel, value=text),)


def unpacked(block: NDArray[np.uint16], factor: int) -> NDArray[np.int32]:
    """Blocks, shape (blocks, words), as samples, shape (leads, samples); invalid ones are control codes."""
    leads = BLOCK_LEADS[block.shape[1]]
    first = block[:, 0 : 3 * leads : 3].astype(np.int16).astype(np.int32)
    early, late = block[:, 1 : 3 * leads : 3], block[:, 2 : 3 * leads : 3]
    sizes = np.stack((early & 0xFF, early >> 8, late & 0xFF, late >> 8), axis=2).astype(np.int32)
    shifts = 15 - 2 * np.arange(leads)
    signs = [block[:, 3 * leads + n, None] >> (shifts - odd) & 1 for n in (0, 1) for odd in (0, 1)]
    steps = np.where(np.stack(signs, axis=2) == 1, -sizes, sizes) * factor
    samples = np.concatenate((first[:, :, None], first[:, :, None] + np.cumsum(steps, axis=2)), axis=2)
    samples[first <= CONTROL] = CONTROL
    return samples.transpose(1, 0, 2).reshape(leads, -1).astype(np.int32)


def _leads(cable: int, leads: int) -> list[tuple[int, str]]:
    """(row of the block, name) of each lead that the cable has."""
    match cable >> 1 & 7:
        case 0:  # 3-wire: one lead; where III is sent, I is zero and II holds III
            lead = words.name(("", "I", "II", "III"), cable >> 7 & 7)
            return [(0 if leads == 1 or lead == "I" else 1, lead)] if lead in {"I", "II", "III"} else []
        case 1:  # 5-wire: the one chest lead stands in the slot of V1
            user = cable >> 4 & 7
            return list(enumerate(("I", "II", f"V{user}" if 1 <= user <= 6 else "V")[:leads]))
        case _:
            return list(enumerate(LEADS[:leads]))


def _next(before: int, count: int) -> bool:
    return count == before + 1 or (count == 0 and before in LAST_COUNTS)


def _sections(counts: Sequence[int]) -> list[tuple[int, int]]:
    """(start, stop) of each stretch of blocks that follow each other."""
    cuts = [n for n in range(1, len(counts)) if not _next(counts[n - 1], counts[n])]
    return [(a, b) for a, b in zip([0, *cuts], [*cuts, len(counts)], strict=True) if b > a]
