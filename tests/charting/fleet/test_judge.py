"""What is said of each bed of a dozen, worked out by hand from what its gateway told."""

from dataclasses import replace

import pytest

from charting.fleet.judge import judged, skew
from charting.fleet.sources import JournalFleet
from charting.fleet.state import BedState, Heard, Level, Link
from charting.watch.feed import Feed
from charting.watch.state import BedAlarms, Doubt
from collector.fleet import BedTold
from collector.health import Health
from collector.logs import logger
from collector.model import Priority, Reading
from collector.status import LinkFault
from tests.charting.fleet.gateways import BEDS, GIB, SOUND, VERSION, Gateway, dozen, heard_again
from tests.page.data import MINUTE_US, NOW_US, SECOND_US, Store

BED = "OR-03"
USED = {"OR-02", "OR-03", "OR-04", "ICU-01", "ICU-02"}
BAD, WARN, NOTE = Level.BAD, Level.WARN, Level.NOTE


class Fleet:
    """`store` is every bed's."""

    def __init__(self) -> None:
        self.store = Store()
        self.reader_of = self.store

    def reader(self, _: str) -> Store:
        return self.store

    def close(self) -> None: ...

    def told(self, bed: str = BED) -> BedTold:
        found = JournalFleet(self, [bed]).told()[bed]
        assert found is not None
        return found

    def judge(
        self, bed: str = BED, *, used: bool = True, now_us: int = NOW_US, unread: bool = False, configured: bool = True
    ) -> BedState:
        """As the watch sees the bed after it has looked twice, and new values have come in between."""
        feed = Feed(bed, lambda: self.store, logger())
        feed.look(now_us - 5 * SECOND_US, used=used)
        heard_again(self.store, now_us)
        alarms = feed.look(now_us, used=used)
        return judged(
            self.told(bed),
            alarms,
            unread=unread,
            configured=configured,
            used=used,
            version=VERSION,
            zone="Asia/Shanghai",
            now_us=now_us,
        )


@pytest.fixture
def fleet() -> Fleet:
    return Fleet()


def keys(state: BedState) -> list[tuple[Level, str]]:
    return [(trouble.level, trouble.key) for trouble in state.troubles]


EXPECTED: dict[str, tuple[Heard, list[tuple[Level, str]], dict[str, Link]]] = {
    "OR-01": (Heard.HEARD, [], {"anaesthesia": Link.RECEIVED, "monitor": Link.RECEIVED}),
    "OR-02": (
        Heard.HEARD, [(BAD, "lost")], {"anaesthesia": Link.RECEIVED, "bis": Link.LOST, "monitor": Link.RECEIVED},
    ),
    "OR-03": (Heard.HEARD, [(BAD, "condition"), (BAD, "disk")], {"monitor": Link.RECEIVED}),
    "OR-04": (Heard.SILENT, [(BAD, "silent")], {"anaesthesia": Link.UNKNOWN, "monitor": Link.UNKNOWN}),
    "OR-05": (Heard.HEARD, [], {"anaesthesia": Link.OFF, "monitor": Link.OFF}),
    "OR-06": (Heard.HEARD, [(NOTE, "no_report")], {"monitor": Link.RECEIVED}),
    "PACU-1": (Heard.HEARD, [], {"anaesthesia": Link.RECEIVED, "monitor": Link.RECEIVED}),
    "PACU-2": (Heard.HEARD, [(WARN, "version"), (NOTE, "restarted")], {"monitor": Link.RECEIVED}),
    "ICU-01": (
        Heard.HEARD, [(WARN, "rejected"), (WARN, "condition"), (WARN, "waiting")],
        {"monitor": Link.RECEIVED, "ventilator": Link.RECEIVED},
    ),
    "ICU-02": (Heard.HEARD, [], {"monitor": Link.RECEIVED, "ventilator": Link.RECEIVED}),
    "ICU-03": (
        Heard.HEARD, [(WARN, "condition"), (WARN, "drift"), (NOTE, "offset"), (NOTE, "version")],
        {"monitor": Link.RECEIVED},
    ),
    "OFF-1": (Heard.NEVER, [(NOTE, "never")], {}),
}  # fmt: skip


@pytest.mark.parametrize("bed", [bed.id for bed in BEDS])
def test_each_trouble_is_told_and_no_other(fleet: Fleet, bed: str) -> None:
    dozen(fleet.store, NOW_US)
    state = fleet.judge(bed, used=bed in USED)
    heard, troubles, links = EXPECTED[bed]
    assert (state.heard, keys(state)) == (heard, troubles)
    assert {device.name: device.link for device in state.devices} == links
    assert state.level == (troubles[0][0] if troubles else None)


def test_a_device_that_is_not_received_says_why_and_since_when(fleet: Fleet) -> None:
    dozen(fleet.store, NOW_US)
    bis = next(device for device in fleet.judge("OR-02").devices if device.name == "bis")
    assert (bis.fault, bis.model) == (LinkFault.PORT_GONE, "BIS VISTA")
    assert (bis.since_us, bis.last_us) == (NOW_US - 730 * SECOND_US, NOW_US - 740 * SECOND_US)


def test_what_is_switched_off_where_a_case_is_open_is_a_fault(fleet: Fleet) -> None:
    dozen(fleet.store, NOW_US)
    assert keys(fleet.judge("OR-05", used=True)) == [(BAD, "lost"), (BAD, "lost")]


def test_figures_are_those_of_the_last_report_alone(fleet: Fleet) -> None:
    """A clock whose error the kernel can bound no more has no bound: not the one of five minutes ago."""
    gateway = Gateway(fleet.store, BED, NOW_US)
    gateway.values()
    gateway.report(400, monitor=(10, 3))
    gateway.report(100, replace(SOUND, clock_error_s=None, uptime_s=86_400.0))
    state = fleet.judge()
    assert state.gateway.clock_error_s is None
    assert state.gateway.clock_drift_ppm is not None
    assert state.gateway.started_us == NOW_US - (100 + 86_400) * SECOND_US
    assert state.devices[0].rejected is None


def test_an_old_report_is_told_as_old_and_judged_no_more(fleet: Fleet) -> None:
    gateway = Gateway(fleet.store, BED, NOW_US)
    gateway.values()
    gateway.report(12 * 60, replace(SOUND, disk_free_bytes=0))
    state = fleet.judge()
    assert keys(state) == [(WARN, "old_report")]
    assert state.gateway.old
    assert state.gateway.disk_free_bytes is not None
    assert state.gateway.disk_free_bytes.old


def test_a_gateway_whose_devices_are_all_off_is_heard_by_its_reports(fleet: Fleet) -> None:
    gateway = Gateway(fleet.store, BED, NOW_US)
    gateway.values(50_000)
    gateway.report(240)
    gateway.lost("monitor", LinkFault.SILENT, 49_900)
    assert fleet.judge().heard is Heard.HEARD
    later = fleet.judge(now_us=NOW_US + 8 * MINUTE_US)
    assert (later.heard, later.heard_us) == (Heard.SILENT, NOW_US - 240 * SECOND_US)
    assert [device.link for device in later.devices] == [Link.UNKNOWN]
    assert (later.synchronised, later.saved) == (None, None)


@pytest.mark.parametrize(("free", "level"), [(0.029, BAD), (0.031, WARN), (0.099, WARN), (0.101, None)])
def test_a_disk_is_judged_by_what_is_free_of_it(fleet: Fleet, free: float, level: Level | None) -> None:
    gateway = Gateway(fleet.store, BED, NOW_US)
    gateway.values()
    gateway.report(10, replace(SOUND, disk_bytes=100 * GIB, disk_free_bytes=round(100 * GIB * free)))
    assert fleet.judge().level is level


@pytest.mark.parametrize(
    ("error_s", "told", "expected"),
    [(0.004, False, True), (1.49, False, True), (16.0, False, None), (None, False, None), (0.004, True, False)],
)
def test_a_clock_is_synchronised_where_the_kernel_bounds_its_error(
    fleet: Fleet, error_s: float | None, told: bool, expected: bool | None
) -> None:
    gateway = Gateway(fleet.store, BED, NOW_US)
    gateway.values()
    gateway.report(10, replace(SOUND, clock_error_s=error_s))
    if told:
        gateway.condition("clock-sync", Priority.MEDIUM, 60, text="not synchronised")
    assert fleet.judge().synchronised is expected


@pytest.mark.parametrize(("offset_s", "level"), [(28_807.0, None), (-7.0, None), (28_890.0, NOTE), (3_600.0, NOTE)])
def test_a_device_that_shows_the_sites_time_has_a_right_clock(
    fleet: Fleet, offset_s: float, level: Level | None
) -> None:
    gateway = Gateway(fleet.store, BED, NOW_US)
    gateway.values()
    gateway.report(10)
    gateway.offset("monitor", offset_s)
    assert fleet.judge().level is level


@pytest.mark.parametrize(("oldest_s", "level"), [(299.0, None), (301.0, WARN), (3_601.0, BAD)])
def test_what_waits_is_judged_by_its_age(fleet: Fleet, oldest_s: float, level: Level | None) -> None:
    gateway = Gateway(fleet.store, BED, NOW_US)
    gateway.values()
    gateway.report(10, replace(SOUND, journal_pending=50, journal_oldest_s=oldest_s))
    assert fleet.judge().level is level


@pytest.mark.parametrize(
    ("theirs", "expected"),
    [("0.6.3", 0), ("0.5.0", -1), ("0.7.0rc1", 1), ("0.4.9", -2), ("1.6.0", None), ("", None), ("main", None)],
)
def test_skew_is_in_minor_versions(theirs: str, expected: int | None) -> None:
    assert skew("0.6.0+1a2b", theirs) == expected


def test_what_cannot_be_read_keeps_what_was_known_and_says_so(fleet: Fleet) -> None:
    gateway = Gateway(fleet.store, BED, NOW_US)
    gateway.values()
    gateway.report(20)
    state = fleet.judge(unread=True)
    assert state.heard is Heard.UNREAD
    assert keys(state) == [(BAD, "unread")]
    assert state.gateway.version == VERSION
    assert [device.link for device in state.devices] == [Link.UNKNOWN]


def test_a_bed_of_no_configuration_is_told_and_needs_nobody_at_once(fleet: Fleet) -> None:
    dozen(fleet.store, NOW_US)
    assert keys(fleet.judge("ICU-99", used=False, configured=False)) == [(WARN, "unconfigured")]


def test_before_anybody_has_looked_nothing_is_known(fleet: Fleet) -> None:
    gateway = Gateway(fleet.store, BED, NOW_US)
    gateway.values()
    gateway.report(20)
    alarms = BedAlarms(bed=BED, at_us=NOW_US)
    assert alarms.doubt is Doubt.UNREAD
    state = judged(
        fleet.told(), alarms, unread=False, configured=True, used=True, version=VERSION, zone="UTC", now_us=NOW_US
    )
    assert state.heard is Heard.UNKNOWN
    assert state.synchronised is None


def test_a_report_without_a_number_is_unknown(fleet: Fleet) -> None:
    gateway = Gateway(fleet.store, BED, NOW_US)
    gateway.values()
    gateway.report(20)

    def emptied(reading: Reading) -> Reading:
        return replace(reading, value=None) if reading.series.channel.code == Health.DISK_FREE else reading

    fleet.store.readings = [emptied(reading) for reading in fleet.store.readings]
    assert fleet.judge().gateway.free is None
