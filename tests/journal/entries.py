"""Made-up entries for the tests of journal and store."""

import random
import sqlite3
from collections.abc import Sequence
from contextlib import closing

import numpy as np

from collector.journal import Journal
from collector.model import (
    AlarmCondition,
    AlarmPhase,
    AlarmType,
    Channel,
    Condition,
    DeviceIdentity,
    Entry,
    Identity,
    PatientIdentity,
    Priority,
    Quality,
    Reading,
    Role,
    Series,
    WavePiece,
)

BED = "OR-3"
T0_US = 1_767_225_600_000_000
"""2026-01-01T00:00:00Z."""

HEART_RATE = Channel(code="MDC_ECG_HEART_RATE", source="4182", unit="/min")
TEMPERATURE = Channel(code="MDC_TEMP_NASOPH", source="T1", unit="Cel", site="nasopharynx")
LIMIT = Channel(code="MDC_ECG_HEART_RATE", source="4182", unit="/min", role=Role.LIMIT_HIGH)
MODE = Channel(code="MDC_VENT_MODE", source="mode", unit="", role=Role.SET)
ECG = Channel(code="MDC_ECG_ELEC_POTL_II", source="0102", unit="mV")


def reading(
    channel: Channel,
    at_s: float,
    value: float | str | None,
    quality: Quality = Quality.VALID,
    *,
    device: str = "monitor",
    bed: str = BED,
    demo: bool = False,
) -> Reading:
    return Reading(
        series=Series(bed=bed, device=device, channel=channel),
        time_us=T0_US + round(at_s * 1_000_000),
        value=None if isinstance(value, str) else value,
        text=value if isinstance(value, str) else None,
        quality=quality,
        demo=demo,
    )


def piece(at_s: float, counts: Sequence[int], rate_hz: float = 250.0, *, bed: str = BED) -> WavePiece:
    return WavePiece(
        series=Series(bed=bed, device="monitor", channel=ECG),
        start_us=T0_US + round(at_s * 1_000_000),
        rate_hz=rate_hz,
        data=np.array(counts, dtype="<i4").tobytes(),
        scale=0.005,
        offset=-1.5,
        quality=Quality.VALID,
        demo=False,
    )


def condition(
    at_s: float, phase: AlarmPhase, priority: Priority = Priority.HIGH, text: str = "HR 高", *, source: str = "hr"
) -> Condition:
    alarm = AlarmCondition(
        source=source,
        type=AlarmType.PHYSIOLOGICAL,
        priority=priority,
        phase=phase,
        code="MDC_EVT_HI",
        text=text,
        device_priority="red",
        device_time_us=T0_US,
    )
    return Condition(bed=BED, device="monitor", time_us=T0_US + round(at_s * 1_000_000), alarm=alarm)


def identity(at_s: float, who: DeviceIdentity | PatientIdentity) -> Identity:
    return Identity(bed=BED, device="monitor", time_us=T0_US + round(at_s * 1_000_000), identity=who)


def one_of_each() -> list[Entry]:
    """Every kind of entry, and every kind of value."""
    return [
        reading(HEART_RATE, 0, 61.0),
        reading(HEART_RATE, 1, 0.1 + 0.2, Quality.QUESTIONABLE, demo=True),
        reading(HEART_RATE, 2, None, Quality.NOT_AVAILABLE),
        reading(LIMIT, 0, 120.0),
        reading(MODE, 0, "SIMV±PS 压力支持"),
        *(reading(TEMPERATURE, n, None if n else 36.6, quality) for n, quality in enumerate(Quality)),
        piece(0, [0, 1, -32_768, 32_767]),
        piece(0.016, [2_147_483_647, -2_147_483_648]),
        condition(1, AlarmPhase.START),
        identity(0, DeviceIdentity(manufacturer="Philips", model="MX800", serial="DE1", software="L.0")),
        identity(0, PatientIdentity(ids={"patient_id": "007"}, family="王", given="小明", height_cm=171.5)),
    ]


DAMAGES = {
    "piece": "update wave set samples = 4",
    "piece's quality": "update wave set quality = 'X'",
    "piece's encoding": "update wave set enc = 7",
    "piece's rate": "update wave set rate_hz = 'X'",
    "piece's data": "update wave set data = 5",
    "piece's channel": "update wave set channel = 99",
    "reading": "update obs set quality = 'X' where text is not null",
    "reading's text": "update obs set text = cast(text as blob) where text is not null",
    "condition": "update condition set priority = 'X'",
    "condition's text": "update condition set text = cast(text as blob)",
    "identity": "update identity set body = substr(body, 2)",
    "identity's body": "update identity set body = cast(body as blob)",
}
"""What may happen to a row in the file of a journal, by the kind of entry that it hits."""

DAMAGES_OF_LATEST = {
    "reading": "update latest set quality = 'X' where text is not null",
    "reading's text": "update latest set text = cast(text as blob) where text is not null",
}


def damaged(journal: Journal, damage: str, others: Sequence[Entry]) -> None:
    """Append an entry of each kind, as the 8th to the 11th of others, and damage one of them."""
    device = DeviceIdentity(manufacturer="Philips")
    each: list[Entry] = [
        piece(0, range(3)),
        reading(MODE, 0, "SIMV"),
        condition(0, AlarmPhase.START),
        identity(0, device),
    ]
    journal.append([*others[:7], *each, *others[7:]])
    assert journal.path is not None
    with closing(sqlite3.connect(journal.path)) as db, db:
        assert db.execute(DAMAGES[damage]).rowcount == 1
        if damage in DAMAGES_OF_LATEST:
            assert db.execute(DAMAGES_OF_LATEST[damage]).rowcount == 1


def seconds(first: int, last: int, channels: int = 20, *, device: str = "monitor") -> list[Entry]:
    """A value a second of each channel; always the same for the same second."""
    entries: list[Entry] = []
    for second in range(first, last):
        chance = random.Random(second)
        for number in range(channels):
            channel = Channel(code=f"VND_TEST_{number}", source=str(number), unit="1")
            value = None if chance.random() < 0.05 else chance.gauss(60.0, 5.0)
            quality = Quality.NOT_AVAILABLE if value is None else Quality.VALID
            entries.append(reading(channel, second + number / 1000, value, quality, device=device))
    return entries
