"""What a gateway tells of its own health: readings like any device's, on the same way into the store. Pure.

Their device is the gateway ("vitalsd"). What they are about is the channel's source: the gateway itself ("vitalsd"), or
the name of a device. They are no patient's: readers of series give them only where their codes are asked for.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from collector.model import Channel, Quality, Reading, Series
from collector.status import DeviceStatus
from collector.technical import GATEWAY

EVERY_S = 300.0
"""A year of a bed with three devices is 2.4 million readings, a hundredth of what a monitor tells."""


class Health(StrEnum):
    """Codes of codes.csv. Of a device: counts since the last report, nothing at the first of a daemon's life."""

    VERSION = "VND_VITALSD_VERSION"
    UPTIME = "VND_VITALSD_UPTIME"
    MEMORY = "VND_VITALSD_MEMORY"
    PROCESSOR = "VND_VITALSD_PROCESSOR"
    DISK_FREE = "VND_VITALSD_DISK_FREE"
    DISK_SIZE = "VND_VITALSD_DISK_SIZE"
    JOURNAL_SIZE = "VND_VITALSD_JOURNAL_SIZE"
    JOURNAL_PENDING = "VND_VITALSD_JOURNAL_PENDING"
    JOURNAL_OLDEST = "VND_VITALSD_JOURNAL_OLDEST"
    CLOCK_ERROR = "VND_VITALSD_CLOCK_ERROR"
    CLOCK_DRIFT = "VND_VITALSD_CLOCK_DRIFT"
    FRAMES = "VND_VITALSD_FRAMES"
    REJECTED = "VND_VITALSD_REJECTED"
    REJECTED_BYTES = "VND_VITALSD_REJECTED_BYTES"
    RESTARTS = "VND_VITALSD_RESTARTS"


UNITS: Mapping[Health, str] = {
    Health.VERSION: "",
    Health.UPTIME: "s",
    Health.MEMORY: "By",
    Health.PROCESSOR: "%",
    Health.DISK_FREE: "By",
    Health.DISK_SIZE: "By",
    Health.JOURNAL_SIZE: "By",
    Health.JOURNAL_PENDING: "1",
    Health.JOURNAL_OLDEST: "s",
    Health.CLOCK_ERROR: "s",
    Health.CLOCK_DRIFT: "[ppm]",
    Health.FRAMES: "1",
    Health.REJECTED: "1",
    Health.REJECTED_BYTES: "By",
    Health.RESTARTS: "1",
}
_CODES = frozenset(code.value for code in Health)


def is_asked(code: str, codes: Sequence[str]) -> bool:
    """Whether a signal is among those with these codes; where none are named, all but a gateway's health."""
    return code in codes if codes else code not in _CODES


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A gateway at one time; None where it cannot be known: then nothing is told.

    processor_s: used since the start; disk: of the journal's file system; clock_error_s: the kernel's bound;
    clock_drift_ppm: by how much the kernel has to correct its clock's rate.
    """

    version: str
    uptime_s: float
    processor_s: float
    memory_bytes: int | None = None
    disk_free_bytes: int | None = None
    disk_bytes: int | None = None
    journal_bytes: int | None = None
    journal_pending: int | None = None
    journal_oldest_s: float | None = None
    clock_error_s: float | None = None
    clock_drift_ppm: float | None = None


class Reports:
    """The reports of one daemon's life."""

    def __init__(self, bed: str, *, demo: bool = False) -> None:
        self._bed = bed
        self._demo = demo
        self._before: State | None = None
        self._counts: Mapping[str, Mapping[Health, int]] = {}

    def report(self, now: State, devices: Sequence[DeviceStatus], at_us: int) -> Sequence[Reading]:
        """What is to be journaled of the gateway and of its devices at a time (µs since 1970 UTC)."""
        before, counted = self._before, self._counts
        self._before, self._counts = now, {device.device: _counts(device) for device in devices}
        told: dict[Health, float | None] = {
            Health.UPTIME: now.uptime_s,
            Health.MEMORY: now.memory_bytes,
            Health.DISK_FREE: now.disk_free_bytes,
            Health.DISK_SIZE: now.disk_bytes,
            Health.JOURNAL_SIZE: now.journal_bytes,
            Health.JOURNAL_PENDING: now.journal_pending,
            Health.JOURNAL_OLDEST: now.journal_oldest_s,
            Health.CLOCK_ERROR: now.clock_error_s,
            Health.CLOCK_DRIFT: now.clock_drift_ppm,
        }
        if before is not None and now.uptime_s > before.uptime_s:
            used_s = now.processor_s - before.processor_s
            told[Health.PROCESSOR] = 100.0 * used_s / (now.uptime_s - before.uptime_s)
        return [
            self._reading(Health.VERSION, GATEWAY, at_us, None, now.version),
            *(self._reading(code, GATEWAY, at_us, float(value)) for code, value in told.items() if value is not None),
            *self._of_devices(counted, at_us),
        ]

    def _of_devices(self, counted: Mapping[str, Mapping[Health, int]], at_us: int) -> Iterator[Reading]:
        for device, counts in self._counts.items():
            for code, count in counts.items():
                if device in counted:
                    yield self._reading(code, device, at_us, float(count - counted[device][code]))

    def _reading(self, code: Health, source: str, at_us: int, value: float | None, text: str | None = None) -> Reading:
        channel = Channel(code=code.value, source=source, unit=UNITS[code])
        return Reading(
            series=Series(bed=self._bed, device=GATEWAY, channel=channel),
            time_us=at_us,
            value=value,
            text=text,
            quality=Quality.VALID,
            demo=self._demo,
        )


def _counts(device: DeviceStatus) -> Mapping[Health, int]:
    return {
        Health.FRAMES: device.frames,
        Health.REJECTED: device.rejected,
        Health.REJECTED_BYTES: device.rejected_bytes,
        Health.RESTARTS: device.failures,
    }
