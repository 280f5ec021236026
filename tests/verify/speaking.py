"""What a made-up device says, and how it is kept: material for the tests of the account."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from collector.model import (
    AlarmCondition,
    Channel,
    Condition,
    DeviceIdentity,
    Entry,
    Event,
    Identity,
    Observation,
    Reading,
    Series,
    Waveform,
    WavePiece,
)
from collector.verify.accounting import Account, account
from collector.verify.testimony import Absence, Kept, Said

T0_US = 1_767_225_600_000_000
SECOND_US = 1_000_000
HEART_RATE = Channel(code="MDC_ECG_HEART_RATE", source="hr", unit="/min")
CUFF = Channel(code="MDC_PRESS_BLD_NONINV_SYS", source="nibp", unit="mm[Hg]")
TEMPERATURE = Channel(code="MDC_TEMP_NASOPH", source="t1", unit="Cel")
MODE = Channel(code="MDC_VENT_MODE", source="mode", unit="")
ECG = Channel(code="MDC_ECG_ELEC_POTL_II", source="ecg", unit="mV")
RATE_HZ = 100
WAY_US = 8_000

START = Absence(begin_us=T0_US, seen_us=T0_US)
END = Absence(begin_us=T0_US + 60 * SECOND_US, seen_us=T0_US + 60 * SECOND_US)


def value(at_s: float, number: float | str, channel: Channel = HEART_RATE, device_us: int | None = None) -> Said:
    return said(at_s, Observation(channel=channel, value=number, device_time_us=device_us))


def said(at_s: float, event: Event) -> Said:
    return Said(time_us=T0_US + round(at_s * SECOND_US), device="m", event=event)


def at_s(one: Said) -> float:
    return (one.time_us - T0_US) / SECOND_US


def wave(second: int, *, like: int | None = None, flat: bool = False) -> Said:
    counts = np.zeros(RATE_HZ) if flat else np.arange(RATE_HZ) + (second if like is None else like) * RATE_HZ
    return said(second, Waveform(channel=ECG, rate_hz=RATE_HZ, data=counts.astype("<i4").tobytes()))


def kept(one: Said, life: int = 0) -> Kept:
    """As it comes into the journal a few ms later."""
    event = one.event
    entry: Entry
    match event:
        case Waveform():
            entry = WavePiece(
                series=Series(bed="B", device=one.device, channel=event.channel),
                start_us=one.time_us - SECOND_US,
                rate_hz=event.rate_hz,
                data=event.data,
                scale=event.scale,
                offset=event.offset,
                quality=event.quality,
                demo=event.demo,
            )
        case AlarmCondition():
            entry = Condition(bed="B", device=one.device, time_us=one.time_us + WAY_US, alarm=event)
        case DeviceIdentity():
            entry = Identity(bed="B", device=one.device, time_us=one.time_us + WAY_US, identity=event)
        case _:
            assert isinstance(event, Observation)
            entry = Reading(
                series=Series(bed="B", device=one.device, channel=event.channel),
                time_us=one.time_us + WAY_US if event.device_time_us is None else event.device_time_us,
                value=event.value if isinstance(event.value, float) else None,
                text=event.value if isinstance(event.value, str) else None,
                quality=event.quality,
                demo=event.demo,
            )
    return Kept(life=life, entry=entry)


def changed(one: Kept, **fields: object) -> Kept:
    """Kept with other contents; shift_us: at another time."""
    shift_us = fields.pop("shift_us", 0)
    assert isinstance(shift_us, int)
    if isinstance(one.entry, WavePiece):
        fields |= {"start_us": one.entry.start_us + shift_us}
    else:
        fields |= {"time_us": one.entry.time_us + shift_us}
    return replace(one, entry=replace(one.entry, **fields))  # type: ignore[arg-type]


SAID = [
    one
    for second in range(1, 50)
    for one in (value(second, 60.0 + second % 3), wave(second), value(second + 0.5, 36.0 + second, CUFF))
]


def judged(told: Sequence[Said], held: Sequence[Kept], absences: Sequence[Absence] = (START, END)) -> Account:
    return account(told, held, absences)
