"""What is read of a bed's metrics, and what of an update is told in them."""

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from collector import __version__
from collector.metrics import Metrics
from collector.status import DeviceState, SinkStatus
from collector.timescale import READER
from collector.update.exposition import returned, waiting_s
from collector.update.gate import Look, told

MONITOR, PUMP = ("OR-1", "monitor", "x"), ("OR-1", "pump", "y")


def test_a_bed_is_seen_as_it_tells_itself() -> None:
    metrics = Metrics("OR-1", lambda: 0)
    metrics.set_state(MONITOR, DeviceState.RECEIVING, None)
    metrics.set_state(PUMP, DeviceState.SILENT, None)
    metrics.restarts.labels(*PUMP).inc()
    metrics.saved.set(1)
    metrics.show_sink(READER, SinkStatus(connected=True, occupied={"OR-1": False, "OR-2": True}))
    assert told(metrics.text().decode()) == Look(
        version=__version__,
        slot=Path(sys.prefix).name,
        receiving=("monitor",),
        failing=("pump",),
        saved=True,
        connected=True,
        broker=False,
        occupied=("OR-2",),
        free=("OR-1",),
    )
    metrics.show_sink(READER, SinkStatus())
    unknown = told(metrics.text().decode())
    assert unknown is not None
    assert (unknown.connected, unknown.occupied, unknown.free) == (False, (), ())


def test_what_is_no_bed_is_none() -> None:
    assert told("up 1\n") is None


def test_what_waits_and_what_returned_can_be_alarmed(tmp_path: Path) -> None:
    file, now = tmp_path / "state.json", datetime(2026, 11, 26, tzinfo=UTC)
    now_us = round(now.timestamp() * 1e6)
    assert (waiting_s(now_us, file), returned(file)) == ({}, {})
    file.write_text(json.dumps({"waiting": None, "refused": ""}), encoding="utf-8")
    assert (waiting_s(now_us, file), returned(file)) == ({(): 0.0}, {(): 0.0})
    since = (now - timedelta(days=3)).isoformat()
    file.write_text(json.dumps({"waiting": {"since": since, "reason": "x"}, "refused": "y"}), encoding="utf-8")
    assert (waiting_s(now_us, file), returned(file)) == ({(): 259_200.0}, {(): 1.0})
