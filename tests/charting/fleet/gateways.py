"""A dozen beds in different troubles, as their gateways would tell of them."""

from dataclasses import replace

from charting.web.department import Bed
from collector.health import Reports, State
from collector.model import AlarmPhase, AlarmType, Channel, DeviceIdentity, Identity, Priority, Reading, Series
from collector.normalize import CLOCK_OFFSET
from collector.status import DeviceState, DeviceStatus, LinkFault
from collector.technical import GATEWAY
from tests.page.data import MINUTE_US, SECOND_US, Store, alarm, reading

GIB = 1 << 30
DAY_S = 86_400.0
VERSION = "0.6.0"
SOUND = State(
    version=VERSION, uptime_s=12.2 * DAY_S, processor_s=30_000.0, memory_bytes=61 << 20, disk_free_bytes=21 * GIB,
    disk_bytes=29 * GIB, journal_bytes=1_300 << 20, journal_pending=0, clock_error_s=0.004, clock_drift_ppm=11.7,
)  # fmt: skip
MODELS = {
    "monitor": DeviceIdentity(manufacturer="Philips", model="IntelliVue MX800"),
    "ventilator": DeviceIdentity(manufacturer="Dräger", model="Evita V500"),
    "anaesthesia": DeviceIdentity(manufacturer="GE", model="Aisys CS²"),
    "bis": DeviceIdentity(model="BIS VISTA"),
}
_CODES = {"monitor": "MDC_ECG_HEART_RATE", "ventilator": "MDC_VENT_RESP_RATE", "bis": "MDC_EEG_BISPECTRAL_INDEX"}

BEDS = tuple(
    Bed(id=bed, area=area, name=name)
    for bed, area, name in (
        ("OR-01", "or", "一号手术间"), ("OR-02", "or", "二号手术间"), ("OR-03", "or", "三号手术间"),
        ("OR-04", "or", "四号手术间"), ("OR-05", "or", "五号手术间"), ("OR-06", "or", "杂交手术间"),
        ("PACU-1", "pacu", ""), ("PACU-2", "pacu", ""), ("ICU-01", "icu", ""), ("ICU-02", "icu", ""),
        ("ICU-03", "icu", ""), ("OFF-1", "offsite", "胃镜中心"),
    )
)  # fmt: skip


class Gateway:
    """One bed's, telling into a store. Ages are seconds before `now_us`."""

    def __init__(self, store: Store, bed: str, now_us: int) -> None:
        self.store, self.bed, self.now_us = store, bed, now_us

    def values(self, age_s: float = 1.0, *devices: str) -> None:
        """Devices told who they are an hour ago, and a value so long ago."""
        for device in devices or ("monitor",):
            at_us = self._ago(age_s)
            if device in MODELS:
                self.store.told.append(
                    Identity(bed=self.bed, device=device, time_us=at_us - 60 * MINUTE_US, identity=MODELS[device])
                )
            channel = Channel(code=_CODES.get(device, "MDC_AWAY_CO2_ET"), source="1", unit="/min")
            self.store.readings.append(reading(Series(bed=self.bed, device=device, channel=channel), at_us, 70.0))

    def report(self, age_s: float = 120.0, state: State = SOUND, **counts: tuple[int, int]) -> None:
        """Of its health; `counts`: device → frames and rejected runs since the report before."""
        reports = Reports(self.bed)
        devices = [
            DeviceStatus(device=device, driver="", port="", state=DeviceState.RECEIVING, since_us=0)
            for device in counts
        ]
        before = replace(state, uptime_s=max(0.0, state.uptime_s - 300), processor_s=state.processor_s - 5.4)
        reports.report(before, devices, self._ago(age_s + 300))
        later = [
            replace(device, frames=counts[device.device][0], rejected=counts[device.device][1]) for device in devices
        ]
        self.store.readings += reports.report(state, later, self._ago(age_s))

    def offset(self, device: str, seconds: float, age_s: float = 30.0) -> None:
        of = Series(bed=self.bed, device=device, channel=CLOCK_OFFSET)
        self.store.readings.append(reading(of, self._ago(age_s), seconds))

    def condition(self, source: str, priority: Priority, age_s: float, code: str = "", text: str = "") -> None:
        told = alarm(
            self._ago(age_s), device=GATEWAY, source=source, priority=priority, text=text, type_=AlarmType.TECHNICAL
        )
        said = replace(told.alarm, code=code) if code else told.alarm
        self.store.changes.append(replace(told, bed=self.bed, alarm=said))

    def lost(self, device: str, fault: LinkFault, age_s: float) -> None:
        self.condition(f"link:{device}", Priority.HIGH, age_s, fault, f"{device}: it is not received")

    def cleared(self, source: str, age_s: float) -> None:
        last = next(c for c in reversed(self.store.changes) if (c.bed, c.alarm.source) == (self.bed, source))
        ended = replace(last.alarm, phase=AlarmPhase.END)
        self.store.changes.append(replace(last, time_us=self._ago(age_s), alarm=ended))

    def _ago(self, seconds: float) -> int:
        return self.now_us - round(seconds * SECOND_US)


def dozen(store: Store, now_us: int) -> None:
    """What the gateways of BEDS have told: some are sound, the others are each in a trouble of its own."""
    bed = {each.id: Gateway(store, each.id, now_us) for each in BEDS}
    for id_ in ("OR-01", "PACU-1", "ICU-02"):
        bed[id_].values(1.2, "monitor", *(("ventilator",) if id_ == "ICU-02" else ("anaesthesia",)))
        bed[id_].report(monitor=(17_900, 0))
    bed["OR-02"].values(1.0, "monitor", "anaesthesia")
    bed["OR-02"].values(740.0, "bis")
    bed["OR-02"].report(200, monitor=(17_000, 2))
    bed["OR-02"].lost("bis", LinkFault.PORT_GONE, 730)
    bed["OR-03"].values(1.0, "monitor")
    bed["OR-03"].report(100, replace(SOUND, disk_free_bytes=GIB // 2, journal_bytes=24 * GIB))
    bed["OR-03"].condition("journal-nearly-full", Priority.HIGH, 3_000, text="journal nearly full")
    bed["OR-04"].values(9_000.0, "monitor", "anaesthesia")
    bed["OR-04"].report(9_020)
    bed["OR-05"].values(40_000.0, "monitor", "anaesthesia")
    bed["OR-05"].report(150)
    bed["OR-05"].lost("monitor", LinkFault.SILENT, 39_900)
    bed["OR-05"].lost("anaesthesia", LinkFault.ENDED, 39_990)
    bed["PACU-2"].values(1.0, "monitor")
    bed["PACU-2"].report(60, replace(SOUND, version="0.4.2", uptime_s=1_500.0, processor_s=61.0))
    bed["ICU-01"].values(1.5, "monitor", "ventilator")
    bed["ICU-01"].report(
        240, replace(SOUND, journal_pending=184_220, journal_oldest_s=2_460.0), ventilator=(240, 41), monitor=(300, 0)
    )
    bed["ICU-01"].condition(
        "sink:timescale::", Priority.MEDIUM, 2_400, "VND_VITALSD_SINK_UNREACHED", "timescale: not reached"
    )
    bed["ICU-03"].values(2.0, "monitor")
    bed["ICU-03"].report(80, replace(SOUND, version="0.5.0", clock_error_s=None, clock_drift_ppm=-164.0))
    bed["ICU-03"].condition("clock-sync", Priority.MEDIUM, 90_000, text="not synchronised")
    bed["ICU-03"].offset("monitor", 312.0)
    bed["OR-06"].values(1.0, "monitor")
    Gateway(store, "ICU-99", now_us).values(3.0, "monitor")
    Gateway(store, "ICU-99", now_us).report(200)


def heard_again(store: Store, now_us: int) -> None:
    """The same a moment later: who is heard tells new values."""
    last: dict[Series, Reading] = {r.series: r for r in store.readings}
    store.readings += [
        replace(r, time_us=now_us - SECOND_US)
        for r in last.values()
        if now_us - r.time_us < 60 * SECOND_US and r.series.channel != CLOCK_OFFSET
    ]
