"""Decoding rates on real captures, codes, units and alarms included: processor time, medians of interleaved runs."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from collector.driver import driver
from collector.model import Frame
from tests.bench.outside import NotRunError, checked_out
from tests.bench.report import Row
from tests.shared import SHARED

CHUNK = 512
"""What a serial line brings in one read, about."""

PASSES = 5
"""Of ours after each run of a reference: a pass takes a tenth of a second, a reference's run seconds."""
RUNS = 3

PYCOLLECT_BYTES = 300_000
"""Some 400 frames of db00.raw."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    driver: str
    capture: str
    budget: float
    against: str
    least_ratio: float | None
    reference: Callable[[Path], Mapping[str, float]]


CASES = (
    _Case(
        driver="ge-datex-dri",
        capture="datex-dri/db00.raw",
        budget=10_000.0,
        against="pycollect",
        least_ratio=None,
        reference=lambda path: checked_out(
            "VITALSD_PYCOLLECT",
            "UN-GCPDS/python-pycollect",
            "pycollect_frames.py",
            path,
            str(PYCOLLECT_BYTES),
        ),
    ),
    _Case(
        driver="philips-intellivue",
        capture="intellivue/rs232-jvscapture-monitoring.raw",
        budget=20_000.0,
        against="intellipy",
        least_ratio=5.0,
        reference=lambda path: checked_out("VITALSD_INTELLIPY", "jaj42/intellipy", "intellipy_messages.py", path),
    ),
)
"""Budgets of design §8."""


def rows() -> Iterator[Row]:
    for case in CASES:
        path = SHARED / "captures" / case.capture
        if path.exists():
            yield from _rows(case, path)
        else:
            yield Row(what=f"decode {case.driver}", unit="frames/s", note=f"no {case.capture} (VITALSD_SHARED)")


def _rows(case: _Case, path: Path) -> Iterator[Row]:
    pieces = chunks(path.read_bytes())
    ours: list[tuple[float, float]] = []
    theirs: list[Mapping[str, float]] = []
    why = ""
    for _ in range(RUNS):
        ours += [_pass(case.driver, pieces) for _ in range(PASSES)]
        try:
            theirs.append(case.reference(path))
        except NotRunError as error:
            why = str(error)
    frames_per_s = median(frames for frames, _ in ours)
    reference = median(run["frames_per_s"] for run in theirs) if theirs else None
    yield Row(
        what=f"decode {case.driver}",
        unit="frames/s",
        value=frames_per_s,
        budget=case.budget,
        at_least=True,
        reference=reference,
        against=case.against,
        note=why or f"{median(events for _, events in ours) / 1000:,.0f} k events/s",
    )
    if case.least_ratio is not None:
        parsed = median(run["parsed_per_s"] for run in theirs) if theirs else None
        yield Row(
            what=f"decode {case.driver} against {case.against}",
            unit="times",
            value=None if reference is None else frames_per_s / reference,
            budget=case.least_ratio,
            at_least=True,
            note=why or f"{reference:,.0f} frames/s from bytes to samples; {parsed:,.0f} without framing and samples",
        )


def chunks(data: bytes) -> list[bytes]:
    return [data[i : i + CHUNK] for i in range(0, len(data), CHUNK)]


def _pass(name: str, pieces: list[bytes]) -> tuple[float, float]:
    """Frames and events a second of processor time."""
    spec = driver(name)
    session = spec.dialogue(spec.options(), datagrams=False)
    frames = events = 0
    began = time.process_time()
    for chunk in pieces:
        got = session.receive(chunk, 0.0)
        events += len(got)
        frames += sum(type(event) is Frame for event in got)
    seconds = time.process_time() - began
    return frames / seconds, events / seconds
