"""Checks of a session in conversation: with its simulator, with nobody, after a break, and of what it ever sends."""

from collector.conform.bytewise import damaged
from collector.conform.subject import EPOCH_US, START_S, TALK_S, Failed, Subject, Unchecked
from collector.conform.talk import Talk, patiently, talk
from collector.model import DeviceClock, Event, Frame, Observation, Role, Waveform
from collector.session import Session

UNDER_WAY = 200
"""Of the values said last some may not have been heard yet."""
RATES = {"MDC_ECG_HEART_RATE", "MDC_PULS_OXIM_PULS_RATE"}
RATE_PER_MIN = 1.5
"""A device rounds, and shows what was a moment ago."""

MUTE_S = 300.0
MOST_WOKEN_PER_S = 50.0
MOST_SENT_PER_S = 4_000.0
"""More than any of these protocols asks for; a serial line of 38 400 baud brings as much."""

BREAK_S = 7.3
AGAIN_S = 60.0
"""How long a device may take until it speaks again: its own time-outs (MEDIBUS 10 s, IntelliVue 10 s, servo 10 s) and
our silence, twice."""


def dialogue(subject: Subject) -> str:
    """What the simulator said is heard: the same channels, values and clock, and the patient's own rates."""
    heard_values = 0
    for one in subject.talks:
        values = [e for e in one.said if isinstance(e, Observation) and isinstance(e.value, float | int)]
        if not values:
            raise Failed("the simulator said no value in a minute")
        got = {(e.channel, e.value) for e in one.heard if isinstance(e, Observation)}
        missing = next(
            (e for e in values[: -min(UNDER_WAY, len(values) // 2)] if (e.channel, e.value) not in got), None
        )
        if missing is not None:
            raise Failed(f"said and not heard: {missing.channel.source} {missing.channel.code} = {missing.value}")
        heard_values += len(got)
        for kind in (DeviceClock, Waveform):
            said, heard = (any(isinstance(e, kind) for e in events) for events in (one.said, one.heard))
            if said and not heard:
                raise Failed(f"{kind.__name__} is said and not heard")
        for event in one.heard:
            if isinstance(event, DeviceClock) and not 0 <= (event.time_us - EPOCH_US) / 1e6 - START_S <= TALK_S:
                raise Failed("the clock that is heard is not the device's")
        _rates(subject, one)
    return f"{heard_values} values of a minute's talk"


def _rates(subject: Subject, one: Talk) -> None:
    truth = [subject.patient.vitals(second).heart_rate_per_min for second in range(round(TALK_S))]
    low, high = min(truth) - RATE_PER_MIN, max(truth) + RATE_PER_MIN
    for event in one.heard:
        if (
            isinstance(event, Observation)
            and event.channel.role is Role.MEASURED
            and event.channel.code in RATES
            and isinstance(event.value, float)
            and not low <= event.value <= high
        ):
            raise Failed(f"a heart rate of {event.value} is not the patient's ({low:.1f} to {high:.1f})")


def deadline(subject: Subject) -> str:
    """With a device that says nothing it neither spins nor floods the line."""
    one = subject.session(datagrams=False)
    woken, sent = patiently(one, START_S, MUTE_S)
    subject.sent.update(data for _, data in sent)
    total = sum(len(data) for _, data in sent)
    if woken > MOST_WOKEN_PER_S * MUTE_S:
        raise Failed(f"it wants to be woken {woken / MUTE_S:.0f} times a second by a device that is mute")
    if total > MOST_SENT_PER_S * MUTE_S:
        raise Failed(f"it sends {total / MUTE_S:.0f} bytes/s to a device that is mute")
    one.close(START_S + MUTE_S)
    subject.note(one)
    one.expire(START_S + 10 * MUTE_S)
    subject.note(one)
    return f"{MUTE_S:.0f} s with a mute device: woken {woken} times, {total} bytes sent"


def reconnect(subject: Subject) -> str:
    """A broken line and a restarted device are heard again, by a new session and without anybody's help."""
    datagrams = subject.talks[0].datagrams
    device = subject.simulator(datagrams=datagrams)
    before = talk(subject.session(datagrams=datagrams), device, START_S, BREAK_S, datagrams=datagrams)
    now = START_S + BREAK_S
    first = _until_heard(subject, device, now, datagrams=datagrams)
    if first is None:
        raise Failed(f"after a broken line no value is heard within {AGAIN_S:.0f} s")
    second = _until_heard(subject, subject.simulator(datagrams=datagrams), now + AGAIN_S, datagrams=datagrams)
    if second is None:
        raise Failed(f"of a restarted device no value is heard within {AGAIN_S:.0f} s")
    subject.sent.update(before.down)
    return f"heard again {first:.0f} s after a broken line, {second:.0f} s after the device was restarted"


def _until_heard(subject: Subject, device: Session, start_s: float, *, datagrams: bool) -> float | None:
    """Seconds until a value is heard, with a new session after each silence, as the runner does; None: not at all."""
    mine, found, heard_s = subject.session(datagrams=datagrams), Talk(datagrams=datagrams), 0.0
    for second in range(round(AGAIN_S)):
        frames = _frames(found.heard)
        talk(mine, device, start_s + second, 1.0, heard=found)
        if any(isinstance(event, Observation) and event.value is not None for event in found.heard):
            subject.sent.update(found.down)
            return float(second + 1)
        if _frames(found.heard) > frames:
            heard_s = float(second)
        elif second - heard_s >= subject.spec.silence_s:
            mine, heard_s = subject.session(datagrams=datagrams), float(second)
    return None


def _frames(events: list[Event]) -> int:
    return sum(isinstance(event, Frame) for event in events)


def sending(subject: Subject) -> str:
    """All that any session sent in any check, also when it was lied to, is what the driver says that it may send."""
    rng = subject.random("sending")
    for one in subject.talks:
        for _ in range(max(3, subject.trials // 50)):
            mine, now = subject.session(datagrams=one.datagrams), START_S
            for chunk in one.up[:400]:
                now += rng.choice((0.0, 0.05, 0.5, 5.0))
                mine.receive(damaged(rng, chunk) if rng.random() < 0.3 else chunk, now)
                due = mine.deadline()
                if due is not None and due <= now:
                    mine.expire(now)
                subject.note(mine)
    sent = {data for data in subject.sent if data}
    if subject.spec.sends is None:
        raise Unchecked(f"it does not declare what it may send ({len(sent)} different runs of bytes were sent)")
    for data in sorted(sent, key=len):
        if not subject.spec.sends.fullmatch(data):
            raise Failed(f"it sent what it says that it never sends: {data[:40].hex(' ')}")
    return f"{len(sent)} different runs of bytes, none but what is declared"
