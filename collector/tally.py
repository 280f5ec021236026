"""What is known of one device: its status, its metrics and its log, kept in step with what is heard of it."""

from collections.abc import Sequence
from dataclasses import replace

from collector.clock import MachineClock, Step
from collector.errors import LinkError
from collector.logs import Link, logger
from collector.metrics import Metrics
from collector.model import (
    Association,
    AssociationState,
    DeviceClock,
    Event,
    Frame,
    Observation,
    PatientIdentity,
    Rejected,
)
from collector.model import DeviceIdentity as Device
from collector.status import DeviceState, DeviceStatus, LinkFault

_SERIAL = "serial"
_ITS_OWN = {LinkFault.ENDED, LinkFault.REFUSED}
_UNHEARD = {LinkFault.SILENT, LinkFault.UNREACHABLE}


class ClosedError(LinkError):
    """The other side of a connection has ended it."""


class Tally:
    """Of one device of a bed; `driver`: its name, for the labels."""

    def __init__(self, *, device: str, driver: str, port: str, clock: MachineClock, metrics: Metrics) -> None:
        self._clock = clock
        self._metrics = metrics
        self._network = port.partition("://")[0] != _SERIAL
        self._labels = (metrics.bed, device, driver)
        self.log = logger(bed=metrics.bed, device=device, driver=driver)
        self._link = Link(self.log, "device", clock.monotonic)
        metrics.begin(self._labels)
        self.status = DeviceStatus(
            device=device,
            driver=driver,
            port=port,
            state=DeviceState.CONNECTING,
            since_us=clock.utc_us(),
            fault=self._unheard,
        )

    def connecting(self) -> None:
        self._state(DeviceState.CONNECTING)

    def connected(self, strays: Sequence[str]) -> None:
        """A dialogue begins."""
        self.status = replace(self.status, patient=None, strays=strays)
        if self.status.state is not DeviceState.SILENT:
            self._state(DeviceState.ASSOCIATING)

    def strayed(self, strays: Sequence[str]) -> None:
        """A location that is of no bed here was told, the last of these."""
        self.status = replace(self.status, strays=strays)
        self.log.warning("a location that is of no bed here", location=strays[-1])

    def silent(self, *, bytes_come: bool) -> None:
        cause, fault = "no bytes: device off, cable out, or its output is not switched on", self._unheard
        if bytes_come:
            cause, fault = "bytes come but no good frame: wrong speed, parity or protocol", LinkFault.SILENT
        self._link.lost(cause)
        self._state(DeviceState.SILENT, cause, fault)

    def lost(self, error: LinkError) -> None:
        """The link is down; it is tried again."""
        fault = LinkFault.ENDED if isinstance(error, ClosedError) else LinkFault.UNREACHABLE
        self._link.lost(str(error))
        self._state(DeviceState.WAITING, str(error), fault if self._network else LinkFault.PORT_GONE)

    def failed(self, said: str, error: Exception) -> None:
        """The driver has raised."""
        self._metrics.restarts.labels(*self._labels).inc()
        self.status = replace(self.status, failures=self.status.failures + 1)
        self.log.error(said, exc_info=error)

    def starts_anew(self) -> None:
        self._state(DeviceState.WAITING, "the driver failed: see the log", LinkFault.FAILED)

    def replaying(self) -> None:
        self._state(DeviceState.RECEIVING)

    def replayed(self) -> None:
        self._state(DeviceState.ENDED, "the recording has ended")

    def repeated(self, times: int = 1) -> None:
        """The device has sent something again."""
        if times:
            self._metrics.repeats.labels(*self._labels).inc(times)

    def waits(self, entries: int) -> None:
        """So many entries wait for the disk."""
        self._metrics.uncommitted.labels(*self._labels).set(entries)

    def stepped(self, step: Step) -> None:
        """Our clock was set. The times move along, but no state begins later than what was stored in it."""
        since_us, last_us = self.status.since_us, self.status.last_frame_us
        self.status = replace(
            self.status,
            since_us=min(since_us, since_us + step.size_us),
            last_frame_us=None if last_us is None else last_us + step.size_us,
        )

    def offset(self, offset_s: float) -> None:
        """The device's clock is so much ahead of ours."""
        self._metrics.show_offset(self.status.device, offset_s)
        self.status = replace(self.status, clock_offset_s=offset_s)

    def count(self, event: Event, arrival_us: int, *, told: bool) -> None:
        """`told`: a frame of the device's says it, and not our session for want of one."""
        match event:
            case Frame():
                self._metrics.frames.labels(*self._labels).inc()
                self.status = replace(self.status, frames=self.status.frames + 1, last_frame_us=self._clock.utc_us())
                if self.status.state is not DeviceState.REFUSED:  # a refusal is a frame too
                    self._receiving(arrival_us)
            case Observation():
                self._receiving(arrival_us)
                if event.repeat:
                    self._metrics.repeats.labels(*self._labels).inc()
                elif event.value is not None:
                    self._metrics.seen(self._labels, event.channel.code, self._clock.utc_us())
            case Rejected():
                self._metrics.rejected.labels(*self._labels, event.reason).inc()
                self._metrics.rejected_bytes.labels(*self._labels).inc(event.length)
                runs, size = self.status.rejected + 1, self.status.rejected_bytes + event.length
                self.status = replace(self.status, rejected=runs, rejected_bytes=size)
            case Association(state=AssociationState.REFUSED):
                cause = f"the device refused the association: {event.reason}"
                self._link.lost(cause)
                self._state(DeviceState.REFUSED, cause, LinkFault.REFUSED)
            case Association(state=AssociationState.ENDED):
                cause = f"the device ended the association: {event.reason}"
                self._state(DeviceState.ASSOCIATING, cause, LinkFault.ENDED if told else self._unheard)
            case DeviceClock():
                self.offset((event.time_us - arrival_us) / 1e6)
            case Device():
                self.status = replace(self.status, manufacturer=event.manufacturer, model=event.model)
            case PatientIdentity():
                self.status = replace(self.status, patient=event)

    @property
    def _unheard(self) -> LinkFault:
        """Why nothing at all may come."""
        return LinkFault.UNREACHABLE if self._network else LinkFault.SILENT

    def _state(
        self, state: DeviceState, cause: str = "", fault: LinkFault | None = None, *, at_us: int | None = None
    ) -> None:
        """What a device itself gave as the reason holds until it is received again: it need not say more."""
        before = self.status.fault
        if state is DeviceState.RECEIVING:
            fault = None
        elif fault is None or (before in _ITS_OWN and fault in _UNHEARD):
            fault = before
        if state is not self.status.state:
            self.status = replace(self.status, since_us=self._clock.utc_us() if at_us is None else at_us)
        self.status = replace(self.status, state=state, cause=cause, fault=fault)
        self._metrics.set_state(self._labels, state, fault)

    def _receiving(self, arrival_us: int) -> None:
        """From the arrival of the first frame on: what that tells is told since."""
        if self.status.state is not DeviceState.RECEIVING:
            self._state(DeviceState.RECEIVING, at_us=arrival_us)
        self._link.good()
