"""Faults of a whole bed: a real `vitalsd bed` with simulated devices is killed, cut off, and given garbage."""

import asyncio
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import psycopg

from collector.model import WavePiece
from collector.sql import queries
from collector.verify.accounting import account
from collector.verify.bed import Bed, at_bed
from collector.verify.comparison import Comparison, compare
from collector.verify.devices import Device
from collector.verify.proxy import Proxy
from collector.verify.report import Result, not_tried
from collector.verify.setting import Setting, waited
from collector.verify.testimony import SETTLE_US, Kept
from collector.verify.verdict import deliver_rest, late, result_of

KILL = "a daemon killed at any instant restarts; nothing in its journal is lost, nothing is delivered twice"
END = "a daemon that is asked to end keeps what it has received, ends, and goes on when it is started again"
CUT = "a database that is cut off and back gets everything; the bed does not notice"
GARBAGE = "bad bytes are counted, and the next good frame is used"
CABLE = "a cable out and in again: the device is heard again by itself"
DISK_FULL = "with a full disk the daemon goes on in memory and delivers, and returns to the disk when it has room"

_LIFE_S = 6.5
_SETTLED_S = SETTLE_US / 1e6 + 0.5
"""From then on it is counted what a kill costs."""

_BIRTH_S = 1.2
_DISK_MIB = 16
_FULL_S = 3.0

_Q = queries("verify")


async def kill_daemon(setting: Setting) -> Result:
    """SIGKILL at random instants, some while it is starting."""
    name, chance = "kill-daemon", setting.chance
    async with at_bed(setting, setting.folder(name)) as bed:
        for number in setting.times(name, setting.extent.daemon_kills):
            await asyncio.sleep(chance.uniform(0.0 if number % 2 else _SETTLED_S, _LIFE_S))
            await bed.kill()
            await bed.start()
            if number % 5 == 4:
                await asyncio.sleep(chance.uniform(0.0, _BIRTH_S))
                await bed.kill()
                await bed.start()
            if not await bed.heard():
                break
    return await result_of(setting, bed, name, KILL, bed.kills)


async def end_daemon(setting: Setting) -> Result:
    """SIGTERM at random instants."""
    name, chance = "end-daemon", setting.chance
    ends = 0
    async with at_bed(setting, setting.folder(name)) as bed:
        for number in setting.times(name, setting.extent.daemon_ends):
            await asyncio.sleep(chance.uniform(0.0 if number % 2 else _SETTLED_S, _LIFE_S))
            await bed.stop()
            ends += 1
            await bed.start()
            if not await bed.heard():
                break
    return await result_of(setting, bed, name, END, ends)


async def sink_cut(setting: Setting) -> Result:
    """The database is cut off at random instants, for a while."""
    name, chance = "sink-cut", setting.chance
    cuts, gaps = 0, []
    with Proxy(setting.dsn) as proxy:
        async with at_bed(setting, setting.folder(name), proxy.dsn) as bed:
            for _ in setting.times(name, setting.extent.sink_cuts):
                await asyncio.sleep(chance.uniform(0.0, 1.0))
                proxy.open = False
                chance.choice([proxy.cut, proxy.reset])()
                cut_us = _now_us()
                await asyncio.sleep(chance.uniform(0.0, 1.0))
                proxy.open = True
                cuts += 1
                back_us = await _stored_since(setting, bed, _now_us())
                if back_us is None:
                    break
                gaps.append((back_us - cut_us) / 1e6)
    result = await result_of(setting, bed, name, CUT, cuts)
    return replace(result, longest_gap_s=max(gaps, default=None))


async def garbage(setting: Setting) -> Result:
    """Random bytes before, inside and after frames of each device in turn."""
    name = "garbage"
    bursts = 0
    async with at_bed(setting, setting.folder(name)) as bed:
        for number in setting.times(name, setting.extent.bursts):
            device = _turn(bed, number)
            before = await bed.rejected(device.name)
            spoilt = await bed.simulators.disturb(device)
            bursts += bool(spoilt)
            bed.look()
            bed.absent(_now_us(), device.name)
            if not await bed.heard():
                break
            if spoilt and await bed.rejected(device.name) <= before:
                bed.broken.append(f"garbage from {device.name} was not counted")
    return await result_of(setting, bed, name, GARBAGE, bursts)


async def cable(setting: Setting) -> Result:
    """The port of each device in turn goes away and comes back."""
    name, chance = "cable", setting.chance
    pulls, back = 0, []
    async with at_bed(setting, setting.folder(name)) as bed:
        for number in setting.times(name, setting.extent.cables):
            device = _turn(bed, number)
            begin_us = _now_us()
            await bed.simulators.pull(device)
            await asyncio.sleep(chance.uniform(0.3, 1.5))
            bed.look()
            bed.absent(begin_us, device.name)
            await bed.simulators.plug(device)
            plugged_s = time.monotonic()
            pulls += 1
            if not await bed.heard():
                break
            back.append(time.monotonic() - plugged_s)
    result = await result_of(setting, bed, name, CABLE, pulls)
    return replace(result, figures={**result.figures, "back_after_s": max(back, default=0.0)})


async def disk_full(setting: Setting) -> Result:
    """The journal lies on a small filesystem of its own, which is filled and emptied."""
    name = "disk-full"
    folder = setting.folder(name)
    with _small_disk(folder) as reason:
        if reason:
            return not_tried(name, DISK_FULL, reason)
        async with at_bed(setting, folder) as bed:
            setting.progress(name, 0, 1)
            await _fill_and_empty(setting, bed)
            setting.progress(name, 1, 1)
        await deliver_rest(setting, bed)
    held = await asyncio.to_thread(setting.scratch.held, bed.id)
    held.sort(key=lambda entry: entry.start_us if isinstance(entry, WavePiece) else entry.time_us)
    # What was in memory only is in no journal: the devices themselves say what has to be in the store.
    told = account(bed.simulators.said, [Kept(life=0, entry=entry) for entry in held], bed.simulators.absences)
    twice = compare(held, (), held).duplicated
    found = Comparison(wanted=told.said, lost=told.lost, duplicated=twice, invented=max(0, told.invented - twice))
    return Result(
        name=name,
        promise=DISK_FULL,
        tried=1,
        found=found,
        judged=told.judged,
        recovered=not bed.broken,
        broken=[*bed.broken, *told.odd, *late(told, bed.turns_s)],
    )


async def _fill_and_empty(setting: Setting, bed: Bed) -> None:
    filler = bed.folder / "filler"
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(1 << 16))
    full_us = _now_us()
    await asyncio.sleep(_FULL_S)
    if await _stored_since(setting, bed, full_us + 1_000_000) is None:
        bed.broken.append("with a full disk nothing was delivered any more")
    filler.unlink()
    empty_us = _now_us()
    if await waited(lambda: any(reading.time_us > empty_us for reading in bed.latest())) is None:
        bed.broken.append("with room on the disk again the journal was not used")


@contextmanager
def _small_disk(folder: Path) -> Iterator[str]:
    """A tmpfs on the folder; yields why there is none, or nothing."""
    reason = ""
    if shutil.which("mount") is None:
        reason = "there is no `mount`"
    else:
        options = f"size={_DISK_MIB}m,mode=0700"
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], capture_output=True, text=True, check=False
        )
        if done.returncode:
            reason = f"a small filesystem cannot be mounted, which needs root: {done.stderr.strip()}"
    try:
        yield reason
    finally:
        if not reason:
            subprocess.run(["umount", "--lazy", str(folder)], check=False)


async def _stored_since(setting: Setting, bed: Bed, since_us: int) -> int | None:
    """When the store had a reading that is newer; None where it never had."""
    names = [device.name for device in bed.simulators.devices]

    def there(connection: psycopg.Connection[tuple[int | None]]) -> bool:
        row = connection.execute(_Q["newest"], (bed.id, names, since_us)).fetchone()
        return bool(row and row[0] is not None)

    with psycopg.connect(setting.dsn, autocommit=True) as connection:
        if await waited(lambda: there(connection)) is None:
            bed.broken.append("nothing was delivered any more")
            return None
    return _now_us()


def _turn(bed: Bed, number: int) -> Device:
    return bed.simulators.devices[number % len(bed.simulators.devices)]


def _now_us() -> int:
    return time.time_ns() // 1_000
