"""atrium_dataset.py SIGNALS.npz SECONDS: the signals through AtriumDB's writer into a data set of its own, and back.

It is given segments of so many seconds, all at once, and cuts its own blocks. Prints bytes a sample of its data files,
and samples a second of processor time in and out, its first write and read apart.
"""

import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from atriumdb import AtriumSDK

SECOND_NS = 1_000_000_000


def written(folder: str) -> int:
    return sum(file.stat().st_size for file in Path(folder).rglob("*.tsc"))


def main(path: str, run_s: int) -> None:
    signals = {name: (int(name.split()[0]), counts) for name, counts in np.load(path).items()}
    samples = sum(counts.size for _, counts in signals.values())
    with tempfile.TemporaryDirectory() as folder:
        sdk = AtriumSDK.create_dataset(dataset_location=folder, database_type="sqlite")
        device = sdk.insert_device(device_tag="bed")
        measures = {
            name: sdk.insert_measure(measure_tag=name, freq=rate_hz, units="1", freq_units="Hz")
            for name, (rate_hz, _) in signals.items()
        }
        first = sdk.insert_measure(measure_tag="first", freq=1, units="1", freq_units="Hz")
        sdk.write_segment(first, device, np.arange(100), 0, freq=1, freq_units="Hz")
        sdk.get_data(first, 0, 100 * SECOND_NS, device_id=device)
        size = -written(folder)
        began = time.process_time()
        for name, (rate_hz, counts) in signals.items():
            firsts = range(0, counts.size, rate_hz * run_s)
            sdk.write_segments(
                measures[name],
                device,
                [counts[first : first + rate_hz * run_s] for first in firsts],
                [first * SECOND_NS // rate_hz for first in firsts],
                freq=rate_hz,
                freq_units="Hz",
            )
        between = time.process_time()
        read = {}
        for name, (rate_hz, counts) in signals.items():
            end_ns = counts.size * SECOND_NS // rate_hz + 1
            read[name] = sdk.get_data(measures[name], 0, end_ns, device_id=device, analog=False)[2]
        ended = time.process_time()
        if not all(np.array_equal(read[name], counts) for name, (_, counts) in signals.items()):
            raise SystemExit("AtriumDB: not the same samples")
        size += written(folder)
    answer = {
        "bytes_per_sample": size / samples,
        "in_per_s": samples / (between - began),
        "out_per_s": samples / (ended - between),
    }
    sys.stdout.write(f"{json.dumps(answer)}\n")


main(sys.argv[1], int(sys.argv[2]))
