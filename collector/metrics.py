"""All metrics, declared here; names and labels are part of the contract (design §5)."""

from collections import Counter as Counted
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from collector import __version__
from collector.clock import Step
from collector.journal.safe import SafeJournal
from collector.model import Priority
from collector.mqtt_messages import READER as MQTT_READER
from collector.status import DeviceState, SinkStatus
from collector.timescale import READER

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
ALARM_PAGE_BUCKETS = (0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0)
"""Seconds; 95 % are to be within 5 (clinical.md §4.2)."""
_DEVICE = ("bed", "device", "driver")


@dataclass(slots=True, eq=False)
class _Ages(Collector):
    """Age of the last value with a number or text, computed when it is asked for."""

    utc_us: Callable[[], int]
    last_us: dict[tuple[str, str, str, str], int] = field(default_factory=dict)

    def collect(self) -> Iterable[GaugeMetricFamily]:
        ages = GaugeMetricFamily(
            "vitalsd_data_age_seconds", "Age of the last value of a parameter", labels=(*_DEVICE, "code")
        )
        now_us = self.utc_us()
        for labels, last_us in list(self.last_us.items()):
            ages.add_metric(labels, (now_us - last_us) / 1e6)
        yield ages


class Metrics:
    """One daemon's metrics, in a registry of their own."""

    def __init__(self, bed: str, utc_us: Callable[[], int]) -> None:
        self.bed = bed
        self.registry = CollectorRegistry()
        self._ages = _Ages(utc_us)
        self.registry.register(self._ages)
        self.frames = Counter("vitalsd_frames", "Good frames received", _DEVICE, registry=self.registry)
        self.rejected = Counter(
            "vitalsd_rejected", "Runs of bytes that are no frame", (*_DEVICE, "reason"), registry=self.registry
        )
        self.repeats = Counter(
            "vitalsd_repeats", "Measurements that the device sent again; not stored", _DEVICE, registry=self.registry
        )
        self.uncommitted = Gauge(
            "vitalsd_uncommitted", "Entries of a device that wait for the disk", _DEVICE, registry=self.registry
        )
        self.restarts = Counter(
            "vitalsd_driver_errors", "Times a driver raised and its device was restarted", _DEVICE,
            registry=self.registry,
        )  # fmt: skip
        self.state = Gauge(
            "vitalsd_device_state", "1 for the state the device is in", (*_DEVICE, "state"), registry=self.registry
        )
        self.clock_offset = Gauge(
            "vitalsd_clock_offset_seconds", "The device's clock minus ours", ("bed", "device"), registry=self.registry
        )
        self.clock_steps = Counter(
            "vitalsd_clock_steps", "Times the system clock was set, and our time with it", registry=self.registry
        )
        self.synchronised = Gauge(
            "vitalsd_clock_synchronised", "1 while the kernel calls the system clock synchronised; absent if unknown",
            ("bed",), registry=self.registry,
        )  # fmt: skip
        self.pending = Gauge(
            "vitalsd_journal_pending", "Rows that a reader has not delivered", ("reader",), registry=self.registry
        )
        self.oldest = Gauge(
            "vitalsd_journal_oldest_seconds", "Age of the oldest row not delivered", registry=self.registry
        )
        self.size = Gauge("vitalsd_journal_bytes", "Size of the journal's file", registry=self.registry)
        self.duplicates = Gauge(
            "vitalsd_journal_duplicates", "Events that came again and changed nothing", registry=self.registry
        )
        self.different = Gauge(
            "vitalsd_journal_different", "Other values for a time that had one; kept", registry=self.registry
        )
        self.saved = Gauge(
            "vitalsd_journal_saved",
            "0 while entries are kept in memory only, for want of a disk",
            registry=self.registry,
        )
        self.sacrificed = Gauge(
            "vitalsd_sacrificed_total", "Entries given up at the journal's limit before they were delivered", ("code",),
            registry=self.registry,
        )  # fmt: skip
        self.delivered = Gauge("vitalsd_delivered_total", "Rows delivered since the start", registry=self.registry)
        self.parked = Gauge("vitalsd_parked_total", "Rows the server refused, kept aside", registry=self.registry)
        self.connected = Gauge("vitalsd_sink_connected", "1 while the server is reached", registry=self.registry)
        self.mqtt_connected = Gauge("vitalsd_mqtt_connected", "1 while the broker is reached", registry=self.registry)
        self.mqtt_published = Gauge(
            "vitalsd_mqtt_published_total", "Entries that the broker has taken since the start", registry=self.registry
        )
        self.mqtt_skipped = Gauge(
            "vitalsd_mqtt_skipped_total", "Entries not published: too old, or refused", registry=self.registry
        )
        self.alarms = Gauge(
            "vitalsd_alarms", "Alarm conditions that stand, by the device's own priority; unknown: its link was lost",
            ("bed", "device", "priority", "presence"), registry=self.registry,
        )  # fmt: skip
        self.alarm_page = Histogram(
            "vitalsd_alarm_page_seconds", "From an alarm's arrival until a page at the bed has drawn it", ("bed",),
            buckets=ALARM_PAGE_BUCKETS, registry=self.registry,
        )  # fmt: skip
        self.alarm_page.labels(bed)
        Info("vitalsd_build", "This program", registry=self.registry).info({"version": __version__})

    def seen(self, labels: tuple[str, str, str], code: str, time_us: int) -> None:
        """A value of `code` has come from the device of these labels."""
        self._ages.last_us[*labels, code] = time_us

    def stepped(self, step: Step) -> None:
        """Our clock was set; ages are what they were."""
        self.clock_steps.inc()
        self._ages.last_us = {labels: last_us + step.size_us for labels, last_us in self._ages.last_us.items()}

    def set_synchronised(self, known: bool | None) -> None:
        """None: the system cannot say."""
        self.synchronised.clear()
        if known is not None:
            self.synchronised.labels(self.bed).set(known)

    def set_state(self, labels: tuple[str, str, str], now: DeviceState) -> None:
        for state in DeviceState:
            self.state.labels(*labels, state.value).set(state is now)

    def show_alarms(self, counts: Mapping[tuple[str, Priority, str], int]) -> None:
        """By device, priority and presence; a combination that is not among them has none."""
        self.alarms.clear()
        for (device, priority, presence), count in counts.items():
            self.alarms.labels(self.bed, device, priority.value, presence).set(count)

    def show_journal(self, journal: SafeJournal, now_us: int) -> None:
        """Raises JournalError."""
        usages = [each.usage() for each in journal.journals]
        for reader in usages[0].pending:
            self.pending.labels(reader).set(sum(usage.pending[reader] for usage in usages))
        oldest_us = min((usage.oldest_us for usage in usages if usage.oldest_us is not None), default=None)
        self.oldest.set(0 if oldest_us is None else (now_us - oldest_us) / 1e6)
        self.size.set(usages[0].size_bytes)
        self.duplicates.set(sum(usage.duplicates for usage in usages))
        self.different.set(sum(usage.different for usage in usages))
        self.saved.set(journal.memory is None)
        lost: Counted[str] = Counted()
        for each in journal.journals:
            for series, gone in each.sacrificed().items():
                lost[series.channel.code if series else "conditions and identities"] += gone.entries
        for code, entries in lost.items():
            self.sacrificed.labels(code).set(entries)

    def show_sink(self, name: str, status: SinkStatus) -> None:
        if name == READER:
            self.connected.set(status.connected)
            self.delivered.set(status.delivered)
            self.parked.set(status.parked)
        if name == MQTT_READER:
            self.mqtt_connected.set(status.connected)
            self.mqtt_published.set(status.delivered)
            self.mqtt_skipped.set(status.skipped + status.parked)

    def text(self) -> bytes:
        """The exposition that Prometheus scrapes."""
        return generate_latest(self.registry)
