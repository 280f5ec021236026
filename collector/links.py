"""Tells in the journal which devices are not received, and when the gateway itself was not there."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from collector.clock import Step
from collector.model import Condition, Priority
from collector.status import DeviceState, DeviceStatus, LinkFault
from collector.technical import Technical

LATE_US = 10_000_000
"""A device that is not received for longer, or a gateway that was not there, is told (clinical.md §4.2)."""

PRIORITY = Priority.HIGH
"""Every device's alarms come over its link: while it is down none is heard (clinical.md §4.2)."""

GATEWAY_SOURCE = "gateway"
GATEWAY_DOWN = "VND_VITALSD_GATEWAY_DOWN"
_SOURCE = "link:"
_TEXTS: Mapping[LinkFault, str] = {
    LinkFault.SILENT: "nothing is heard on its line",
    LinkFault.UNREACHABLE: "it cannot be reached over the network",
    LinkFault.PORT_GONE: "its port is not there",
    LinkFault.ENDED: "it has ended the dialogue",
    LinkFault.REFUSED: "it refuses the dialogue",
    LinkFault.FAILED: "its driver has failed",
}


def device_of(source: str) -> str:
    """The device whose link a condition of the gateway is about; empty where it is about none."""
    return source.removeprefix(_SOURCE) if source.startswith(_SOURCE) else ""


def absence(technical: Technical, last_us: int | None, now_us: int) -> Sequence[Condition]:
    """Of a gateway that starts now and was last known to live at a time; nothing where that is unknown or recent."""
    if last_us is None or now_us - last_us <= LATE_US:
        return []
    text = "The gateway was not running or could keep nothing"
    return technical.passed(GATEWAY_SOURCE, text, PRIORITY, code=GATEWAY_DOWN, start_us=last_us, end_us=now_us)


@dataclass(slots=True)
class _Link:
    """Since when a device is not received, None while it is; when its condition was cleared last."""

    lost_us: int | None
    cleared_us: int


class Links:
    """One bed's links since the start of its daemon. A recording that has ended is none."""

    def __init__(self, technical: Technical, start_us: int) -> None:
        self._technical = technical
        self._start_us = start_us
        self._links: dict[str, _Link] = {}

    def look(self, devices: Iterable[DeviceStatus], now_us: int) -> Sequence[Condition]:
        """Changes of the conditions of these devices' links; one that the bed no longer has is missed by nobody."""
        there = {_SOURCE + device.device: device for device in devices}
        gone = [source for source in self._technical.standing(_SOURCE) if source not in there]
        changes = [change for source in gone for change in self._technical.cleared(source)]
        return [*changes, *(change for device in there.values() for change in self._look(device, now_us))]

    def stepped(self, step: Step) -> None:
        """Our clock was set."""
        self._start_us += step.size_us
        for link in self._links.values():
            link.cleared_us += step.size_us
            if link.lost_us is not None:
                link.lost_us += step.size_us

    def _look(self, device: DeviceStatus, now_us: int) -> Sequence[Condition]:
        link = self._links.setdefault(device.device, _Link(lost_us=self._start_us, cleared_us=self._start_us))
        source = _SOURCE + device.device
        if device.state in {DeviceState.RECEIVING, DeviceState.ENDED}:
            link.lost_us = None
            changes = self._technical.cleared(source)
            if changes:
                link.cleared_us = now_us
            return changes
        if link.lost_us is None:
            link.lost_us = max(link.cleared_us, device.last_frame_us or 0)
        if now_us - link.lost_us < LATE_US:
            return []
        fault = device.fault or LinkFault.SILENT
        text = f"{device.device}: {_TEXTS[fault]}"
        return self._technical.raised(source, text, PRIORITY, code=fault, since_us=link.lost_us)
