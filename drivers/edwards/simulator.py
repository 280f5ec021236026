"""The monitor's side: a cardiac output monitor that sends every 2 s (fact sheet small-devices §2)."""

import math
from collections.abc import Mapping, Sequence

from collector.driver import Simulated
from collector.model import DeviceIdentity, Event, Observation, Quality
from drivers.edwards.fields import MANUFACTURER, Kind, kinds
from drivers.edwards.frames import telegram
from drivers.patient import Patient, Vitals

PERIOD_S = 2.0
BSA_M2 = 1.8
HAEMOGLOBIN_ML = 1.34 * 12.0 * 10.0
"""Oxygen that a litre of saturated blood carries, in mL: Hüfner's number, 12 g/dL."""
OXYGEN_ML_PER_MIN = 200.0
SERIAL = "1234-5678-90"
EMPTY = frozenset("fFLlMm")
"""Letters that say that nothing is wrong, by blanks."""


def measured(vitals: Vitals) -> Mapping[str, float]:
    """By letter; NaN: no value. Stroke volume follows the pulse pressure, all else from it; without a pulse nothing."""
    pulse_mmhg = vitals.art_sys_mmhg - vitals.art_dia_mmhg
    stroke = 1.6 * pulse_mmhg if pulse_mmhg > 0.0 else math.nan
    output = stroke * vitals.heart_rate_per_min / 1000.0
    resistance = 80.0 * (vitals.art_mean_mmhg - vitals.cvp_mmhg) / output
    delivery = output * HAEMOGLOBIN_ML * vitals.spo2_pct / 100.0
    venous = vitals.spo2_pct * (1.0 - OXYGEN_ML_PER_MIN / delivery)
    return {
        "A": vitals.spo2_pct,
        "B": vitals.temp_core_cel,
        "b": 9.0 + 0.0 * stroke,
        "C": output,
        "c": output / BSA_M2,
        "D": delivery,
        "H": vitals.art_rate_per_min,
        "O": OXYGEN_ML_PER_MIN,
        "P": vitals.art_mean_mmhg,
        "p": vitals.cvp_mmhg,
        "Q": 1.0,
        "R": resistance,
        "r": resistance * BSA_M2,
        "S": stroke,
        "s": stroke / BSA_M2,
        "V": venous if venous > 0.0 else math.nan,
        "v": math.nan,
        "X": 100.0 * OXYGEN_ML_PER_MIN / delivery if venous > 0.0 else math.nan,
    }


class Simulator:
    """A monitor whose check bytes are the formula's, or, `other`, another one's."""

    def __init__(self, simulated: Simulated, *, other: bool = False) -> None:
        patient: Patient = simulated.patient
        self._patient = patient
        self._other = other
        self._out = b""
        self._start_s: float | None = None
        self._due = -math.inf

    def receive(self, data: bytes, now: float) -> Sequence[Event]:  # noqa: ARG002  the contract's
        return ()

    def outgoing(self) -> bytes:
        out, self._out = self._out, b""
        return out

    def deadline(self) -> float | None:
        return self._due

    def expire(self, now: float) -> Sequence[Event]:
        if now < self._due:
            return ()
        self._start_s = now if self._start_s is None else self._start_s
        self._due = now + PERIOD_S
        values = measured(self._patient.vitals(now - self._start_s))
        body, said = "", list[Event]()
        for letter, kind in kinds().items():
            if letter in values:
                text, shown = _number(kind, values[letter])
                quality = Quality.NOT_AVAILABLE if shown is None else Quality.VALID
                said.append(Observation(channel=kind.channel, value=shown, quality=quality))
            elif letter in EMPTY:
                text = " " * len(kind.mask)
                said.append(Observation(channel=kind.channel, value=None, quality=Quality.NOT_AVAILABLE))
            elif letter == "N":
                text = SERIAL
                said.append(DeviceIdentity(manufacturer=MANUFACTURER, serial=SERIAL))
            else:
                continue
            body += letter + text
        whole = telegram(body)
        self._out += whole[:-1] + bytes((whole[-1] ^ 0x55,)) if self._other else whole
        return said

    def close(self, now: float) -> None:
        """A monitor says no farewell."""

    def finish(self) -> Sequence[Event]:
        return ()


def _number(kind: Kind, value: float) -> tuple[str, float | None]:
    """Right-aligned digits, or dashes where there is no value or none that fits."""
    width, decimals = len(kind.mask), len(kind.mask.partition(".")[2])
    text = f"{value:{width}.{decimals}f}"
    if math.isnan(value) or len(text) > width:
        return kind.mask.replace("n", "-").replace("±", "-"), None
    return text, float(text)
