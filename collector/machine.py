"""What the gateway's machine and its journal say of themselves, for the reports of health."""

import os
import resource
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from collector import __version__
from collector.adjtimex import kernel_clock
from collector.clock import MachineClock
from collector.errors import JournalError
from collector.health import State
from collector.journal.reader import Usage
from collector.journal.safe import SafeJournal

_STATM = Path("/proc/self/statm")


def watching(journal: SafeJournal, path: Path, clock: MachineClock) -> Callable[[], State]:
    """Looks at a daemon that starts now, with its journal at `path`; to be called in a thread."""
    start_s = clock.monotonic()

    def look() -> State:
        usages: list[Usage] = []
        with suppress(JournalError):
            usages = [each.usage() for each in journal.journals]
        oldest_us = min((usage.oldest_us for usage in usages if usage.oldest_us is not None), default=None)
        used, kernel = resource.getrusage(resource.RUSAGE_SELF), kernel_clock()
        free_bytes, disk_bytes = disk(path)
        return State(
            version=__version__,
            uptime_s=clock.monotonic() - start_s,
            processor_s=used.ru_utime + used.ru_stime,
            memory_bytes=_resident_bytes(),
            disk_free_bytes=free_bytes,
            disk_bytes=disk_bytes,
            journal_bytes=usages[0].size_bytes if usages else None,
            journal_pending=sum(max(usage.pending.values(), default=0) for usage in usages) if usages else None,
            journal_oldest_s=None if oldest_us is None else max(0.0, (clock.utc_us() - oldest_us) / 1e6),
            clock_error_s=None if kernel is None else kernel.error_s,
            clock_drift_ppm=None if kernel is None else kernel.drift_ppm,
        )

    return look


def disk(path: Path) -> tuple[int, int] | tuple[None, None]:
    """Bytes that are free for this user, and in all."""
    try:
        found = os.statvfs(path.parent)
    except OSError:
        return None, None
    return found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize


def _resident_bytes() -> int | None:
    try:
        return int(_STATM.read_text().split()[1]) * resource.getpagesize()
    except (OSError, IndexError, ValueError):
        return None
