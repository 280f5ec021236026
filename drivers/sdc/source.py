"""The dialogue with an SDC device. The only file but the simulated device's that knows sdc11073.

The library works with threads: what it reports is copied there and handed to the loop. Its operations are never called:
the service that has them gets no client.
"""

import asyncio
import contextlib
import logging
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sdc11073 import observableproperties
from sdc11073.certloader import SSLContextContainer, mk_ssl_contexts_from_folder
from sdc11073.consumer.consumerimpl import SdcConsumer, default_components_factory
from sdc11073.definitions_sdc import SdcV1Definitions
from sdc11073.mdib.consumermdib import ConsumerMdib
from sdc11073.wsdiscovery import WSDiscovery
from sdc11073.xml_types.actions import Actions, periodic_actions

from collector.errors import LinkError, UsageError
from collector.model import AlarmCondition, DeviceIdentity, Event, Frame
from collector.transport.base import Port
from drivers.sdc import containers
from drivers.sdc.mdib import Mdib
from drivers.sdc.options import Options
from drivers.sdc.reports import Change, Report

QUIET_S = 2.5
"""A device that reports nothing for so long is asked whether it is there …"""
ANSWER_S = 2.4
"""… and has so long to answer: one that stands still is noticed within 5 s."""
OPEN_S = 20.0
"""For connecting, subscribing and reading all descriptors."""
SOCKET_S = 3
"""For each answer of the device; whole seconds."""
CLOSE_S = 2.0
"""For taking leave; a device that is heard anew is not kept waiting."""
SEARCH_S = 2
"""How long answers to a search are waited for; whole seconds."""
MOST_WAITING = 10_000
"""Reports that wait to be taken, minutes of them; then the link is given up."""

_SERVICES = {"GetService", "StateEventService", "ContextService", "WaveformService", "DescriptionEventService"}
_NOT_SUBSCRIBED = {
    *periodic_actions,
    Actions.OperationInvokedReport,
    Actions.EpisodicOperationalStateReport,
    Actions.SystemErrorReport,
}
_REPORTS = {
    "metrics_by_handle": "metrics",
    "alert_by_handle": "alerts",
    "context_by_handle": "contexts",
    "component_by_handle": "components",
    "waveform_by_handle": "waveforms",
}
"""Observables of the library's MDIB, and what their reports are called."""

logging.getLogger("sdc").setLevel(logging.CRITICAL + 1)
"""What goes wrong is noticed by what does not come."""


@dataclass(frozen=True, slots=True)
class _NewMdib:
    """The device has a new MDIB: all that is known of it is void."""


@dataclass(frozen=True, slots=True)
class _Lost:
    """The device renews a subscription no more."""


_Told = Report | Change | _NewMdib | _Lost


class SdcSource:
    """Raises UsageError where port and options do not fit each other."""

    def __init__(self, options: Options, port: Port, standing: Sequence[AlarmCondition] = ()) -> None:
        if (port.scheme == "https") != (options.tls is not None):
            raise UsageError("tls: https:// needs the folder of certificates, and http:// must not have it")
        self._options = options
        self._port = port
        self._mdib = Mdib(standing)
        self._queue: asyncio.Queue[tuple[int, _Told]] = asyncio.Queue()
        self._count = self._known = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._consumer: Any = None
        self._theirs: Any = None
        self._broken = False

    async def open(self) -> None:
        """Find the device, connect, subscribe, read its MDIB. Raises LinkError."""
        self._loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(OPEN_S):
                await asyncio.to_thread(self._connect)
        except TimeoutError:
            raise LinkError(f"{self._port.host} takes longer than {OPEN_S:.0f} s to describe itself") from None
        except LinkError:
            raise
        except (ssl.SSLError, FileNotFoundError) as error:
            raise LinkError(f"{self._port.host}: no mutual trust: {error}") from error
        except Exception as error:
            raise LinkError(f"no SDC device answers at {self._port.host}:{self._port.number}: {error}") from error

    async def __aiter__(self) -> AsyncIterator[Sequence[Event]]:
        yield self._first()
        while True:
            try:
                async with asyncio.timeout(QUIET_S):
                    count, told = await self._queue.get()
            except TimeoutError:
                await self._ask()
                yield [Frame(offset=0, length=0, kind="probe")]
                continue
            if self._queue.qsize() > MOST_WAITING:
                raise LinkError("the device reports faster than it can be taken")
            if count <= self._known:  # the MDIB that was read since had it already
                continue
            match told:
                case _NewMdib():
                    yield await self._again()
                case _Lost():
                    self._broken = True
                    raise LinkError(f"{self._port.host} has ended its subscriptions")
                case Change():
                    yield self._mdib.changed(told)
                case Report():
                    yield self._mdib.told(told)

    async def close(self) -> None:
        """Unsubscribe, where the device is still there, and stop the library's threads."""
        if self._consumer is not None:
            with contextlib.suppress(Exception):
                async with asyncio.timeout(CLOSE_S):  # a thread that still waits for an answer ends by itself
                    await asyncio.to_thread(self._consumer.stop_all, unsubscribe=not self._broken)

    def _connect(self) -> None:
        trust = None if self._options.tls is None else mk_ssl_contexts_from_folder(self._options.tls)
        address = self._port.text.split("?", maxsplit=1)[0] if self._options.epr is None else self._found()
        self._consumer = consumer = _consumer(address, trust)
        consumer.start_all(not_subscribed_actions=_NOT_SUBSCRIBED)
        self._theirs = theirs = ConsumerMdib(consumer)
        for observable, kind in _REPORTS.items():
            if self._options.waves or kind != "waveforms":
                observableproperties.strongbind(theirs, **{observable: self._reported(kind)})
        observableproperties.strongbind(
            theirs,
            description_modifications=self._modified,
            sequence_or_instance_id_changed_event=lambda _: self._put(_NewMdib()),
        )
        theirs.init_mdib()
        observableproperties.strongbind(consumer, is_connected=self._connected)

    def _connected(self, is_connected: bool) -> None:
        if not is_connected:
            self._put(_Lost())

    def _found(self) -> str:
        """The address of the device with that endpoint reference. Raises LinkError."""
        with WSDiscovery(str(self._options.adapter)) as discovery:
            for service in discovery.search_services(SdcV1Definitions.MedicalDeviceTypesFilter, timeout=SEARCH_S):
                addresses = [one for one in service.x_addrs if one.startswith(f"{self._port.scheme}://")]
                if service.epr == self._options.epr and addresses:
                    return str(addresses[0])
        raise LinkError(f"nobody answers to a search for {self._options.epr} on the network of {self._options.adapter}")

    def _reported(self, kind: str) -> Callable[[dict[str, Any]], None]:
        def take(by_handle: dict[str, Any]) -> None:
            if by_handle:
                self._put(Report(kind=kind, states=containers.states(by_handle.values())))

        return take

    def _modified(self, report: Any) -> None:
        for part in report.ReportPart:
            if part.ModificationType.value == "Del":
                self._put(Change(gone=tuple(one.Handle for one in part.Descriptor)))
            else:
                self._put(Change(described=containers.described(part.Descriptor)))
                self._put(Report(kind="descriptions", states=containers.states(part.State)))

    def _put(self, told: _Told) -> None:
        """On a thread of the library, which holds the lock of its MDIB while it tells of a report."""
        self._count += 1
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._queue.put_nowait, (self._count, told))

    def _first(self) -> Sequence[Event]:
        """Who the device is, and all that it shows."""
        theirs = self._theirs
        with theirs.mdib_lock:
            change = Change(described=containers.described(theirs.descriptions.objects))
            everything = [*theirs.states.objects, *theirs.context_states.objects]
            report = Report(kind="mdib", states=containers.states(everything), first=True)
            self._known = self._count
        self._mdib.changed(change)
        frame, *events = self._mdib.told(report)
        return [frame, *self._identity(), *events]

    async def _again(self) -> Sequence[Event]:
        """Begin anew with the device's new MDIB."""
        self._mdib = Mdib(self._mdib.standing)
        try:
            await asyncio.to_thread(self._theirs.reload_all)
        except Exception as error:
            self._broken = True
            raise LinkError(f"{self._port.host} has restarted and does not describe itself: {error}") from error
        return self._first()

    async def _ask(self) -> None:
        """Whether a device that reports nothing is there. Raises LinkError."""
        try:
            async with asyncio.timeout(ANSWER_S):
                await asyncio.to_thread(self._consumer.send_probe)
        except Exception as error:
            self._broken = True
            raise LinkError(f"{self._port.host} reports nothing and does not answer: device or network") from error

    def _identity(self) -> Sequence[Event]:
        with contextlib.suppress(AttributeError):
            model, device = self._consumer.host_description.this_model, self._consumer.host_description.this_device
            return (
                DeviceIdentity(
                    manufacturer=_text(model.Manufacturer),
                    model=_text(model.ModelName),
                    serial=device.SerialNumber or "",
                    software=device.FirmwareVersion or "",
                ),
            )
        return ()


def _text(texts: Any) -> str:
    return str(texts[0].text) if texts else ""


def _consumer(address: str, trust: SSLContextContainer | None) -> Any:
    parts = default_components_factory()
    parts.service_handlers = {one for one in parts.service_handlers if one.port_type_name.localname in _SERVICES}
    return SdcConsumer(
        address,
        SdcV1Definitions,
        ssl_context_container=trust,
        validate=False,
        components=parts,
        socket_timeout=SOCKET_S,
        force_ssl_connect=trust is not None,
    )
