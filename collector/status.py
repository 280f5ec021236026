"""What the daemon knows of its devices' lives and of its sinks, for the page and the metrics."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from collector.model import PatientIdentity, Series


class DeviceState(StrEnum):
    """States of a device's life, as the runner sees it."""

    CONNECTING = "connecting"
    ASSOCIATING = "associating"
    RECEIVING = "receiving"
    SILENT = "silent"
    REFUSED = "refused"
    WAITING = "waiting"
    ENDED = "ended"


class LinkFault(StrEnum):
    """Why a device is not received, as codes of codes.csv."""

    SILENT = "VND_VITALSD_LINK_SILENT"
    UNREACHABLE = "VND_VITALSD_LINK_UNREACHABLE"
    PORT_GONE = "VND_VITALSD_LINK_PORT_GONE"
    ENDED = "VND_VITALSD_LINK_ENDED"
    REFUSED = "VND_VITALSD_LINK_REFUSED"
    FAILED = "VND_VITALSD_LINK_FAILED"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceStatus:
    """A device's life at one time.

    `since_us`: when it came into this state; `last_frame_us`: arrival of the last good frame; `cause`: the likely cause
    of a state that is not receiving, one line in English for an engineer; `fault`: the same for a program, what is
    known last until the device is received again; identity as the device told it;
    `rejected`: runs of bytes that are no frame; `failures`: times its driver raised;
    `strays`: locations that it speaks of and that are of no bed here;
    `patient`: whom it told of last in the dialogue of now, never logged and never published.
    """

    device: str
    driver: str
    port: str
    state: DeviceState
    since_us: int
    last_frame_us: int | None = None
    cause: str = ""
    fault: LinkFault | None = None
    frames: int = 0
    rejected: int = 0
    rejected_bytes: int = 0
    failures: int = 0
    manufacturer: str = ""
    model: str = ""
    clock_offset_s: float | None = None
    strays: Sequence[str] = ()
    patient: PatientIdentity | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SinkStatus:
    """error: why it is not connected, without secrets; pending: entries that the destination does not have;
    occupied: beds of which it is known whether a case is open.

    Entries since the start: delivered, parked because the destination refuses them, skipped because they are too old.
    """

    connected: bool = False
    error: str = ""
    delivered: int = 0
    parked: int = 0
    skipped: int = 0
    pending: int = 0
    occupied: Mapping[str, bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsaved:
    """What the gateway's disk does not take: since when, and the series of which readings are in memory only."""

    since_us: int
    series: frozenset[Series]
