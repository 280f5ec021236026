"""What a bed's configuration may say of a GE / Datex-Ohmeda monitor."""

import codecs
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from drivers.ge_datex_dri.ecg12 import ECG12, RATE_HZ
from drivers.ge_datex_dri.requests import WAVE_LIMIT_HZ, WAVE_TYPES, WAVE_TYPES_MODERN
from drivers.ge_datex_dri.waves import WAVES

WAVE_NUMBERS = {**{wave.name: kind for kind, wave in WAVES.items()}, "ecg12": ECG12}
"""Name → wave type."""
MODERN_WAVES = frozenset({"ecg12", "eeg1_200hz", "eeg2_200hz", "eeg3_200hz", "eeg4_200hz"})
"""What only CARESCAPE with software 3 sends (§6)."""
LONGEST_INTERVAL_S = 5
"""Without a frame for 8 s the collector calls a device silent; a slower request would look like that."""


def _wave(name: str) -> str:
    if name not in WAVE_NUMBERS:
        raise ValueError(f"no wave {name!r}: there are {', '.join(WAVE_NUMBERS)}")
    return name


def _encoding(name: str) -> str:
    try:
        b"".decode(codecs.lookup(name).name)
    except LookupError:
        raise ValueError(f"{name!r} is not a text encoding like gb18030") from None
    return name


class Options(BaseModel):
    """Every key has a default that the oldest monitor of the family understands.

    interval_s: between displayed values; the vendor promises 5, a level-10 monitor honoured 1 (fact sheet §4.1).
    trends: also ask for the 10-s and 60-s trends. modern: CARESCAPE with software 3 at 115200 bit/s, which knows more
    waves and no limit of their samples per second. ecg12_uv: µV per count of the 12-lead ECG once verified on the
    device; until then its waves are questionable.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    interval_s: int = Field(default=5, ge=1, le=LONGEST_INTERVAL_S)
    classes: tuple[Literal["basic", "ext1", "ext2", "ext3"], ...] = Field(
        default=("basic", "ext1", "ext2", "ext3"), min_length=1
    )
    trends: tuple[Literal["10s", "60s"], ...] = ()
    waves: tuple[Annotated[str, AfterValidator(_wave)], ...] = ("ecg1", "p1", "pleth", "co2", "resp", "paw", "flow")
    alarms: bool = True
    auxiliary: bool = True
    modern: bool = False
    alarm_encoding: Annotated[str, AfterValidator(_encoding)] = "latin-1"
    ecg12_uv: Literal[1, 4] | None = None

    @model_validator(mode="after")
    def _check_waves(self) -> Self:
        most = WAVE_TYPES_MODERN if self.modern else WAVE_TYPES
        if len(self.waves) > most:
            raise ValueError(f"waves: {len(self.waves)} asked for, the monitor takes {most}")
        early = MODERN_WAVES & set(self.waves)
        if early and not self.modern:
            raise ValueError(f"waves: {', '.join(sorted(early))} only from CARESCAPE with software 3 (modern = true)")
        total_hz = sum(RATE_HZ if name == "ecg12" else WAVES[WAVE_NUMBERS[name]].rate_hz for name in self.waves)
        if not self.modern and total_hz > WAVE_LIMIT_HZ:
            raise ValueError(
                f"waves: {total_hz} samples/s asked for, the monitor sends {WAVE_LIMIT_HZ} and drops what is over"
            )
        return self
