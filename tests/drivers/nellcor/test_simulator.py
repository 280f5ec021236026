from dataclasses import replace
from math import nan

from collector.driver import Simulated
from collector.model import AlarmCondition, Event, Observation, Quality
from drivers.nellcor.session import NellcorSession
from drivers.nellcor.simulator import NellcorSimulator
from drivers.patient import Patient, Vitals

EPOCH_US = 1_700_000_000_000_000


class Troubled(Patient):
    """Whose sensor is off from 20 s to 40 s, and whose saturation is low from 60 s to 80 s."""

    def vitals(self, time_s: float) -> Vitals:
        vitals = super().vitals(time_s)
        if 20.0 <= time_s < 40.0:
            return replace(vitals, spo2_pct=nan, pulse_rate_per_min=nan, perfusion_pct=nan)
        return replace(vitals, spo2_pct=81.0) if 60.0 <= time_s < 80.0 else vitals


def test_what_it_says_is_heard() -> None:
    device = NellcorSimulator(Simulated(patient=Troubled(), epoch_us=EPOCH_US), silent_s=((100.0, 130.0),))
    session = NellcorSession()
    said: list[Event] = []
    heard: list[Event] = []
    for now in range(200):
        said += device.expire(float(now))
        heard += session.receive(device.outgoing(), float(now))
    for kind in (Observation, AlarmCondition):
        assert [e for e in heard if isinstance(e, kind)] == [e for e in said if isinstance(e, kind)]
    assert {(e.source, e.phase.value) for e in heard if isinstance(e, AlarmCondition)} == {
        ("SO", "start"), ("SO", "end"), ("SL", "start"), ("SL", "end"),
    }  # fmt: skip
    told = [e for e in heard if isinstance(e, Observation) and e.channel.source == "%SpO2"]
    assert sum(e.quality is Quality.NOT_AVAILABLE for e in told) == 10
    assert sum(e.quality is Quality.INVALID for e in told) == 1
