"""Checks of what a session makes of bytes: cut anywhere, damaged, none of its own, and without end."""

import math
import random
import tracemalloc
from collections.abc import Sequence

from collector.conform.subject import WINDOW_BYTES, Failed, Subject, Unchecked, pieces, window
from collector.model import AlarmCondition, Event, Frame, Observation, Rejected, Waveform

SIZES = (1, 7, 64, 4096)
CUTTINGS = 0.1
"""Of the trials: windows cut at random places."""
NOISE_BYTES, NOISE_CHUNK = 1 << 20, 1_500
ENDLESS_BYTES = 4 << 20
MOST_MEMORY = 2 << 20
"""Held of input without an end: more than any message, less than what would be noticed too late."""
GARBAGE = b"\x55" * 5_000


def captures(subject: Subject) -> str:
    """Of every recording that is given something is understood."""
    if not subject.streams:
        raise Unchecked("no capture was given")
    frames = rejected = 0
    for recording in subject.streams:
        events = subject.decoded(recording.chunks, datagrams=recording.datagrams)
        understood = sum(isinstance(event, Frame) for event in events)
        frames, rejected = frames + understood, rejected + sum(isinstance(event, Rejected) for event in events)
        if not understood:
            raise Failed(f"{recording.name}: not one frame of it is understood")
    return f"{len(subject.streams)} captures: {frames} frames, {rejected} rejected"


def chunking(subject: Subject) -> str:
    """Any cutting of the same bytes gives the same events."""
    rng, cuttings, streams = subject.random("chunking"), 0, 0
    for name, data in subject.wholes():
        streams += 1
        whole = subject.decoded([data])
        for size in SIZES:
            if subject.decoded(pieces(data, size)) != whole:
                raise Failed(f"{name}: in chunks of {size} bytes it gives other events than whole")
        for _ in range(math.ceil(subject.trials * CUTTINGS)):
            cuttings += 1
            part = window(rng, data)
            cuts = sorted(rng.choices(range(len(part) + 1), k=rng.randint(0, 40)))
            chunks = [part[a:b] for a, b in zip([0, *cuts], [*cuts, len(part)], strict=True)]
            if subject.decoded(chunks) != subject.decoded([part]):
                raise Failed(f"{name}: a window of {len(part)} bytes cut at {cuts} gives other events than whole")
    if not streams:
        raise Unchecked("it speaks in datagrams only")
    return f"{streams} streams in chunks of {', '.join(map(str, SIZES))} bytes and cut in {cuttings} ways"


def mutation(subject: Subject) -> str:
    """Damage raises nothing, and what is understood of it is sound."""
    rng, tried = subject.random("mutation"), 0
    for recording in subject.recordings:
        whole = b"".join(recording.chunks)
        for _ in range(subject.trials):
            tried += 1
            if recording.datagrams:
                chunks = [damaged(rng, chunk) if rng.random() < 0.5 else chunk for chunk in recording.chunks]
                rng.shuffle(chunks)
            else:
                chunks = [damaged(rng, window(rng, whole))]
            wrong = unsound(subject.decoded(chunks, datagrams=recording.datagrams), sum(map(len, chunks)))
            if wrong:
                raise Failed(f"{recording.name}, damaged: {wrong}")
    return f"{tried} damaged pieces of {len(subject.recordings)} recordings"


def noise(subject: Subject) -> str:
    """Random bytes raise nothing and say nothing of a patient."""
    rng = subject.random("noise")
    for datagrams in (False, True):
        chunks = [rng.randbytes(rng.randint(1, 2 * NOISE_CHUNK)) for _ in range(NOISE_BYTES // NOISE_CHUNK)]
        events = subject.decoded(chunks, datagrams=datagrams)
        said = next((one for one in events if isinstance(one, Observation | Waveform | AlarmCondition)), None)
        wrong = f"it takes noise for {said}" if said else unsound(events, sum(map(len, chunks)))
        if wrong:
            raise Failed(wrong)
    return f"{NOISE_BYTES >> 20} MiB of random bytes, as a stream and as datagrams"


def endless(subject: Subject) -> str:
    """Input that never makes a message is counted and not kept."""
    for byte in (0x00, 0x41, 0xFF):
        one = subject.session(datagrams=False)
        chunk = bytes([byte]) * 65_536
        rejected = 0
        tracemalloc.start()
        try:
            for _ in range(ENDLESS_BYTES // len(chunk)):
                rejected += sum(isinstance(event, Rejected) for event in one.receive(chunk, 0.0))
                subject.note(one)
            held = tracemalloc.get_traced_memory()[0]
        finally:
            tracemalloc.stop()
        rejected += sum(isinstance(event, Rejected) for event in one.finish())
        if held >= MOST_MEMORY:
            raise Failed(f"{held >> 10} KiB are held of endless {byte:02X}")
        if not rejected:
            raise Failed(f"endless {byte:02X} is not counted as rejected")
    return f"{ENDLESS_BYTES >> 20} MiB each of 00, 41 and FF"


def recovery(subject: Subject) -> str:
    """After garbage the next good frames are read."""
    tried = 0
    for name, data in subject.wholes():
        head = data[:WINDOW_BYTES]
        alone = sum(isinstance(event, Frame) for event in subject.decoded([head]))
        tried += alone > 1  # one may be lost to the garbage
        after = sum(isinstance(event, Frame) for event in subject.decoded([GARBAGE + head]))
        if after < alone - 1:
            raise Failed(f"{name}: {alone} frames, {after} of them after garbage")
    if not tried:
        raise Unchecked("no stream holds two frames")
    return f"{tried} streams after {len(GARBAGE)} bytes of garbage"


def isolation(subject: Subject) -> str:
    """Two sessions side by side share nothing."""
    for recording in subject.recordings:
        first = subject.session(datagrams=recording.datagrams)
        second = subject.session(datagrams=recording.datagrams)
        a: list[Event] = []
        b: list[Event] = []
        for chunk in recording.chunks[:50]:
            a += first.receive(chunk, 0.0)
            b += second.receive(chunk, 0.0)
        if a != b:
            raise Failed(f"{recording.name}: two sessions that hear the same say different things")
    return f"{len(subject.recordings)} recordings by two sessions in turn"


def damaged(rng: random.Random, data: bytes) -> bytes:
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


def unsound(events: Sequence[Event], length: int) -> str:
    """What must not be of any events whatever the bytes; empty where all is well."""
    for event in events:
        match event:
            case Observation(value=float() as value) if not math.isfinite(value):
                return f"a value that is no number: {event.channel}"
            case Observation(value=None, quality="valid"):
                return f"no value, and no reason why: {event.channel}"
            case Waveform() if not event.data or len(event.data) % 4 or event.rate_hz <= 0:
                return f"a wave of no samples: {event.channel}"
            case Frame() | Rejected() if not (0 <= event.offset <= length and 0 <= event.length <= length):
                return f"a place outside of the input: {event}"
    return ""
