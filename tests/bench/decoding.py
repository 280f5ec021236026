"""Decoding rates on real captures: all codes, units and alarms included; processor time, median of five."""

import time
from collections.abc import Iterator
from statistics import median

from collector.driver import driver
from collector.model import Frame
from tests.bench.report import Row
from tests.shared import SHARED

CHUNK = 512
"""What a serial line brings in one read, about."""

CASES = (
    ("ge-datex-dri", "datex-dri/db00.raw", 10_000.0),
    ("philips-intellivue", "intellivue/rs232-jvscapture-monitoring.raw", 20_000.0),
)
"""Driver, capture, frames/s that design §8 asks for."""


def rows() -> Iterator[Row]:
    for name, file, budget in CASES:
        path = SHARED / "captures" / file
        if not path.exists():
            yield Row(what=f"decode {name}: no capture {file} (VITALSD_SHARED)", value=0.0, unit="frames/s")
            continue
        data = path.read_bytes()
        chunks = [data[i : i + CHUNK] for i in range(0, len(data), CHUNK)]
        spec = driver(name)
        frame_rates: list[float] = []
        event_rates: list[float] = []
        for _ in range(5):
            session = spec.session(spec.options(), False)
            frames = events = 0
            began = time.process_time()
            for chunk in chunks:
                got = session.receive(chunk, 0.0)
                events += len(got)
                frames += sum(type(event) is Frame for event in got)
            seconds = time.process_time() - began
            frame_rates.append(frames / seconds)
            event_rates.append(events / seconds)
        yield Row(
            what=f"decode {name}, {path.name}",
            value=median(frame_rates),
            unit="frames/s",
            budget=budget,
            at_least=True,
            note=f"{median(event_rates) / 1000:,.0f} k events/s",
        )
