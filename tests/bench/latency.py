"""Last byte of a frame → row visible in TimescaleDB: a GE monitor's frames on a pty, the real daemon, a real server."""

import itertools
import os
import struct
import subprocess
import sys
import tempfile
import threading
import time
import tty
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psycopg

from drivers.ge_datex_dri.frames import PHYSIOLOGICAL, WAVEFORM, encode
from tests.bench.report import Row, percentile
from tests.bench.server import server, store

FRAMES = int(os.environ.get("VITALSD_BENCH_FRAMES", "1000"))
ENOUGH = 1_000
"""Fewer frames are not held against the budgets (design §8)."""

PERIOD_S = 0.25
"""A record of 15 values and one of 8 waves, sent together: 60 values/s."""

WAVES = ((1, 75), (4, 25), (5, 25), (8, 25), (9, 6), (13, 6), (14, 6), (15, 6))
"""Types of fact sheet ge-datex-dri §6 and the samples of a period."""

WARM_UP = 20
LOST_S = 5.0
SHARED_PAUSE_S = 0.002
"""Between two looks where several beds are watched: watching leaves the processors to them."""
_QUERY = """
select value from vitals
where bed = %s and code = 'MDC_ECG_HEART_RATE' and source like '%%hr' and time > now() - interval '10 s'
order by time desc limit 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bedside:
    """late_s: of each frame; processor: share of one; first_s: from the start of the daemon to its first row."""

    late_s: Sequence[float]
    processor: float
    peak_mib: float
    first_s: float


def rows() -> Iterator[Row]:
    with server() as dsn, store(dsn) as database:
        (bed,) = side_by_side(database, 1, FRAMES)
    late = bed.late_s
    enough = len(late) >= ENOUGH
    for what, value, unit, budget in (
        ("byte to row, p50", percentile(late, 0.50) * 1e3, "ms", 20.0),
        ("byte to row, p99", percentile(late, 0.99) * 1e3, "ms", 60.0),
        ("one bed: processor", bed.processor * 100, "% of one", 2.0),
        ("one bed: memory", bed.peak_mib, "MiB", 80.0),
    ):
        yield Row(what=what, value=value, unit=unit, budget=budget if enough else None, note=f"n={len(late)}")
    yield Row(what="one bed: start to first value", value=bed.first_s, unit="s", budget=2.0)


def side_by_side(dsn: str, beds: int, frames: int) -> list[Bedside]:
    """So many daemons at once, each with a monitor of its own that sends so many frames after its start."""
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(beds) as pool:
        names = [f"BENCH-{number}" for number in range(beds)]
        pause_s = 0.0 if beds == 1 else SHARED_PAUSE_S
        return list(pool.map(lambda name: _bedside(dsn, Path(folder), name, frames, pause_s), names))


def _bedside(dsn: str, folder: Path, bed: str, frames: int, pause_s: float) -> Bedside:
    master, slave = os.openpty()
    tty.setraw(slave)
    config = folder / f"{bed}.toml"
    config.write_text(
        f'[bed]\nid = "{bed}"\n[[device]]\nname = "monitor"\ndriver = "ge-datex-dri"\n'
        f'port = "serial://{os.ttyname(slave)}?parity=N&rtscts=0"\n'
        f'[journal]\npath = "{folder}/{bed}.db"\n[timescale]\ndsn = "{dsn}"\n',
        encoding="utf-8",
    )
    began = time.monotonic()
    daemon = subprocess.Popen([Path(sys.executable).with_name("vitalsd"), "bed", config])
    drain = threading.Thread(target=_drain, args=(master,), daemon=True)
    drain.start()
    late: list[float] = []
    first_s = cpu_began = wall_began = 0.0
    try:
        with psycopg.connect(dsn, autocommit=True) as connection:
            for n in itertools.count():
                value = n % 200 + 20
                frame = encode(PHYSIOLOGICAL, [(1, _physiological(value))], number=n & 255, time_s=int(time.time()))
                waves = encode(WAVEFORM, [_wave(t, k, n) for t, k in WAVES], number=n & 255, time_s=int(time.time()))
                os.write(master, waves + frame)
                sent = time.perf_counter()
                look = partial(_seen, connection, bed, value, sent, pause_s=pause_s)
                if not look(LOST_S if first_s else PERIOD_S):
                    if first_s:
                        raise RuntimeError(f"frame {n} was not seen within {LOST_S} s")
                    continue  # the daemon is still starting
                seen = time.perf_counter()
                if not first_s:
                    first_s = time.monotonic() - began
                if n == WARM_UP:
                    cpu_began, wall_began = processor_s(daemon.pid), time.monotonic()
                if n > WARM_UP:
                    late.append(seen - sent)
                if len(late) == frames:
                    break
                time.sleep(max(0.0, PERIOD_S - (time.perf_counter() - sent)))
        share = (processor_s(daemon.pid) - cpu_began) / (time.monotonic() - wall_began)
        return Bedside(late_s=late, processor=share, peak_mib=_peak_mib(daemon.pid), first_s=first_s)
    finally:
        daemon.terminate()
        daemon.wait()
        os.close(master)
        os.close(slave)


def _seen(
    connection: psycopg.Connection[tuple[float]], bed: str, value: int, sent: float, within_s: float, *, pause_s: float
) -> bool:
    """Look again and again until the newest heart rate is `value`."""
    while time.perf_counter() - sent < within_s:
        got = connection.execute(_QUERY, (bed,)).fetchone()
        if got is not None and got[0] == value:
            return True
        time.sleep(pause_s)
    return False


def _physiological(rate: int) -> bytes:
    """A basic class with heart rates, ST, respiration, SpO2 and temperatures: 15 values (fact sheet §5.2)."""
    data = bytearray(270)
    struct.pack_into("<IH5h", data, 0, 3 | 1 << 3, 0x1200, rate, 10, 20, 30, 12)
    for at, label in ((86, 1), (94, 2), (102, 7)):
        struct.pack_into("<IHh", data, at, 3, label, 3650)
    struct.pack_into("<IH4h", data, 118, 3, 0, 9800, rate, 300, 7000)
    struct.pack_into("<3h", data, 226, rate, rate, rate)
    return struct.pack("<I", int(time.time())) + bytes(data) + struct.pack("<BBH", 0, 0, 0x00A1)


def _wave(kind: int, samples: int, n: int) -> tuple[int, bytes]:
    values = ((n * samples + k) * 7 % 4000 - 2000 for k in range(samples))
    return kind, struct.pack(f"<hHH{samples}h", samples, 2, 0, *values)


def _drain(master: int) -> None:
    """Take the daemon's requests, as a monitor does."""
    try:
        while os.read(master, 4096):
            pass
    except OSError:
        return


def processor_s(pid: int) -> float:
    """Processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _peak_mib(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024
