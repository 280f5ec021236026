from collector.driver import Simulated
from collector.model import Event, Observation, Quality
from drivers.masimo import SPEC
from drivers.masimo.session import MasimoSession
from drivers.masimo.simulator import MasimoSimulator
from drivers.patient import Patient

EPOCH_US = 1_700_000_000_000_000


def test_what_it_says_is_heard_also_when_the_sensor_is_off_and_after_silence() -> None:
    patient = Patient("anaesthetic", 1)
    off = next(float(t) for t in range(36_000) if patient.vitals(t).spo2_pct != patient.vitals(t).spo2_pct)
    device = MasimoSimulator(Simulated(patient=patient, epoch_us=EPOCH_US), silent_s=((off + 5.0, off + 40.0),))
    session = MasimoSession(SPEC.options())
    device.expire(0.0)
    device.outgoing()
    said: list[Event] = []
    heard: list[Event] = []
    now = off - 5.0
    while now < off + 60.0:
        said += device.expire(now)
        heard += session.receive(device.outgoing(), now)
        now += 0.5
    told = [e for e in heard if isinstance(e, Observation)]
    for one in said:
        assert not isinstance(one, Observation) or one in told or one in said[-9:]
    empty = [e for e in told if e.channel.source == "SPO2" and e.value is None]
    assert empty
    assert all(e.quality is Quality.NOT_AVAILABLE for e in empty)
    rates = [e.value for e in told if e.channel.source == "BPM" and isinstance(e.value, float)]
    assert abs(rates[0] - patient.vitals(off - 4.0).heart_rate_per_min) < 1.5
