"""All metrics of a bed, declared here; names and labels are part of the contract (design §5)."""

import sys
from collections import Counter as Counted
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

from collector import __version__
from collector.adjtimex import kernel_clock
from collector.clock import Step, clock_error_s
from collector.exposition import Declared, Exposition, Labels
from collector.journal.safe import SafeJournal
from collector.model import Priority
from collector.mqtt_messages import READER as MQTT_READER
from collector.status import DeviceState, LinkFault, SinkStatus
from collector.timescale import READER
from collector.update import exposition as update

ALARM_PAGE_BUCKETS = (0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0)
"""Seconds; 95 % are to be within 5 (clinical.md §4.2)."""
_DEVICE = ("bed", "device", "driver")
_NO_SERIES = "conditions and identities"


class Metrics:
    """One daemon's metrics."""

    def __init__(self, bed: str, utc_us: Callable[[], int], zone: str = "UTC") -> None:
        """`zone`: of the bed's site."""
        self.bed = bed
        self._utc_us = utc_us
        self._zone = ZoneInfo(zone)
        self._last_us: dict[Labels, int] = {}
        self._exposition = here = Exposition()
        self.frames = here.counter("vitalsd_frames_total", "Good frames received", _DEVICE)
        self.rejected = here.counter("vitalsd_rejected_total", "Runs of bytes that are no frame", (*_DEVICE, "reason"))
        self.rejected_bytes = here.counter("vitalsd_rejected_bytes_total", "Bytes that are no frame", _DEVICE)
        self.repeats = here.counter(
            "vitalsd_repeats_total", "Measurements that the device sent again; not stored", _DEVICE
        )
        self.uncommitted = here.gauge("vitalsd_uncommitted", "Entries of a device that wait for the disk", _DEVICE)
        self.restarts = here.counter(
            "vitalsd_driver_errors_total", "Times a driver raised and its device was restarted", _DEVICE
        )
        self.state = here.gauge("vitalsd_device_state", "1 for the state the device is in", (*_DEVICE, "state"))
        self.fault = here.told("vitalsd_device_fault", "1: why the device is not received", (*_DEVICE, "fault"))
        here.computed(
            "vitalsd_data_age_seconds", "Age of the last value of a parameter", (*_DEVICE, "code"), values=self._ages
        )
        self._clock_offset = here.gauge(
            "vitalsd_clock_offset_seconds",
            "The device's clock minus ours, read in UTC or in the site's zone, whichever is nearer",
            _DEVICE[:2],
        )
        self.clock_steps = here.counter(
            "vitalsd_clock_steps_total", "Times the system clock was set, and our time with it"
        )
        self.synchronised = here.told(
            "vitalsd_clock_synchronised", "1 while the kernel calls the system clock synchronised", ("bed",)
        )
        here.computed(
            "vitalsd_clock_error_seconds", "The kernel's bound of the system clock's error", values=_clock_error
        )
        here.computed(
            "vitalsd_clock_drift_ratio", "By how much the kernel corrects the system clock's rate", values=_clock_drift
        )
        self.disk_free = here.told("vitalsd_disk_free_bytes", "Free on the file system of the journal")
        self.disk_size = here.told("vitalsd_disk_size_bytes", "Size of the file system of the journal")
        self.pending = here.told("vitalsd_journal_pending", "Rows that a reader has not delivered", ("reader",))
        self.oldest = here.told("vitalsd_journal_oldest_seconds", "Age of the oldest row not delivered")
        self.size = here.told("vitalsd_journal_bytes", "Size of the journal's file")
        self.limit = here.told("vitalsd_journal_limit_bytes", "What the journal's files may take")
        self.nearly_full = here.told(
            "vitalsd_journal_nearly_full", "1 while the journal is nearly full of rows that no server has"
        )
        self.duplicates = here.told("vitalsd_journal_duplicates_total", "Events that came again and changed nothing")
        self.different = here.told("vitalsd_journal_different_total", "Other values for a time that had one; kept")
        self.saved = here.told("vitalsd_journal_saved", "0 while entries are kept in memory only, for want of a disk")
        self.sacrificed = here.told(
            "vitalsd_sacrificed_total", "Entries given up at the journal's limit before they were delivered", ("code",)
        )
        self.delivered = here.told("vitalsd_delivered_total", "Rows delivered since the start")
        self.parked = here.told("vitalsd_parked_total", "Rows the server refused, kept aside")
        self.connected = here.told("vitalsd_sink_connected", "1 while the server is reached; absent without a server")
        self.case_open = here.told(
            "vitalsd_case_open", "1 while a case is open at a bed; absent while unknown", ("bed",)
        )
        self.mqtt_connected = here.told(
            "vitalsd_mqtt_connected", "1 while the broker is reached; absent without a broker"
        )
        self.mqtt_published = here.told(
            "vitalsd_mqtt_published_total", "Entries that the broker has taken since the start"
        )
        self.mqtt_skipped = here.told("vitalsd_mqtt_skipped_total", "Entries not published: too old, or refused")
        self.alarms = here.told(
            "vitalsd_alarms", "Alarm conditions that stand, by the device's own priority; unknown: its link was lost",
            ("bed", "device", "priority", "presence"),
        )  # fmt: skip
        self.alarm_page = here.histogram(
            "vitalsd_alarm_page_seconds", "From an alarm's arrival until a page at the bed has drawn it", ("bed",),
            buckets=ALARM_PAGE_BUCKETS,
        )  # fmt: skip
        self.alarm_page.labels(bed)
        self.certificates = here.told(
            "vitalsd_certificate_expiry_timestamp_seconds", "When a certificate that the configuration names expires",
            ("what",),
        )  # fmt: skip
        here.computed(
            "vitalsd_update_waiting_seconds", "For how long an update that is due has been waiting; 0: none is",
            values=lambda: update.waiting_s(utc_us()),
        )  # fmt: skip
        here.computed(
            "vitalsd_update_returned", "1 while the newest version is refused: it was tried and returned",
            values=update.returned,
        )  # fmt: skip
        build = here.gauge("vitalsd_build_info", "This program, and where it is installed", ("version", "slot"))
        build.labels(__version__, Path(sys.prefix).name).set(1)

    @property
    def declared(self) -> Sequence[Declared]:
        """Every metric that there is, whether or not it has a value."""
        return self._exposition.declared

    def show_offset(self, device: str, offset_s: float) -> None:
        """Of a device's clock, its digits taken as UTC."""
        wrong_s = clock_error_s(offset_s, self._utc_us(), self._zone)
        self._clock_offset.labels(self.bed, device).set(wrong_s)

    def begin(self, labels: tuple[str, str, str]) -> None:
        """There is a device of these labels: what has not happened yet is 0, so that the first time is an increase."""
        for counter in (self.frames, self.rejected_bytes, self.repeats, self.restarts):
            counter.labels(*labels)

    def seen(self, labels: tuple[str, str, str], code: str, time_us: int) -> None:
        """A value of `code`, a number or a text, has come from the device of these labels."""
        self._last_us[*labels, code] = time_us

    def stepped(self, step: Step) -> None:
        """Our clock was set; ages are what they were."""
        self.clock_steps.inc()
        self._last_us = {labels: last_us + step.size_us for labels, last_us in self._last_us.items()}

    def set_synchronised(self, known: bool | None) -> None:
        """None: the system cannot say."""
        self.synchronised.clear()
        if known is not None:
            self.synchronised.set(known, self.bed)

    def set_state(self, labels: tuple[str, str, str], now: DeviceState, fault: LinkFault | None) -> None:
        """fault: why the device is not received."""
        for state in DeviceState:
            self.state.labels(*labels, state.value).set(state is now)
        for each in LinkFault:
            self.fault.set(each is fault, *labels, each.value)

    def show_alarms(self, counts: Mapping[tuple[str, Priority, str], int]) -> None:
        """By device, priority and presence; a combination that is not among them has none."""
        self.alarms.values = {
            (self.bed, device, priority.value, presence): count
            for (device, priority, presence), count in counts.items()
        }

    def show_journal(self, journal: SafeJournal, now_us: int) -> None:
        """Raises JournalError."""
        usages = [each.usage() for each in journal.journals]
        for reader in usages[0].pending:
            self.pending.set(sum(usage.pending[reader] for usage in usages), reader)
        oldest_us = min((usage.oldest_us for usage in usages if usage.oldest_us is not None), default=None)
        self.oldest.set(0 if oldest_us is None else (now_us - oldest_us) / 1e6)
        self.size.set(usages[0].size_bytes)
        self.duplicates.set(sum(usage.duplicates for usage in usages))
        self.different.set(sum(usage.different for usage in usages))
        self.saved.set(journal.memory is None)
        lost = Counted({_NO_SERIES: 0})
        for each in journal.journals:
            for series, gone in each.sacrificed().items():
                lost[series.channel.code if series else _NO_SERIES] += gone.entries
        for code, entries in lost.items():
            self.sacrificed.set(entries, code)

    def show_disk(self, free_bytes: int | None, size_bytes: int | None) -> None:
        """None: it cannot be asked."""
        for told, value in ((self.disk_free, free_bytes), (self.disk_size, size_bytes)):
            told.clear()
            if value is not None:
                told.set(value)

    def show_certificates(self, expiries: Mapping[str, float]) -> None:
        """Seconds since 1970 by what names the file."""
        self.certificates.values = {(what,): expiry_s for what, expiry_s in expiries.items()}

    def show_sink(self, name: str, status: SinkStatus) -> None:
        if name == READER:
            self.connected.set(status.connected)
            self.delivered.set(status.delivered)
            self.parked.set(status.parked)
            self.case_open.values = {(bed,): occupied for bed, occupied in status.occupied.items()}
        if name == MQTT_READER:
            self.mqtt_connected.set(status.connected)
            self.mqtt_published.set(status.delivered)
            self.mqtt_skipped.set(status.skipped + status.parked)

    def text(self) -> bytes:
        """What Prometheus scrapes."""
        return self._exposition.text()

    def _ages(self) -> Mapping[Labels, float]:
        now_us = self._utc_us()
        return {labels: (now_us - last_us) / 1e6 for labels, last_us in list(self._last_us.items())}


def declared() -> Sequence[Declared]:
    """Every metric of a bed's daemon."""
    return Metrics("", lambda: 0).declared


def _clock_error() -> Mapping[Labels, float]:
    found = kernel_clock()
    return {} if found is None else {(): found.error_s}


def _clock_drift() -> Mapping[Labels, float]:
    found = kernel_clock()
    return {} if found is None else {(): found.drift_ppm / 1e6}
