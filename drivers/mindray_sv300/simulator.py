"""The machine's side of the dialogue: it answers what it is asked (fact sheet mindray-and-chinese-hl7 §6).

No published reply shows how it writes a number: here they stand to the right, with a point where there are decimals.
"""

import math
import re
from collections.abc import Mapping, Sequence

from collector.model import Event, Observation, Quality
from drivers.mindray_sv300 import tables
from drivers.mindray_sv300.frames import MEASURED, SETTINGS, VALUE_BYTES, reply, request
from drivers.patient import Patient, Vitals

_REQUEST = re.compile(re.escape(request(MEASURED)) + b"|" + re.escape(request(SETTINGS)))
_KEPT_BYTES = len(request(MEASURED)) - 1
"""Of what is no whole request yet."""
_AMBIENT_MMHG = 760.0


class Simulator:
    """absent: codes ("25:3D") that it leaves out; silent: from when until when it answers nothing, in its seconds."""

    def __init__(
        self, *, patient: Patient, absent: frozenset[str] = frozenset(), silent: tuple[float, float] = (0.0, 0.0)
    ) -> None:
        self._patient = patient
        self._absent = absent
        self._silent = silent
        self._channels = tables.channels()
        self._start_s: float | None = None
        self._heard = b""
        self._out = b""

    def receive(self, data: bytes, now: float) -> Sequence[Event]:
        self._start_s = now if self._start_s is None else self._start_s
        time_s = now - self._start_s
        self._heard += data
        said: list[Event] = []
        end = 0
        for found in _REQUEST.finditer(self._heard):
            end = found.end()
            if not self._silent[0] <= time_s < self._silent[1]:
                said += self._answer(found[0][1], self._patient.vitals(time_s))
        self._heard = self._heard[end:][-_KEPT_BYTES:]
        return said

    def outgoing(self) -> bytes:
        out, self._out = self._out, b""
        return out

    def deadline(self) -> float | None:
        return None

    def expire(self, now: float) -> Sequence[Event]:  # noqa: ARG002  it only answers
        return ()

    def close(self, now: float) -> None:
        """It has nothing to end."""

    def finish(self) -> Sequence[Event]:
        return ()

    def _answer(self, command: int, vitals: Vitals) -> Sequence[Event]:
        numbers = _measured(vitals) if command == MEASURED else _settings(vitals)
        texts = {
            code: ("" if math.isnan(value) else f"{value:.{decimals}f}").rjust(VALUE_BYTES)
            for code, (value, decimals) in numbers.items()
            if tables.source(command, code) not in self._absent
        }
        self._out += reply(command, iter(texts.items()))
        return [
            Observation(channel=self._channels[command, code], value=float(text))
            if text.strip()
            else Observation(channel=self._channels[command, code], value=None, quality=Quality.NOT_AVAILABLE)
            for code, text in texts.items()
        ]


def _measured(v: Vitals) -> Mapping[int, tuple[float, int]]:
    """Code → value and decimals. BIS follows the state entropy; a machine without relaxometry leaves TOF blank."""
    inspired_s = 60.0 / v.airway_rate_per_min / 3.0
    return {
        0x22: (v.peak_pressure_cmh2o, 0),
        0x23: (v.peep_cmh2o + (v.plateau_pressure_cmh2o - v.peep_cmh2o) / 3.0, 0),
        0x24: (v.plateau_pressure_cmh2o, 0),
        0x25: (v.peep_cmh2o, 1),
        0x26: (v.minute_volume_l_per_min, 1),
        0x29: (v.tidal_volume_ml, 0),
        0x2A: (v.tidal_volume_ml, 0),
        0x2C: (v.airway_rate_per_min, 0),
        0x34: (v.compliance_ml_per_cmh2o, 0),
        0x38: (v.fio2_pct, 0),
        0x39: (v.eto2_pct, 0),
        0x3D: (v.etco2_pct / 100.0 * _AMBIENT_MMHG, 0),
        0x3E: (v.fico2_pct / 100.0 * _AMBIENT_MMHG, 0),
        0x49: (v.sevo_et_pct, 1),
        0x4A: (v.sevo_fi_pct, 1),
        0x4E: (v.state_entropy, 0),
        0x65: (v.spo2_pct, 0),
        0x66: (v.pulse_rate_per_min, 0),
        0x8C: (math.nan, 0),
        0x99: (inspired_s, 2),
    }


def _settings(v: Vitals) -> Mapping[int, tuple[float, int]]:
    return {
        0x24: (500.0, 0),
        0x25: (12.0, 0),
        0x27: (5.0, 0),
        0x2B: (60.0 / 12.0 / 3.0, 2),
        0x2E: (v.fio2_pct, 0),
        0x3D: (70.0, 1),
    }
