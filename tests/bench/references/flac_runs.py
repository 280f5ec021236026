"""flac_runs.py SIGNALS.npz SECONDS: each run of so many seconds as a FLAC file of its own, in memory, default level.

Prints bytes a sample, and samples a second of processor time in and out.
"""

import io
import json
import sys
import time

import numpy as np
import soundfile


def encode(counts: np.ndarray, rate_hz: int) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, counts.astype(np.int16), rate_hz, format="FLAC", subtype="PCM_16")
    return file.getvalue()


def main(path: str, run_s: int) -> None:
    signals = [(int(name.split()[0]), counts) for name, counts in np.load(path).items()]
    runs = [
        (rate_hz, counts[first : first + rate_hz * run_s])
        for rate_hz, counts in signals
        for first in range(0, counts.size, rate_hz * run_s)
    ]
    samples = sum(counts.size for _, counts in runs)
    began = time.process_time()
    files = [encode(counts, rate_hz) for rate_hz, counts in runs]
    between = time.process_time()
    decoded = [soundfile.read(io.BytesIO(file), dtype="int16")[0] for file in files]
    ended = time.process_time()
    if not all(np.array_equal(given, counts) for given, (_, counts) in zip(decoded, runs, strict=True)):
        raise SystemExit("FLAC: not the same samples")
    answer = {
        "bytes_per_sample": sum(map(len, files)) / samples,
        "in_per_s": samples / (between - began),
        "out_per_s": samples / (ended - between),
    }
    sys.stdout.write(f"{json.dumps(answer)}\n")


main(sys.argv[1], int(sys.argv[2]))
