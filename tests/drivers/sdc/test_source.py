"""A real provider in a process of its own: heard, killed, frozen, restarted."""

import asyncio
import contextlib
import signal
import subprocess
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from socket import SOCK_STREAM
from typing import Any

import numpy as np
import pytest

import drivers.sdc
from collector.config import load
from collector.driver import Simulated, driver
from collector.errors import LinkError, UsageError
from collector.model import (
    AlarmCondition,
    AlarmPhase,
    DeviceIdentity,
    Event,
    Frame,
    Observation,
    PatientIdentity,
    Quality,
    Waveform,
)
from collector.transport.base import Port, parse_port
from collector.transport.net import free_port
from drivers.patient import Patient
from drivers.sdc.options import Options
from drivers.sdc.peer import SdcPeer
from drivers.sdc.simulated import PATH
from drivers.sdc.source import SdcSource
from tests.mqtt.broker import until

PATIENCE_S = 60.0
EPOCH_US = 1_790_000_000_000_000
NOW_S = EPOCH_US / 1e6


def anywhere(scheme: str = "http") -> Port:
    return parse_port(f"{scheme}://127.0.0.1:{free_port(SOCK_STREAM)}{PATH}")


@asynccontextmanager
async def device(port: Port, tls: Path | None = None) -> AsyncIterator[SdcPeer]:
    peer = SdcPeer(Simulated(patient=Patient(), epoch_us=EPOCH_US), port, lambda: 0.0, tls)
    try:
        await peer.open()
        yield peer
    finally:
        await peer.close()


@asynccontextmanager
async def listening(port: Port, standing: Sequence[AlarmCondition] = (), **options: Any) -> AsyncIterator["Heard"]:
    source = SdcSource(Options.model_validate(options), port, standing)
    try:
        await source.open()
        async with contextlib.aclosing(aiter(source)) as told:  # type: ignore[type-var]
            yield Heard(source, told)
    finally:
        await source.close()


class Heard:
    def __init__(self, source: SdcSource, told: AsyncIterator[Sequence[Event]]) -> None:
        self.source = source
        self._told = told

    async def until(self, enough: Callable[[list[Event]], object]) -> list[Event]:
        """Listen until it is enough."""
        heard: list[Event] = []
        async with asyncio.timeout(PATIENCE_S):
            while not enough(heard):
                heard += await anext(self._told)
        return heard

    async def value(self, handle: str) -> Observation:
        """The next observation of a handle."""
        events = await self.until(lambda heard: of(heard, handle))
        return of(events, handle)[-1]


def of(events: list[Event], handle: str) -> list[Observation]:
    return [e for e in events if isinstance(e, Observation) and e.channel.source == handle]


def metric(handle: str, value: str | None, validity: str = "Vld", time: float = NOW_S, **more: Any) -> dict[str, Any]:
    return {"metrics": {handle: {"value": value, "validity": validity, "time": time, **more}}}


async def test_a_device_from_its_mdib_to_its_last_alarm() -> None:
    port = anywhere()
    async with device(port) as peer:
        await peer.say(metric("hr", "71"))
        await peer.say({"location": {"fac": "H1", "poc": "ICU", "bed": "7"}})
        await peer.say({"patient": {"id": "4711", "given": "Mei", "family": "Li"}})
        async with listening(port) as heard:
            await peer.say(metric("hr", "72"))
            await until(heard.source._queue.qsize, "a report")
            first = await heard.until(len)
            await peer.say(metric("hr", "73"))
            again = await heard.until(lambda told: any(e.value == 73.0 for e in of(told, "hr")))
            assert [e.value for e in of([*first, *again], "hr")] == [72.0, 73.0]  # what the MDIB has is not told twice
            assert isinstance(first[0], Frame)
            assert DeviceIdentity(manufacturer="Simulated", model="Workstation", serial="S-1", software="1.0") in first
            assert of(first, "hr")[-1].channel.code == "MDC_ECG_HEART_RATE"
            assert [(e.channel.role.value, e.value) for e in of(first, "hr.alarm")] == [
                ("limit_low", 45.0),
                ("limit_high", 110.0),
            ]
            assert [e.value for e in of(first, "mode")] == ["VCV"]
            assert [e.value for e in of(first, "location")] == ["H1 / ICU / 7"]
            patients = [e for e in first if isinstance(e, PatientIdentity)]
            assert [(e.family, e.ids, e.state) for e in patients] == [("Li", {"urn:hospital": "4711"}, "admitted")]

            await peer.say(metric("etco2.kpa", "4.80"))
            await peer.say(metric("etco2.mmhg", "36"))
            await peer.say(metric("vendor", "3"))
            kpa, mmhg, vendor = [await heard.value(handle) for handle in ("etco2.kpa", "etco2.mmhg", "vendor")]
            assert (kpa.value, kpa.channel.unit, mmhg.value, mmhg.channel.unit) == (4.8, "kPa", 36.0, "mm[Hg]")
            assert kpa.channel.code == mmhg.channel.code == "MDC_CONC_AWAY_CO2_ET"
            assert (vendor.channel.code, vendor.value) == ("MDC_UNMAPPED", 3.0)

            await peer.say(metric("spo2", "97", "Qst"))
            await peer.say(metric("temp", "41", "Calib", mode="Demo"))
            spo2, temp = await heard.value("spo2"), await heard.value("temp")
            assert (spo2.value, spo2.quality) == (97.0, Quality.QUESTIONABLE)
            assert (temp.value, temp.quality, temp.demo) == (None, Quality.CALIBRATING, True)

            await peer.say(metric("nibp.sys", "118"))
            await peer.say(metric("nibp.sys", "118"))
            cuffs = [await heard.value("nibp.sys"), await heard.value("nibp.sys")]
            assert [(e.value, e.repeat, e.device_time_us) for e in cuffs] == [
                (118.0, False, EPOCH_US),
                (118.0, True, EPOCH_US),
            ]

            for n in range(3):
                samples = [f"{0.001 * (50 * n + k):.3f}" for k in range(50)]
                await peer.say({"waves": {"wave.ecg": {"samples": samples, "time": NOW_S + 0.2 * n}}})
            waves = await heard.until(lambda told: sum(isinstance(e, Waveform) for e in told) == 3)
            pieces = [e for e in waves if isinstance(e, Waveform)]
            assert [e.gap_samples for e in pieces] == [None, 0, 0]
            assert [count for e in pieces for count in e.counts.tolist()] == list(range(150))
            assert pieces[0].values[7] == pytest.approx(0.007)

            await peer.say({"alerts": {"hr.alarm": True}})
            await peer.say({"alerts": {"hr.alarm": False, "spo2.off": True}})
            events = await heard.until(lambda told: sum(isinstance(e, AlarmCondition) for e in told) == 3)
            alarms = [(e.source, e.phase, e.text) for e in events if isinstance(e, AlarmCondition)]
            assert alarms[0] == ("hr.alarm", AlarmPhase.START, "Heart rate high")
            assert set(alarms[1:]) == {
                ("hr.alarm", AlarmPhase.END, "Heart rate high"),
                ("spo2.off", AlarmPhase.START, "SpO2 sensor off"),
            }
            await peer.say({"limits": {"hr.alarm": [45, 130]}})
            assert (await heard.value("hr.alarm")).value == 130.0

            await peer.say({"location": {"fac": "H1", "poc": "OR", "bed": "3"}})
            moved = await heard.until(lambda told: any(e.value == "H1 / OR / 3" for e in of(told, "location")))
            assert of(moved, "location")
            await peer.say({"patient": None})
            left = await heard.until(lambda told: any(isinstance(e, PatientIdentity) for e in told))
            assert [e.state for e in left if isinstance(e, PatientIdentity)] == ["discharged"]

            await peer.say({"delete": "vendor"})
            gone = await heard.value("vendor")
            assert (gone.value, gone.quality) == (None, Quality.NOT_AVAILABLE)

            await peer.say({"sequence": True})
            anew = await heard.until(lambda told: any(isinstance(e, DeviceIdentity) for e in told))
            phases = [(e.source, e.phase) for e in anew if isinstance(e, AlarmCondition)]
            assert phases == [("spo2.off", AlarmPhase.CONTINUE)]
            await peer.say(metric("hr", "73"))
            assert await heard.until(lambda told: any(e.value == 73.0 for e in of(told, "hr")))


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait less than a real device is waited for."""
    monkeypatch.setattr("drivers.sdc.source.QUIET_S", 0.5)


@pytest.mark.usefixtures("impatient")
async def test_a_device_that_is_killed_is_noticed_and_heard_again_when_it_is_back() -> None:
    port = anywhere()
    async with device(port) as peer:
        await peer.say({"alerts": {"spo2.off": True}})
        async with listening(port) as heard:
            stood = await heard.until(lambda told: any(isinstance(e, AlarmCondition) for e in told))
            assert peer.process is not None
            peer.process.kill()
            with pytest.raises(LinkError, match=r"does not answer|ended its subscriptions"):
                await heard.until(lambda _: False)
    with pytest.raises(LinkError, match="no SDC device answers"):
        async with listening(port):
            pass
    alarms = [e for e in stood if isinstance(e, AlarmCondition)]
    async with device(port), listening(port, alarms) as heard:
        ended = await heard.until(lambda told: any(isinstance(e, AlarmCondition) for e in told))
        assert [e.phase for e in ended if isinstance(e, AlarmCondition)] == [AlarmPhase.END]


@pytest.mark.usefixtures("impatient")
async def test_a_device_that_stands_still_is_noticed() -> None:
    port = anywhere()
    async with device(port) as peer, listening(port) as heard:
        await heard.until(len)
        assert peer.process is not None
        peer.process.send_signal(signal.SIGSTOP)
        with pytest.raises(LinkError, match="does not answer"):
            await heard.until(lambda _: False)


@pytest.mark.usefixtures("impatient")
async def test_a_device_with_nothing_to_say_is_asked_whether_it_is_there_and_nothing_else() -> None:
    port = anywhere()
    async with device(port), listening(port, waves=False) as heard:
        await heard.until(lambda told: sum(isinstance(e, Frame) and e.kind == "probe" for e in told) == 2)
        consumer: Any = heard.source._consumer
        offered = {str(kind.localname) for one in consumer.host_description.relationship.Hosted for kind in one.Types}
        assert "SetService" in offered
        assert consumer.set_service_client is None
        subscribed = " ".join(consumer.subscription_status)
        assert "EpisodicMetricReport" in subscribed
        assert "Operation" not in subscribed


def pki(folder: Path, authority: Path | None = None) -> Path:
    """A key and certificate for 127.0.0.1, vouched for by the authority of another folder, or by a new one."""
    folder.mkdir()
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout")

    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    if authority is None:
        openssl("req", "-x509", *curve, "ca.key", "-out", "cacert.pem", "-subj", "/CN=Hospital", "-days", "2")
        authority = folder
    (folder / "cacert.pem").write_bytes((authority / "cacert.pem").read_bytes())
    usage = "extendedKeyUsage=serverAuth,clientAuth,1.2.840.10004.20701.1.1\nsubjectAltName=IP:127.0.0.1\n"
    (folder / "usage").write_text(usage, encoding="utf-8")
    openssl("req", *curve, "userkey.pem", "-out", "request", "-subj", "/CN=peer")
    signed = ("-CA", str(authority / "cacert.pem"), "-CAkey", str(authority / "ca.key"), "-CAcreateserial")
    openssl("x509", "-req", "-in", "request", *signed, "-extfile", "usage", "-days", "2", "-out", "usercert.pem")
    return folder


async def test_mutual_tls(tmp_path: Path) -> None:
    theirs = pki(tmp_path / "device")
    ours, stranger = pki(tmp_path / "gateway", theirs), pki(tmp_path / "stranger")
    port = anywhere("https")
    plain = parse_port(port.text.replace("https", "http"))
    async with device(port, theirs) as peer:
        async with listening(port, tls=ours) as heard:
            await peer.say(metric("hr", "71"))
            assert (await heard.value("hr")).value == 71.0
        with pytest.raises(LinkError, match="no mutual trust"):
            async with listening(port, tls=stranger):
                pass
        with pytest.raises(LinkError, match="no SDC device answers"):
            async with listening(plain):
                pass


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"epr": "urn:uuid:1"}, "go together"),
        ({"adapter": "10.0.0.1"}, "go together"),
        ({"tls": "certificates"}, "absolute"),
        ({"tls": "/nowhere"}, "lacks userkey.pem"),
        ({"waves": "often"}, "boolean"),
    ],
)
def test_mistakes_are_named(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Options.model_validate(options)


def test_https_needs_certificates() -> None:
    with pytest.raises(UsageError, match="folder of certificates"):
        SdcSource(Options(), parse_port("https://device:443/x"))


def test_without_the_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drivers.sdc, "find_spec", lambda _: None)
    spec = driver("sdc")
    assert spec.source is not None
    assert spec.peer is not None
    with pytest.raises(UsageError, match=r"vitalsd\[sdc\]"):
        spec.source(Options(), parse_port("http://device:80/x"), ())
    with pytest.raises(UsageError, match=r"vitalsd\[sdc\]"):
        spec.peer(Simulated(patient=Patient()), parse_port("http://device:80/x"), lambda: 0.0)


async def test_a_workstation_that_is_found_by_its_endpoint_reference_is_heard() -> None:
    port, somewhere = anywhere(), parse_port("http://workstation:80/")
    epr = "urn:uuid:4f1f2c1e-9d9b-4a7c-8f3a-5b6c7d8e9f00"
    clock = iter(range(100_000))
    peer = SdcPeer(Simulated(patient=Patient("bleeding", 1), epoch_us=EPOCH_US), port, lambda: next(clock) * 0.1)
    said: list[Event] = []
    began = asyncio.Event()

    async def note() -> None:
        async for events in peer:
            said.extend(events)
            began.set()

    try:
        await peer.open()
        speaking = asyncio.create_task(note())
        await began.wait()
        async with listening(somewhere, epr=epr, adapter="127.0.0.1") as heard:
            events = await heard.until(lambda told: len(of(told, "hr")) >= 4)
            speaking.cancel()
    finally:
        await peer.close()
    assert not speaking.done() or speaking.cancelled()
    told = {(e.channel, e.value, e.quality, e.device_time_us) for e in said if isinstance(e, Observation)}
    assert {(e.channel, e.value, e.quality, e.device_time_us) for e in events if isinstance(e, Observation)} <= told
    assert {e.channel for e in events if isinstance(e, Waveform)} == {
        e.channel for e in said if isinstance(e, Waveform)
    }
    ours, theirs = (
        np.concatenate([e.values for e in some if isinstance(e, Waveform) and e.channel.source == "wave.ecg"])
        for some in (events, said)
    )
    assert any(np.allclose(theirs[n : n + len(ours)], ours) for n in range(len(theirs) - len(ours) + 1))


def test_the_sample_is_a_bed() -> None:
    config = load(Path(__file__).parents[3] / "drivers/sdc/sample.toml")
    assert {one.spec.name for one in config.device} == {"sdc"}
