"""All metrics of the charting service, declared here; names and labels are part of the contract."""

from collections import Counter as Counted
from collections.abc import Collection, Iterable, Mapping, Sequence

from alarms.board import Presence
from charting.outbox.post import Queue
from charting.store.backups import KINDS, LastRuns
from charting.watch.state import BedAlarms
from collector import __version__
from collector.exposition import Declared, Exposition
from collector.model import Priority

_LATENCY_S = (0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0, 60.0)
_LOOK_S = (0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
_ANSWER_S = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
_SHOWN = (Presence.PRESENT, Presence.UNKNOWN)


class Metrics:
    """One service's metrics."""

    def __init__(self) -> None:
        self._exposition = here = Exposition()
        self.alarms = here.gauge("vitalsd_alarms", "Alarm conditions that stand", ("bed", "presence", "priority"))
        self.known = here.gauge(
            "vitalsd_alarms_known", "1 while everything that a bed alarms of is known", ("bed",)
        )  # fmt: skip
        self.advisories = here.counter(
            "vitalsd_advisories_total", "Advisories of our own that have begun", ("rule",)
        )  # fmt: skip
        self.latency = here.histogram(
            "vitalsd_alarm_latency_seconds",
            "From a change's arrival at the gateway to the page that shows it, with the difference of their clocks",
            buckets=_LATENCY_S,
        )
        self.look = here.histogram(
            "vitalsd_watch_look_seconds", "How long a look at all beds takes", ("what",), buckets=_LOOK_S
        )
        self.cds_questions = here.counter(
            "vitalsd_cds_questions_total",
            "Questions to decision support services; outcome: asked, paused, answered, failed: why",
            ("service", "outcome"),
        )
        self.cds_cards = here.counter(
            "vitalsd_cds_cards_total",
            "Cards of decision support services; outcome: told, repeated, refused: why",
            ("service", "outcome"),
        )
        self.untold = here.counter(
            "vitalsd_untold_total", "Entries of cases of which no message could be made for other systems", ("what",)
        )  # fmt: skip
        self.mqtt_connected = here.told(
            "vitalsd_mqtt_connected", "1 while the broker is reached; absent without a broker"
        )
        self.requests = here.counter(
            "vitalsd_http_requests_total", "Answers; route: as the program has it, none: refused or unknown",
            ("method", "route", "status"),
        )  # fmt: skip
        self.answer = here.histogram(
            "vitalsd_http_request_seconds", "Until an answer begins", ("route",), buckets=_ANSWER_S
        )
        self.reachable = here.told("vitalsd_database_reachable", "1 while the charting database answers")
        self.size = here.told("vitalsd_database_size_bytes", "Size of the whole database, series included")
        self.cases = here.told("vitalsd_cases_open", "Open cases", ("area",))
        self.case_open = here.told(
            "vitalsd_case_open", "1 while a case is open at a bed; absent while unknown", ("bed",)
        )
        self.clients = here.told(
            "vitalsd_clients", "Browsers that show our pages now, by the pages' version", ("version",)
        )
        self.certificates = here.told(
            "vitalsd_certificate_expiry_timestamp_seconds", "When a certificate that the configuration names expires",
            ("what",),
        )  # fmt: skip
        self.backup_good = here.told(
            "vitalsd_backup_last_success_timestamp_seconds",
            "When the last backup, or trial restore of one, ended well; 0: never, though the configuration asks for it",
            ("kind",),
        )  # fmt: skip
        self.backup_failed = here.told(
            "vitalsd_backup_last_failed", "1 while the last backup, or trial restore, is one that failed", ("kind",)
        )
        self.backup_size = here.told("vitalsd_backup_size_bytes", "Size of the last good backup, as it is kept")
        self.parcels = here.told(
            "vitalsd_parcels", "Messages for other systems that are not done with: waiting, parked",
            ("destination", "state"),
        )  # fmt: skip
        self.parcel_oldest = here.told(
            "vitalsd_parcel_oldest_seconds", "Age of the oldest message that waits; 0: none", ("destination",)
        )
        self.parcel_attempts = here.counter(
            "vitalsd_parcel_attempts_total",
            "Messages sent, by what came of it: answered, refused, unanswered, away (not reached)",
            ("destination", "result"),
        )
        self.parcel_answer = here.histogram(
            "vitalsd_parcel_answer_seconds", "Until a message is answered", ("destination",), buckets=_ANSWER_S
        )
        self.parcel_answered = here.gauge(
            "vitalsd_parcel_last_answer_timestamp_seconds", "When a destination answered last", ("destination",)
        )
        self.parcels_expired = here.counter(
            "vitalsd_parcels_expired_total",
            "Messages that were of no use any longer before they left",
            ("destination",),
        )
        self.answers_ignored = here.counter(
            "vitalsd_parcel_answers_ignored_total", "Answers that were none to the message under way", ("destination",)
        )
        self.destination_up = here.told(
            "vitalsd_destination_up", "1 while a destination answers; absent: nothing was sent to it since the start",
            ("destination",),
        )  # fmt: skip
        self.inbox_frames = here.counter(
            "vitalsd_inbox_frames_total",
            "What came in over MLLP: kept, not_kept, unreadable, no_frame; connections turned_away, broken_off",
            ("listener", "result"),
        )
        self.inbox_messages = here.counter(
            "vitalsd_inbox_messages_total",
            "What came of messages of the hospital: done, ignored, waiting, failed; one that waits counts again later",
            ("source", "state"),
        )
        self.view_read = here.gauge(
            "vitalsd_inbox_view_last_success_timestamp_seconds",
            "When a view of the hospital's database was read last; 0: not since the start",
            ("source",),
        )
        self.charge_lines = here.told(
            "vitalsd_charge_lines", "Lines of bills: sent (on their way, or refused), accepted, withdrawn", ("state",)
        )
        self.charge_differing = here.told(
            "vitalsd_charge_differing_cases", "Cases of the last 7 days of which record and bill differ"
        )
        self.charge_unbilled = here.told(
            "vitalsd_charge_unbilled_entries",
            "Entries of the last 7 days that no line of a bill stands for",
        )
        here.gauge("vitalsd_build_info", "This program", ("version",)).labels(__version__).set(1)

    @property
    def declared(self) -> Sequence[Declared]:
        """Every metric that there is, whether or not it has a value."""
        return self._exposition.declared

    def show(self, beds: Iterable[BedAlarms]) -> None:
        """What is known of each bed now."""
        for state in beds:
            counts = Counted((alarm.presence, alarm.alarm.priority) for alarm in state.alarms)
            for presence in _SHOWN:
                for priority in Priority:
                    self.alarms.labels(state.bed, presence, priority).set(counts[presence, priority])
            self.known.labels(state.bed).set(state.known)

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        self.requests.labels(method, route, str(status)).inc()
        self.answer.labels(route).observe(seconds)

    def show_database(
        self, cases: Mapping[str, int], occupied: Collection[str], clients: Mapping[str, int], areas: Mapping[str, str]
    ) -> None:
        """Open cases by area, beds that have one, browsers by version; areas: of the beds that there are."""
        self.reachable.set(1)
        self.cases.values = {(area,): cases.get(area, 0) for area in {*areas.values(), *cases}}
        self.case_open.values = {(bed,): bed in occupied for bed in areas}
        self.clients.values = {(version,): count for version, count in clients.items()}

    def forget(self) -> None:
        """The database does not answer; when backups ended stays as it was."""
        self.reachable.set(0)
        for told in (self.size, self.cases, self.case_open, self.clients):
            told.clear()

    def show_parcels(self, queues: Mapping[str, Queue], now_us: int) -> None:
        """What is not done with, by destination."""
        self.parcels.values = {
            (to, state): count
            for to, queue in queues.items()
            for state, count in (("waiting", queue.waiting), ("parked", queue.parked))
        }
        self.parcel_oldest.values = {
            (to,): 0.0 if queue.oldest_us is None else (now_us - queue.oldest_us) / 1e6 for to, queue in queues.items()
        }

    def show_destinations(self, up: Mapping[str, bool]) -> None:
        self.destination_up.values = {(to,): there for to, there in up.items()}

    def show_charges(self, lines: Mapping[str, int], differing: int, unbilled: int) -> None:
        """Lines by state, and cases and entries of the last days."""
        self.charge_lines.values = {(state,): lines.get(state, 0) for state in ("sent", "accepted", "withdrawn")}
        self.charge_differing.set(differing)
        self.charge_unbilled.set(unbilled)

    def show_certificates(self, expiries: Mapping[str, float]) -> None:
        """Seconds since 1970 by what names the file."""
        self.certificates.values = {(what,): expiry_s for what, expiry_s in expiries.items()}

    def show_backups(self, runs: Mapping[str, LastRuns], *, wanted: bool) -> None:
        """wanted: the configuration asks for them."""
        ended = {kind: each.good.ended_us / 1e6 if each.good else 0.0 for kind, each in runs.items()}
        self.backup_good.values = {(kind,): ended.get(kind, 0.0) for kind in KINDS if wanted or kind in ended}
        self.backup_failed.values = {(kind,): not each.last.ok for kind, each in runs.items()}
        last = runs.get("backup")
        if last is not None and last.good is not None:
            self.backup_size.set(last.good.size_bytes)

    def text(self) -> bytes:
        """What Prometheus scrapes."""
        return self._exposition.text()


def declared() -> Sequence[Declared]:
    """Every metric of the charting service."""
    return Metrics().declared
