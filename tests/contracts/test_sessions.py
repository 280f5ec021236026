"""The suite that every driver's session passes: cutting, damage, endless input, and a dialogue with its simulator."""

import importlib
import math
import random
import tracemalloc
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.driver import DriverSpec, Simulated, drivers
from collector.model import DeviceClock, Event, Frame, Observation, Rejected, Role, Waveform
from collector.session import Session
from drivers.patient import Patient
from tests.shared import Recording

SHORT_AND_LONG = [500, pytest.param(10_000, marks=pytest.mark.soak)]
"""Mutations of each recording; a tenth of it are the cuttings."""
EPOCH_US = 1_700_000_000_000_000
START_S = 5_000.0
WINDOW = 16_384
ENDLESS = 4 << 20
MEMORY = 2 << 20

pytestmark = pytest.mark.parametrize(
    "spec", [spec for spec in drivers().values() if spec.session], ids=lambda spec: spec.name
)


def recordings(spec: DriverSpec) -> list[Recording]:
    module = importlib.import_module(f"tests.drivers.{spec.name.replace('-', '_')}.recordings")
    found: list[Recording] = module.recordings()
    return found


def session(spec: DriverSpec, *, datagrams: bool) -> Session:
    assert spec.session is not None
    return spec.session(spec.options(), datagrams, ())


def decoded(spec: DriverSpec, chunks: Sequence[bytes], *, datagrams: bool = False) -> list[Event]:
    one = session(spec, datagrams=datagrams)
    events = [event for chunk in chunks for event in one.receive(chunk, 0.0)]
    return events + list(one.finish())


def pieces(data: bytes, size: int) -> list[bytes]:
    return [data[i : i + size] for i in range(0, len(data), size)]


def streams(spec: DriverSpec) -> Iterator[tuple[str, bytes]]:
    for recording in recordings(spec):
        if not recording.datagrams:
            yield recording.name, b"".join(recording.chunks)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("size", [1, 7, 64, 4096])
def test_a_whole_recording_in_equal_chunks_gives_the_same_events(spec: DriverSpec, size: int) -> None:
    for name, data in streams(spec):
        assert decoded(spec, pieces(data, size)) == decoded(spec, [data]), name


@pytest.mark.timeout(600)
@pytest.mark.parametrize("mutations", SHORT_AND_LONG)
def test_any_cutting_of_any_window_gives_the_same_events(spec: DriverSpec, mutations: int) -> None:
    def cutting(name: str, data: bytes) -> None:
        @settings(max_examples=mutations // 10, deadline=None, derandomize=True, database=None)
        @given(st.data())
        def check(draw: st.DataObject) -> None:
            start = draw.draw(st.integers(0, max(0, len(data) - 1)))
            window = data[start : start + draw.draw(st.integers(1, WINDOW))]
            cuts = sorted(draw.draw(st.lists(st.integers(0, len(window)), max_size=40)))
            chunks = [window[a:b] for a, b in zip([0, *cuts], [*cuts, len(window)], strict=True)]
            assert decoded(spec, chunks) == decoded(spec, [window]), name

        check()

    for name, data in streams(spec):
        cutting(name, data)


def damage(rng: random.Random, data: bytes) -> bytes:
    """One to five random wounds: flips, losses, insertions, repeats, swaps, truncation."""
    out = bytearray(data)
    for _ in range(rng.randint(1, 5)):
        if not out:
            break
        at, size = rng.randrange(len(out)), rng.randint(1, 64)
        match rng.randrange(6):
            case 0:
                out[at] ^= 1 << rng.randrange(8)
            case 1:
                del out[at : at + size]
            case 2:
                out[at:at] = rng.randbytes(size)
            case 3:
                out[at:at] = out[at : at + size]
            case 4:
                other = rng.randrange(len(out))
                out[at], out[other] = out[other], out[at]
            case _:
                del out[at:]
    return bytes(out)


def sound(events: Sequence[Event], length: int) -> None:
    """What must hold of any events whatever the bytes."""
    for event in events:
        if isinstance(event, Observation):
            assert not isinstance(event.value, float) or math.isfinite(event.value)
        elif isinstance(event, Waveform):
            assert event.data
            assert len(event.data) % 4 == 0
            assert event.rate_hz > 0
        elif isinstance(event, Frame | Rejected):
            assert 0 <= event.offset <= length
            assert 0 <= event.length <= length


@pytest.mark.timeout(900)
@pytest.mark.parametrize("mutations", SHORT_AND_LONG)
def test_damage_raises_nothing(spec: DriverSpec, mutations: int) -> None:
    rng = random.Random(1)
    for recording in recordings(spec):
        whole = b"".join(recording.chunks)
        for _ in range(mutations):
            if recording.datagrams:
                chunks = [damage(rng, chunk) if rng.random() < 0.5 else chunk for chunk in recording.chunks]
                rng.shuffle(chunks)
            else:
                start = rng.randrange(max(1, len(whole)))
                chunks = [damage(rng, whole[start : start + rng.randint(1, WINDOW)])]
            sound(decoded(spec, chunks, datagrams=recording.datagrams), sum(map(len, chunks)))


@pytest.mark.parametrize("datagrams", [False, True])
def test_garbage_raises_nothing_and_says_nothing(spec: DriverSpec, datagrams: bool) -> None:
    rng = random.Random(2)
    for _ in range(50):
        chunks = [rng.randbytes(rng.randint(1, 2000)) for _ in range(10)]
        events = decoded(spec, chunks, datagrams=datagrams)
        sound(events, sum(map(len, chunks)))
        assert not any(isinstance(event, Observation | Waveform) for event in events)


@pytest.mark.parametrize("byte", [0x00, 0x41, 0xFF])
def test_endless_input_is_counted_and_not_kept(spec: DriverSpec, byte: int) -> None:
    one = session(spec, datagrams=False)
    chunk = bytes([byte]) * 65_536
    tracemalloc.start()
    try:
        rejected = 0
        for _ in range(ENDLESS // len(chunk)):
            rejected += sum(isinstance(event, Rejected) for event in one.receive(chunk, 0.0))
        assert tracemalloc.get_traced_memory()[0] < MEMORY
    finally:
        tracemalloc.stop()
    rejected += sum(isinstance(event, Rejected) for event in one.finish())
    assert rejected > 0


def test_good_frames_after_garbage_are_read(spec: DriverSpec) -> None:
    for name, data in streams(spec):
        head = data[:WINDOW]
        alone = [e for e in decoded(spec, [head]) if isinstance(e, Frame)]
        after = [e for e in decoded(spec, [b"\x55" * 5000 + head]) if isinstance(e, Frame)]
        assert len(after) >= len(alone) - 1, name


def lines(spec: DriverSpec) -> set[bool]:
    return {line.scheme == "udp" for line in spec.lines}


def test_a_dialogue_with_its_simulator_brings_what_the_simulator_said(spec: DriverSpec) -> None:
    for datagrams in lines(spec):
        mine = session(spec, datagrams=datagrams)
        patient = Patient("stable", 3)
        assert spec.simulator is not None
        device = spec.simulator(Simulated(patient=patient, seed=3, datagrams=datagrams, epoch_us=EPOCH_US))
        said: list[Event] = []
        heard: list[Event] = []
        now = START_S
        while now < START_S + 60.0:
            for one, other, told in ((mine, device, said), (device, mine, heard)):
                due = one.deadline()
                if due is not None and due <= now:
                    (heard if one is mine else said).extend(one.expire(now))
                while out := one.outgoing():
                    told.extend(other.receive(out, now))
            now += 0.01
        clocks = [e.time_us for e in heard if isinstance(e, DeviceClock)]
        assert bool(clocks) == any(isinstance(e, DeviceClock) for e in said)
        assert all(0 <= (time_us - EPOCH_US) / 1e6 - START_S <= 60.0 for time_us in clocks)
        values = [e for e in said if isinstance(e, Observation) and isinstance(e.value, float)]
        assert len(values) > 10, spec.name
        got = {(e.channel, e.value) for e in heard if isinstance(e, Observation)}
        missing = [e for e in values[:-200] if (e.channel, e.value) not in got]
        assert not missing
        rates = [
            e.value
            for e in heard
            if isinstance(e, Observation)
            and e.channel.role is Role.MEASURED
            and e.channel.code in {"MDC_ECG_HEART_RATE", "MDC_PULS_OXIM_PULS_RATE"}
        ]
        truth = [patient.vitals(t).heart_rate_per_min for t in range(60)]
        low, high = min(truth) - 1.5, max(truth) + 1.5
        assert all(value is None or isinstance(value, str) or low <= value <= high for value in rates)
        assert any(isinstance(e, Waveform) for e in heard) == any(isinstance(e, Waveform) for e in said)


def test_two_sessions_do_not_share_anything(spec: DriverSpec) -> None:
    for recording in recordings(spec)[:3]:
        first = session(spec, datagrams=recording.datagrams)
        second = session(spec, datagrams=recording.datagrams)
        a: list[Event] = []
        b: list[Event] = []
        for chunk in recording.chunks[:50]:
            a += first.receive(chunk, 0.0)
            b += second.receive(chunk, 0.0)
        assert a == b


def test_the_declaration_holds_together(spec: DriverSpec) -> None:
    assert spec.models
    assert spec.lines
    assert spec.silence_s <= 10
    assert all(p.refid.startswith("VND_") and p.zh and p.en for p in spec.parameters)
    assert len({p.refid for p in spec.parameters}) == len(spec.parameters)
    with pytest.raises(ValueError, match="extra"):
        spec.options.model_validate({"no_such_option": 1})
