"""Parquet tables; the one place that imports pyarrow."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from collector.export.window import Selection, described
from collector.model import Condition, Reading, Series, WavePiece
from collector.waves import join

LONGEST_ROW_S = 60.0
"""Of a wave: short enough to find a time by reading little, long enough to compress well."""

_TIME = pa.timestamp("us", tz="UTC")
_CHANNEL = {
    "bed": (pa.string(), "bed"),
    "device": (pa.string(), "device name at the bed"),
    "code": (pa.string(), "IEEE 11073 refid, VND_<MAKER>_<NAME>, or MDC_UNMAPPED"),
    "source": (pa.string(), "the device's own id of the signal"),
    "role": (pa.string(), "measured, set, limit_low or limit_high"),
    "site": (pa.string(), "body site where the code does not fix it"),
    "unit": (pa.string(), "UCUM; empty for a text"),
}
_QUALITY = {
    "quality": (pa.string(), "MeasurementValidity of IEEE 11073-10207"),
    "demo": (pa.bool_(), "a demonstration, not a patient"),
}
_VITALS = {
    "time": (_TIME, "when it was measured"),
    **_CHANNEL,
    "value": (pa.float64(), "in the unit; null: no number, and the quality says why"),
    "text": (pa.string(), "a value that is a text, as sent"),
    **_QUALITY,
}
_WAVES = {
    "start": (_TIME, "of the first sample; sample i is i / rate_hz seconds later"),
    **_CHANNEL,
    "rate_hz": (pa.float64(), "samples a second"),
    "scale": (pa.float64(), "value = count * scale + offset"),
    "offset": (pa.float64(), "value = count * scale + offset"),
    **_QUALITY,
    "n": (pa.int32(), "how many samples"),
    "counts": (
        pa.list_(pa.int32()),
        "samples as the device counted them, without a gap; a row that starts where another ends goes on from it",
    ),
}
_CONDITIONS = {
    "time": (_TIME, "when the change arrived"),
    "bed": (pa.string(), "bed"),
    "device": (pa.string(), "device name at the bed"),
    "source": (pa.string(), "the device's own id of the condition, the same from start to end"),
    "type": (pa.string(), "physiological or technical"),
    "priority": (pa.string(), "of IEC 60601-1-8, as the device gave it"),
    "phase": (pa.string(), "start, continue or end"),
    "code": (pa.string(), "IEEE 11073 refid or MDC_UNMAPPED"),
    "text": (pa.string(), "as sent"),
    "device_priority": (pa.string(), "the device's own word for the priority"),
    "demo": (pa.bool_(), "a demonstration, not a patient"),
    "device_time": (_TIME, "the device's own clock, its digits taken as UTC"),
}
_COUNTS = "counts.list.element"


class ValueTables:
    """vitals.parquet: a row a reading. conditions.parquet: a row a change of an alarm condition."""

    def __init__(self, folder: Path, chosen: Selection) -> None:
        self._vitals = _Table(folder / "vitals.parquet", _VITALS, chosen)
        self._conditions = _Table(folder / "conditions.parquet", _CONDITIONS, chosen)

    def add_values(self, readings: Sequence[Reading]) -> None:
        self._vitals.add(
            {
                "time": [r.time_us for r in readings],
                **_channels([r.series for r in readings]),
                "value": [r.value for r in readings],
                "text": [r.text for r in readings],
                "quality": [r.quality.value for r in readings],
                "demo": [r.demo for r in readings],
            }
        )

    def add_conditions(self, changes: Sequence[Condition]) -> None:
        alarms = [change.alarm for change in changes]
        self._conditions.add(
            {
                "time": [c.time_us for c in changes],
                "bed": [c.bed for c in changes],
                "device": [c.device for c in changes],
                "source": [a.source for a in alarms],
                "type": [a.type.value for a in alarms],
                "priority": [a.priority.value for a in alarms],
                "phase": [a.phase.value for a in alarms],
                "code": [a.code for a in alarms],
                "text": [a.text for a in alarms],
                "device_priority": [a.device_priority for a in alarms],
                "demo": [a.demo for a in alarms],
                "device_time": [a.device_time_us for a in alarms],
            }
        )

    def finish(self) -> None:
        self._vitals.close()
        self._conditions.close()


class WaveTable:
    """waves.parquet: a row a stretch of samples without a gap."""

    def __init__(self, folder: Path, chosen: Selection) -> None:
        self._waves = _Table(folder / "waves.parquet", _WAVES, chosen)

    def add_waves(self, pieces: Sequence[WavePiece]) -> None:
        runs = list(join(pieces, LONGEST_ROW_S))
        bounds = pa.array(np.cumsum([0, *(run.n for run in runs)]), pa.int32())
        counts = pa.py_buffer(b"".join(run.data for run in runs))
        samples = pa.Array.from_buffers(pa.int32(), len(counts) // 4, [None, counts])
        self._waves.add(
            {
                "start": [run.start_us for run in runs],
                **_channels([run.series for run in runs]),
                "rate_hz": [run.rate_hz for run in runs],
                "scale": [run.scale for run in runs],
                "offset": [run.offset for run in runs],
                "quality": [run.quality.value for run in runs],
                "demo": [run.demo for run in runs],
                "n": [run.n for run in runs],
                "counts": pa.ListArray.from_arrays(bounds, samples),
            }
        )

    def finish(self) -> None:
        self._waves.close()


class _Table:
    """A file that grows by a row group at each `add`; the schema says what the table and each column are."""

    def __init__(self, file: Path, columns: Mapping[str, tuple[pa.DataType, str]], chosen: Selection) -> None:
        self._schema = pa.schema(
            [pa.field(name, type_, metadata={"comment": text}) for name, (type_, text) in columns.items()],
            metadata={
                "vitalsd": json.dumps(described(chosen), ensure_ascii=False),
                "columns": json.dumps({name: text for name, (_, text) in columns.items()}),
            },
        )
        names = [name for name, (type_, _) in columns.items() if type_ == pa.string()]
        self._writer = pq.ParquetWriter(
            file,
            self._schema,
            compression="zstd",
            use_dictionary=names,
            column_encoding={_COUNTS: "DELTA_BINARY_PACKED"} if "counts" in columns else None,
        )

    def add(self, columns: Mapping[str, Any]) -> None:
        table = pa.table(
            [
                column if isinstance(column, pa.Array) else pa.array(column, field.type)
                for field, column in zip(self._schema, columns.values(), strict=True)
            ],
            schema=self._schema,
        )
        if table.num_rows:
            self._writer.write_table(table)

    def close(self) -> None:
        self._writer.close()


def _channels(series: Sequence[Series]) -> Mapping[str, list[str]]:
    return {
        "bed": [s.bed for s in series],
        "device": [s.device for s in series],
        "code": [s.channel.code for s in series],
        "source": [s.channel.source for s in series],
        "role": [s.channel.role.value for s in series],
        "site": [s.channel.site for s in series],
        "unit": [s.channel.unit for s in series],
    }
