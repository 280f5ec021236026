"""What every reader of series gives. A test class gives the fixture `stored`: entries in, a reader over them out."""

import math
import struct
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import numpy as np

from collector.model import (
    AlarmPhase,
    Channel,
    DeviceIdentity,
    Entry,
    PatientIdentity,
    Quality,
    Reading,
    Series,
    WavePiece,
)
from collector.series import SeriesReader
from tests.journal.entries import (
    BED,
    ECG,
    HEART_RATE,
    LIMIT,
    MODE,
    T0_US,
    TEMPERATURE,
    condition,
    identity,
    piece,
    reading,
)

Stored = Callable[[Sequence[Entry]], SeriesReader]
MINUTE_US = 60_000_000
EVER = (0, 4_000_000_000_000_000)


def samples(runs: Iterable[WavePiece]) -> list[tuple[int, int]]:
    """Times in µs and counts; the rates of these tests have periods of whole µs."""
    return [
        (run.start_us + round(k * 1e6 / run.rate_hz), count)
        for run in runs
        for k, count in enumerate(struct.unpack(f"<{run.n}i", run.data))
    ]


def end_us(run: WavePiece) -> float:
    return run.start_us + run.n * 1e6 / run.rate_hz


def us(at_s: float) -> int:
    return T0_US + round(at_s * 1_000_000)


class SeriesContract:
    def test_last_readings_are_the_last_to_arrive(self, stored: Stored) -> None:
        readings = [
            reading(HEART_RATE, 5, 60.0),
            reading(HEART_RATE, 6, 61.0),
            reading(HEART_RATE, 2, None, Quality.NOT_AVAILABLE, demo=True),
            reading(MODE, 1, "SIMV"),
            reading(TEMPERATURE, 1, 36.5, bed="OR-4"),
        ]
        reader = stored(readings)
        assert {r.series: r for r in reader.latest(BED)} == {r.series: r for r in readings[2:4]}
        assert list(reader.latest("OR-4")) == readings[4:]
        assert list(reader.latest("OR-5")) == []

    def test_a_gateways_health_is_given_to_who_asks_for_it_alone(self, stored: Stored) -> None:
        uptime = Channel(code="VND_VITALSD_UPTIME", source="vitalsd", unit="s")
        offset = Channel(code="VND_VITALSD_CLOCK_OFFSET", source="vitalsd", unit="s")
        readings = [reading(HEART_RATE, 1, 60.0), reading(uptime, 1, 5.0, device="vitalsd"), reading(offset, 1, 0.5)]
        reader, asked = stored(readings), [uptime.code]
        assert {r.series for r in reader.latest(BED)} == {readings[0].series, readings[2].series}
        assert list(reader.latest(BED, asked)) == list(reader.values(BED, asked, *EVER)) == [readings[1]]
        for found in (reader.values(BED, (), *EVER), reader.points(BED, (), *EVER), reader.minutes(BED, (), *EVER)):
            assert {one.series for one in found} == {readings[0].series, readings[2].series}

    def test_points_hold_what_was_read_and_no_number_where_there_was_none(self, stored: Stored) -> None:
        readings = [reading(TEMPERATURE, n, n / 7 if n % 3 else None, q, demo=n == 2) for n, q in enumerate(Quality)]
        others = [reading(MODE, 3, "SIMV"), reading(LIMIT, 3, 120.0), reading(TEMPERATURE, 3, 1.0, bed="OR-4")]
        reader = stored([readings[1], readings[0], *readings[2:], *others])
        (points,) = reader.points(BED, ["MDC_TEMP_NASOPH"], us(1), us(6))
        wanted = readings[1:6]
        assert points.series == wanted[0].series
        assert points.time_us.tolist() == [r.time_us for r in wanted]
        assert [None if math.isnan(v) else v for v in points.value] == [r.value for r in wanted]
        assert points.quality.tolist() == [r.quality.value for r in wanted]
        assert points.demo.tolist() == [r.demo for r in wanted]
        assert [a.dtype.str for a in (points.time_us, points.value, points.demo)] == ["<i8", "<f8", "|b1"]
        every = reader.points(BED, [], *EVER)
        assert {p.series for p in every} == {r.series for r in [*readings, *others[:2]]}
        assert sum(len(p.time_us) for p in every) == len(readings) + 2
        assert list(reader.points(BED, ["MDC_PRESS_BLD_ART"], *EVER)) == []
        assert list(reader.points("OR-5", [], *EVER)) == []

    def test_values_are_whole_readings(self, stored: Stored) -> None:
        readings = [
            *(reading(TEMPERATURE, n, n / 7 if n % 3 else None, q, demo=n == 2) for n, q in enumerate(Quality)),
            reading(MODE, 2, "SIMV±PS 压力支持"),
            reading(MODE, 3, None, Quality.NOT_AVAILABLE),
            reading(MODE, 3, "", Quality.NOT_AVAILABLE),
        ]
        reader = stored([readings[1], readings[0], *readings[2:], reading(TEMPERATURE, 3, 1.0, bed="OR-4")])
        assert list(reader.values(BED, [], *EVER)) == readings
        assert list(reader.values(BED, ["MDC_TEMP_NASOPH"], us(1), us(6))) == readings[1:6]
        assert list(reader.values("OR-5", [], *EVER)) == []

    def test_minutes_are_those_of_the_readings(self, stored: Stored) -> None:
        chance = np.random.default_rng(3)
        readings = [
            reading(
                [HEART_RATE, TEMPERATURE][n % 2],
                float(at),
                None if n % 11 == 0 else float(chance.normal(60, 9)),
                list(Quality)[int(kind)] if n % 11 else Quality.NOT_AVAILABLE,
                demo=bool(kind == 0 and n % 17 == 0),
            )
            for n, (at, kind) in enumerate(
                zip(chance.integers(-200_000, 200_000, 400) / 1000, chance.integers(0, 3, 400), strict=True)
            )
        ]
        readings = list({(r.series, r.time_us): r for r in readings}.values())
        reader = stored(readings)
        wanted: dict[tuple[Series, int], list[Reading]] = defaultdict(list)
        for r in sorted(readings, key=lambda r: r.time_us):
            if r.value is not None and r.quality in {Quality.VALID, Quality.QUESTIONABLE}:
                wanted[r.series, r.time_us // MINUTE_US * MINUTE_US].append(r)
        since, until = us(-120), us(120)
        found = {
            (minutes.series, int(at)): (last, low, high, count, questionable, demo)
            for minutes in reader.minutes(BED, [], since, until)
            for at, last, low, high, count, questionable, demo in zip(
                minutes.minute_us, minutes.last, minutes.low, minutes.high, minutes.count, minutes.questionable,
                minutes.demo, strict=True,
            )
        }  # fmt: skip
        assert found == {
            key: (
                rs[-1].value,
                min(r.value for r in rs if r.value is not None),
                max(r.value for r in rs if r.value is not None),
                len(rs),
                any(r.quality is Quality.QUESTIONABLE for r in rs),
                any(r.demo for r in rs),
            )
            for key, rs in wanted.items()
            if since <= key[1] < until
        }
        (minutes,) = reader.minutes(BED, ["MDC_TEMP_NASOPH"], *EVER)
        assert minutes.minute_us.tolist() == sorted(at for s, at in wanted if s.channel == TEMPERATURE)
        assert [a.dtype.str for a in (minutes.minute_us, minutes.last, minutes.count)] == ["<i8", "<f8", "<i8"]

    def test_a_minute_without_a_number_is_not_there(self, stored: Stored) -> None:
        reader = stored([reading(HEART_RATE, 1, None, Quality.INVALID), reading(MODE, 1, "SIMV")])
        assert list(reader.minutes(BED, [], *EVER)) == []

    def test_runs_that_overlap_the_time_come_whole(self, stored: Stored) -> None:
        pieces = [piece(n, range(n * 250, n * 250 + 250)) for n in range(6)]
        pieces.append(piece(6, [1 << 30, -(1 << 30), 0]))
        pieces.append(piece(20, range(250)))
        reader = stored([*pieces[3:], *pieces[:3], piece(2, [1, 2], bed="OR-4")])
        every = samples(pieces)
        for codes, since, until, wanted in (
            ([ECG.code], 1.5, 4.0, pieces[1:4]),
            ([], 2.0, 2.5, pieces[2:3]),
            ([], 6.0, 6.1, pieces[6:7]),
            ([], 6.5, 9.0, []),
            ([], 20.9, 30.0, pieces[7:]),
            ([], 21.0, 30.0, []),
            (["MDC_PRESS_BLD_ART"], 0.0, 9.0, []),
        ):
            runs = reader.waves(BED, codes, us(since), us(until))
            assert all(run.start_us < us(until) and end_us(run) > us(since) for run in runs)
            found = samples(runs)
            assert found == sorted(set(found))
            assert set(samples(wanted)) <= set(found) <= set(every)
        whole = reader.waves(BED, [], *EVER)
        assert [run.start_us for run in whole] == sorted(run.start_us for run in whole)
        assert samples(whole) == every
        for run in whole:
            assert replace(pieces[0], start_us=run.start_us, data=run.data) == run

    def test_changes_of_conditions_come_in_the_order_of_arrival(self, stored: Stored) -> None:
        changes: list[Entry] = [
            condition(1, AlarmPhase.START),
            condition(1, AlarmPhase.CONTINUE, text="HR 高 2"),
            condition(1, AlarmPhase.END),
            condition(2, AlarmPhase.START, source="art"),
            condition(3, AlarmPhase.START),
        ]
        reader = stored(changes)
        assert list(reader.conditions(BED, *EVER)) == changes
        assert list(reader.conditions(BED, us(2), us(3))) == changes[3:4]
        assert list(reader.conditions("OR-4", *EVER)) == []

    def test_the_last_change_of_each_condition_is_found_however_old(self, stored: Stored) -> None:
        changes: list[Entry] = [
            condition(1, AlarmPhase.START),
            condition(2, AlarmPhase.START, source="art"),
            condition(3, AlarmPhase.CONTINUE, source="art", text="ART 高"),
            condition(4, AlarmPhase.END),
            condition(5, AlarmPhase.START, source="spo2"),
        ]
        reader = stored(changes)
        assert list(reader.last_changes(BED, EVER[1])) == changes[2:]
        assert list(reader.last_changes(BED, us(5))) == changes[2:4]
        assert list(reader.last_changes(BED, us(4))) == [changes[0], changes[2]]
        assert list(reader.last_changes("OR-4", EVER[1])) == []

    def test_identities_come_whole_and_in_order_of_time(self, stored: Stored) -> None:
        told: list[Entry] = [
            identity(5, PatientIdentity(ids={"patient_id": "008"}, family="王", given="小明", height_cm=171.5)),
            identity(5, PatientIdentity(ids={"patient_id": "009"}, state="admitted")),
            identity(1, PatientIdentity(ids={"patient_id": "007", "encounter_id": "V1"}, state="discharged")),
            identity(2, DeviceIdentity(manufacturer="Philips", model="MX800")),
        ]
        reader = stored([told[0], told[1], reading(HEART_RATE, 1, 60.0), told[2], told[3], told[0]])
        assert list(reader.identities(BED, *EVER)) == [told[2], told[3], told[0], told[1]]
        assert list(reader.identities(BED, us(1), us(5))) == [told[2], told[3]]
        assert list(reader.identities("OR-4", *EVER)) == []
