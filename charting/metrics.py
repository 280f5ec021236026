"""All metrics of the charting service, declared here; names and labels are part of the contract."""

from collections import Counter as Counted
from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, generate_latest

from alarms.board import Presence
from charting.watch.state import BedAlarms
from collector import __version__
from collector.model import Priority

_LATENCY_S = (0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0, 60.0)
_LOOK_S = (0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
_SHOWN = (Presence.PRESENT, Presence.UNKNOWN)


class Metrics:
    """One service's metrics, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.alarms = Gauge(
            "vitalsd_alarms", "Alarm conditions that stand", ("bed", "presence", "priority"), registry=self.registry
        )
        self.known = Gauge(
            "vitalsd_alarms_known", "1 while everything that a bed alarms of is known", ("bed",), registry=self.registry
        )
        self.advisories = Counter(
            "vitalsd_advisories", "Advisories of our own that have begun", ("rule",), registry=self.registry
        )
        self.latency = Histogram(
            "vitalsd_alarm_latency_seconds",
            "From a change's arrival at the gateway to the page that shows it, with the difference of their clocks",
            buckets=_LATENCY_S,
            registry=self.registry,
        )
        self.look = Histogram(
            "vitalsd_watch_look_seconds", "How long a look at all beds takes", ("what",), buckets=_LOOK_S,
            registry=self.registry,
        )  # fmt: skip
        self.mqtt_connected = Gauge("vitalsd_mqtt_connected", "1 while the broker is reached", registry=self.registry)
        Info("vitalsd_build", "This program", registry=self.registry).info({"version": __version__})

    def show(self, beds: Iterable[BedAlarms]) -> None:
        """What is known of each bed now."""
        for state in beds:
            counts = Counted((alarm.presence, alarm.alarm.priority) for alarm in state.alarms)
            for presence in _SHOWN:
                for priority in Priority:
                    self.alarms.labels(state.bed, presence, priority).set(counts[presence, priority])
            self.known.labels(state.bed).set(state.known)

    def text(self) -> bytes:
        """The exposition that Prometheus scrapes."""
        return generate_latest(self.registry)
