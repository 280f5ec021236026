"""Options of a philips-intellivue device in a bed's config."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

WAVES: Mapping[str, int] = {
    "ECG": 0x00020100, "I": 0x00020101, "II": 0x00020102, "III": 0x0002013D,
    "aVR": 0x0002013E, "aVL": 0x0002013F, "aVF": 0x00020140, "V": 0x00020143,
    "Pleth": 0x00024BB4, "ABP": 0x00024A14, "ART": 0x00024A10, "PAP": 0x00024A1C, "CVP": 0x00024A44,
    "ICP": 0x00025808, "CO2": 0x000250AC, "O2": 0x00025164, "AGT": 0x00025388, "Resp": 0x00025000,
    "AWF": 0x000250D4, "AWP": 0x000250F0, "EEG": 0x0002592C,
}  # fmt: skip
"""Short names and labels of waves (fact sheet philips-intellivue §12.2)."""

MAX_LEADS = 3
MAX_OTHERS = 8
"""What a monitor sends: three leads or the compound ECG, and eight others; more are dropped silently (§4.6)."""
_LEADS = frozenset(("I", "II", "III", "aVR", "aVL", "aVF", "V"))


def _fits(names: tuple[str, ...]) -> tuple[str, ...]:
    unknown = [name for name in names if name not in WAVES]
    if unknown:
        raise ValueError(f"no wave {', '.join(unknown)}: there are {', '.join(WAVES)}")
    leads = sum(name in _LEADS for name in names)
    if leads > MAX_LEADS or (leads and "ECG" in names):
        raise ValueError(f"at most {MAX_LEADS} ECG leads, or ECG (three leads in one) without any")
    if len(names) - leads - ("ECG" in names) > MAX_OTHERS:
        raise ValueError(f"at most {MAX_OTHERS} waves beside the ECG")
    return names


class Options(BaseModel):
    """What a monitor is asked for.

    waves: names of WAVES, none: no waves; numerics: labels of the numeric priority list as 8 hex digits, none: the
    monitor's own list stays.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    waves: Annotated[tuple[str, ...], AfterValidator(_fits)] = (
        "II", "Pleth", "ABP", "ART", "CVP", "PAP", "CO2", "Resp", "AWP",
    )  # fmt: skip
    numerics: tuple[Annotated[str, Field(pattern=r"^[0-9A-Fa-f]{8}$")], ...] = ()

    @property
    def wave_labels(self) -> tuple[int, ...]:
        return tuple(WAVES[name] for name in self.waves)

    @property
    def numeric_labels(self) -> tuple[int, ...]:
        return tuple(int(label, 16) for label in self.numerics)
