"""What is exported is what was captured: every sample with its time, and nothing where there was none."""

import asyncio
import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import wfdb
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.clock import from_datetime, rfc3339
from collector.errors import UsageError
from collector.export import Format, export
from collector.journal import Journal
from collector.migrate import migrate
from collector.model import (
    AlarmPhase,
    Channel,
    Entry,
    PatientIdentity,
    Quality,
    Reading,
    Role,
    Series,
    WavePiece,
)
from collector.timescale import READER
from collector.timescale_store import TimescaleStore
from tests.export.files import chosen, exported, from_parquet, of_pieces, same, table
from tests.journal.entries import BED, ECG, LIMIT, MODE, T0_US, TEMPERATURE, condition, identity, reading
from tests.store.delivering import deliver
from tests.timescale import database as new_database

ART = Channel(code="MDC_PRESS_BLD_ART", source="4A10/p 1", unit="mm[Hg]", site="radialis 左")
FLOW = Channel(code="MDC_FLOW_AWAY", source="flow", unit="L/min", role=Role.SET)
HOUR_US = 3_600_000_000
BOTH = pytest.mark.parametrize("format_", list(Format))
DSN = Callable[[Sequence[Entry]], str]


def piece(
    at_us: int,
    counts: Sequence[int],
    channel: Channel = ECG,
    rate_hz: float = 250.0,
    *,
    device: str = "monitor",
    scale: float = 0.005,
    offset: float = -1.5,
    quality: Quality = Quality.VALID,
    demo: bool = False,
) -> WavePiece:
    return WavePiece(
        series=Series(bed=BED, device=device, channel=channel),
        start_us=T0_US + at_us,
        rate_hz=rate_hz,
        data=np.array(counts, "<i4").tobytes(),
        scale=scale,
        offset=offset,
        quality=quality,
        demo=demo,
    )


def rates(pieces: Sequence[WavePiece]) -> dict[Series, float]:
    return {p.series: p.rate_hz for p in pieces}


@pytest.fixture(params=["journal", "server"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[DSN]:
    """Entries in, the DSN of a store that has them out."""
    databases = ExitStack()

    def keep(entries: Sequence[Entry]) -> str:
        journal = Journal.open(tmp_path / "journal.db", [READER])
        try:
            journal.append(entries)
            if request.param == "journal":
                return f"sqlite:///{tmp_path}/journal.db"
            dsn = databases.enter_context(new_database(request.getfixturevalue("timescale")))
            migrate(dsn)
            asyncio.run(deliver(dsn, journal))
            return dsn
        finally:
            journal.close()

    with databases:
        yield keep


MIXED = [
    *(piece(n * 1_000_000, range(n * 250 - 600, n * 250 - 350)) for n in range(4)),
    piece(4_500_000, [7] * 125),  # after half a second
    piece(5_001_300, [8] * 125),  # off the grid
    piece(5_501_300, [-32_768, 32_767, -32_768]),  # marks of a gap in 16 bits, but counts
    piece(6_000_000, [5] * 50, scale=0.01),
    piece(6_200_000, [2**31 - 1, -(2**31) + 1], scale=0.01),
    piece(7_000_000, [1, 2, 3], quality=Quality.QUESTIONABLE),
    piece(7_012_000, [4, 5], quality=Quality.QUESTIONABLE, demo=True),
    piece(7_020_000, [6], demo=True),
    piece(7_024_000, [7]),
    piece(7_024_000, [8]),  # the device gave another value for that time
    piece(7_028_000, [9]),
    piece(80_000_000, [10, 11]),  # after a minute and more
    *(piece(n * 1_000_000, range(125), ART, 125.0, scale=560 / 16_352, offset=-40 - 560 / 1_022) for n in range(3)),
    *(piece(n * 480_000, [n] * 30, FLOW, 62.5, device="呼吸机/1", scale=-0.1, offset=0.3) for n in range(9)),
    piece(0, [1, 2, 3], FLOW, 62.5, device="呼吸机/2"),
    piece(0, [1, 2, 3], replace(ECG, source="0103"), rate_hz=300 / 7),
]  # fmt: skip


@BOTH
def test_every_sample_comes_back_with_its_time_and_nothing_between(format_: Format, kept: DSN, tmp_path: Path) -> None:
    until = T0_US + HOUR_US
    found, summary = exported(kept(MIXED), chosen(T0_US, until), format_, tmp_path / "out")
    same(found, of_pieces(MIXED, T0_US, until), rates(MIXED))
    # ECG at 4.5, 5.0013, 5.5133 → 6, 6.208 → 7 and 7.032 → 80 s
    assert summary.gaps == 5


@BOTH
def test_a_window_takes_the_samples_in_it_to_the_microsecond(format_: Format, kept: DSN, tmp_path: Path) -> None:
    dsn = kept(MIXED)
    spans = [(1_004_000, 2_996_000), (1_004_001, 2_996_001), (0, 1), (7_012_000, 7_024_001), (480_000, 500_000)]
    for number, (since, until) in enumerate(spans):
        window = T0_US + since, T0_US + until
        found, _ = exported(dsn, chosen(*window), format_, tmp_path / str(number))
        same(found, of_pieces(MIXED, *window), rates(MIXED))


@BOTH
def test_slices_of_the_time_neither_lose_nor_repeat(format_: Format, kept: DSN, tmp_path: Path) -> None:
    """Ten minutes are read at once; pieces lie across each border."""
    pieces = [piece(n * 1_000_000 - 400_000, range(n, n + 25), rate_hz=25.0) for n in range(1_500)]
    until = T0_US + HOUR_US
    found, summary = exported(kept(pieces), chosen(T0_US, until), format_, tmp_path / "out")
    same(found, of_pieces(pieces, T0_US, until), rates(pieces))
    assert summary.gaps == 0
    if format_ is Format.WFDB:
        assert len(list((tmp_path / "out").glob("*.hea"))) == 1


def test_a_minute_that_is_packed_between_two_slices_is_whole(timescale: str, tmp_path: Path) -> None:
    pieces = [piece(n * 1_000_000, range(n, n + 25), rate_hz=25.0) for n in range(595, 650)]
    since, until = T0_US + 35_000_000, T0_US + HOUR_US
    journal = Journal.open(tmp_path / "journal.db", [READER])
    journal.append(pieces)
    with new_database(timescale) as dsn:
        migrate(dsn)
        with closing(journal.reader()) as reader, closing(TimescaleStore.connect(dsn, reader, READER)) as store:
            store.contact()
            for n in range(journal.tip):
                store.deliver(reader.batch(n, n + 1, 1))

            def pack(_: int) -> None:
                while store.loose.runs:
                    store.pack()

            export(dsn, chosen(since, until), Format.PARQUET, tmp_path / "out", pack)
            assert not store.loose.runs
    journal.close()
    same(from_parquet(tmp_path / "out"), of_pieces(pieces, since, until), rates(pieces))


def test_a_short_piece_beside_a_long_one_makes_no_gap(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / "journal.db")
    journal.append([piece(0, range(250)), piece(100_000, [1, 2]), piece(1_000_000, range(250))])
    journal.close()
    whole = chosen(T0_US, T0_US + HOUR_US)
    assert export(f"sqlite:///{tmp_path}/journal.db", whole, Format.PARQUET, tmp_path / "out").gaps == 0


def test_values_and_conditions_are_whole(kept: DSN, tmp_path: Path) -> None:
    readings = [
        *(reading(TEMPERATURE, n, n / 7 if n % 3 else None, quality, demo=n == 2) for n, quality in enumerate(Quality)),
        reading(LIMIT, 0, 120.0, device="呼吸机"),
        reading(MODE, 1, "SIMV±PS, 压力支持\n"),
        reading(TEMPERATURE, 700, 36.5),
    ]
    changes = [
        condition(1, AlarmPhase.START),
        condition(2, AlarmPhase.CONTINUE, text="HR 高 2"),
        condition(3, AlarmPhase.END),
    ]
    who = identity(0, PatientIdentity(family="王", given="小明", ids={"patient_id": "0815"}))
    out = tmp_path / "out"
    export(
        kept([*readings, *changes, who, reading(TEMPERATURE, 3_600, 1.0), reading(LIMIT, 0, 1.0, bed="OR-4")]),
        chosen(T0_US, T0_US + HOUR_US), Format.PARQUET, out,
    )  # fmt: skip
    assert sorted(map(_vital, table(out, "vitals")), key=repr) == sorted(map(_wanted, readings), key=repr)
    assert [
        {**row, "time": from_datetime(row["time"]), "device_time": from_datetime(row["device_time"])}
        for row in table(out, "conditions")
    ] == [
        {
            "time": c.time_us, "bed": BED, "device": "monitor", "source": "hr", "type": "physiological",
            "priority": "high", "phase": c.alarm.phase.value, "code": "MDC_EVT_HI", "text": c.alarm.text,
            "device_priority": "red", "demo": False, "device_time": T0_US,
        }
        for c in changes
    ]  # fmt: skip
    assert table(out, "waves") == []
    for file in out.iterdir():
        assert "小明".encode() not in file.read_bytes()
        assert b"0815" not in file.read_bytes()


def _vital(row: dict[str, object]) -> tuple[object, ...]:
    names = "bed device code source role site value text unit quality demo"
    return rfc3339(from_datetime(row["time"])), *(row[name] for name in names.split())  # type: ignore[arg-type]


def _wanted(r: Reading) -> tuple[object, ...]:
    c = r.series.channel
    who = r.series.bed, r.series.device, c.code, c.source, c.role.value, c.site
    return rfc3339(r.time_us), *who, r.value, r.text, c.unit, r.quality.value, r.demo


@BOTH
def test_codes_choose_values_and_waves(format_: Format, kept: DSN, tmp_path: Path) -> None:
    dsn = kept([*MIXED, reading(TEMPERATURE, 1, 36.5), reading(LIMIT, 1, 120.0), condition(1, AlarmPhase.START)])
    window = T0_US, T0_US + HOUR_US
    found, summary = exported(dsn, chosen(*window, ART.code, TEMPERATURE.code), format_, tmp_path / "out")
    assert {series.channel for series in found} == {ART}
    assert [row["code"] for row in table(tmp_path / "out", "vitals")] == [TEMPERATURE.code]
    assert (summary.values, summary.conditions) == (1, 1)


def test_signals_that_go_together_share_a_record_and_doubts_are_marked(kept: DSN, tmp_path: Path) -> None:
    lead_1 = replace(ECG, source="0101", code="MDC_ECG_ELEC_POTL_I")
    pieces = [
        piece(0, range(250)),
        piece(0, range(250), lead_1, scale=0.5, offset=0.0),
        piece(1_000_000, range(250), quality=Quality.QUESTIONABLE),
        piece(1_000_000, range(250), lead_1, scale=0.5, offset=0.0, demo=True),
    ]
    out = tmp_path / "out"
    export(kept(pieces), chosen(T0_US, T0_US + HOUR_US), Format.WFDB, out)
    (header,) = out.glob("*.hea")
    record = wfdb.rdrecord(str(header.with_suffix("")))
    assert record.sig_name == ["MDC_ECG_ELEC_POTL_II/0102", "MDC_ECG_ELEC_POTL_I/0101"]
    assert (record.units, record.fmt, record.baseline) == (["mV", "mV"], ["16", "16"], [300, 0])
    assert record.comments[0] == "start 2026-01-01T00:00:00.000000Z, 250.0 samples a second"
    notes = wfdb.rdann(str(header.with_suffix("")), "quality")
    marks = list(zip(notes.sample.tolist(), notes.chan.tolist(), notes.aux_note, strict=True))
    assert marks == [(250, 0, "questionable"), (250, 1, "valid demo")]
    (listed,) = json.loads((out / "manifest.json").read_text())["records"]
    assert [(s["quality"], s["demo"]) for s in listed["signals"]] == [
        (["questionable", "valid"], False),
        (["valid"], True),
    ]


def test_a_count_that_wfdb_cannot_tell_from_a_gap_is_refused(kept: DSN, tmp_path: Path) -> None:
    pieces = [piece(0, [-(2**31), 1])]
    dsn, window = kept(pieces), (T0_US, T0_US + HOUR_US)
    with pytest.raises(UsageError, match="--format parquet"):
        export(dsn, chosen(*window), Format.WFDB, tmp_path / "out")
    assert sorted(f.name for f in tmp_path.iterdir() if "journal" not in f.name) == []
    export(dsn, chosen(*window), Format.PARQUET, tmp_path / "out")
    same(from_parquet(tmp_path / "out"), of_pieces(pieces, *window), rates(pieces))


@st.composite
def shapes(draw: st.DrawFn) -> list[WavePiece]:
    """Pieces of two channels with gaps on and off the grid, overlaps, and changes of everything that may change."""
    pieces = set()
    for channel, rate_hz in ((ECG, draw(st.sampled_from([250.0, 62.5, 300 / 7, 1000 / 3]))), (ART, 125.0)):
        at_us, widest = 0, draw(st.sampled_from([2**11, 2**15, 2**31 - 1]))
        for _ in range(draw(st.integers(1, 6))):
            counts = draw(st.lists(st.integers(-widest, widest - 1), min_size=1, max_size=20))
            at_us += round(draw(st.sampled_from([0, 0, 1, 2, 9])) * 1_000_000 / rate_hz)
            at_us += draw(st.one_of(st.just(0), st.integers(-30_000, 90_000)))
            one = piece(
                at_us, counts, channel, rate_hz,
                scale=draw(st.sampled_from([0.005, -0.25, 1.0])), offset=draw(st.sampled_from([0.0, -1.5])),
                quality=draw(st.sampled_from([Quality.VALID, Quality.VALID, Quality.QUESTIONABLE])),
                demo=draw(st.booleans()),
            )  # fmt: skip
            pieces.add(one)
            at_us += round(one.n * 1_000_000 / rate_hz)
    return sorted(pieces, key=lambda p: p.start_us)


@pytest.fixture(scope="module")
def scratch() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


@settings(max_examples=60, deadline=None)
@given(shapes(), st.integers(-50_000, 300_000), st.integers(1, 600_000))
def test_whatever_the_shape_output_and_input_are_the_same_samples(
    scratch: Path, pieces: list[WavePiece], since: int, length: int
) -> None:
    window = T0_US + since, T0_US + since + length
    wanted = of_pieces(pieces, *window)
    folder = Path(tempfile.mkdtemp(dir=scratch))
    journal = Journal.open(folder / "journal.db")
    journal.append([*pieces, reading(TEMPERATURE, since / 1_000_000, 36.5)])
    journal.close()
    for format_ in Format:
        found, _ = exported(f"sqlite:///{folder}/journal.db", chosen(*window), format_, folder / format_.value)
        same(found, wanted, rates(pieces))
