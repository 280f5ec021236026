"""A simulated SDC device in a process of its own: `python -m drivers.sdc.provider HOST PORT PATH [TLS]`.

It prints "ready" when it can be reached. Each line of its input is a JSON object of what it shall say:
`metrics` {handle: {value, validity, mode, time}}, `waves` {handle: {samples, time, validity}}, `alerts` {handle:
present}, `limits` {handle: [low, high]}, `location` {fac, poc, bed}, `patient` {id, given, family} or null (he has
left), `sequence` (a new MDIB), `delete` handle. It ends with its input.
"""

import json
import logging
import sys
import uuid
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from sdc11073.certloader import mk_ssl_contexts_from_folder
from sdc11073.definitions_sdc import SdcV1Definitions
from sdc11073.httpserver.compression import CompressionHandler
from sdc11073.httpserver.httpserverimpl import HttpServerThreadBase, _ThreadingHTTPServer
from sdc11073.location import SdcLocation
from sdc11073.mdib.providermdib import ProviderMdib
from sdc11073.provider.providerimpl import SdcProvider
from sdc11073.wsdiscovery import WSDiscovery
from sdc11073.xml_types import pm_types
from sdc11073.xml_types.dpws_types import ThisDeviceType, ThisModelType

MDIB = Path(__file__).with_name("mdib.xml")


class _Server(HttpServerThreadBase):  # type: ignore[misc]
    """The library's server, at a port that is ours to choose."""

    def __init__(self, host: str, port: int, context: Any) -> None:
        encodings = CompressionHandler.available_encodings[:]
        super().__init__(host, context, encodings, logging.getLogger("sdc.device.httpsrv"))
        self._port = port

    def run(self) -> None:
        self.httpd = _ThreadingHTTPServer(self.logger, (self._my_ipaddress, self._port), 0, self.supported_encodings)
        scheme = "http"
        if self._ssl_context is not None:
            self.httpd.socket = self._ssl_context.wrap_socket(self.httpd.socket, server_side=True)
            scheme = "https"
        self.base_url = f"{scheme}://{self._my_ipaddress}:{self._port}/"
        self.started_evt.set()
        self.httpd.serve_forever()


def main(host: str, port: str, path: str, tls: str = "") -> None:
    trust = mk_ssl_contexts_from_folder(tls) if tls else None
    discovery = WSDiscovery(host)
    discovery.start()
    mdib = ProviderMdib.from_mdib_file(MDIB, protocol_definition=SdcV1Definitions)
    device = SdcProvider(
        discovery,
        ThisModelType(manufacturer="Simulated", model_name="Workstation"),
        ThisDeviceType(friendly_name="Simulated workstation", firmware_version="1.0", serial_number="S-1"),
        mdib,
        epr=uuid.UUID(path.strip("/")),
        validate=False,
        ssl_context_container=trust,
    )
    server = _Server(host, int(port), trust.server_context if trust else None)
    server.start()
    if not server.started_evt.wait(10.0):
        raise SystemExit(f"{host}:{port} cannot be listened at")
    device.start_all(start_rtsample_loop=False, shared_http_server=server)
    device.publish()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        _obey(device, mdib, json.loads(line))


def _obey(device: Any, mdib: Any, command: Mapping[str, Any]) -> None:
    if metrics := command.get("metrics"):
        with mdib.metric_state_transaction(set_determination_time=False) as transaction:
            for handle, told in metrics.items():
                _tell(transaction.get_state(handle), told)
    if waves := command.get("waves"):
        with mdib.rt_sample_state_transaction() as transaction:
            for handle, told in waves.items():
                state = transaction.get_state(handle)
                value = state.MetricValue or state.mk_metric_value()
                value.Samples = [Decimal(sample) for sample in told["samples"]]
                value.DeterminationTime = told["time"]
                value.MetricQuality.Validity = pm_types.MeasurementValidity(told.get("validity", "Vld"))
    if alerts := command.get("alerts"):
        with mdib.alert_state_transaction() as transaction:
            for handle, present in alerts.items():
                transaction.get_state(handle).Presence = present
    if limits := command.get("limits"):
        with mdib.alert_state_transaction() as transaction:
            for handle, (low, high) in limits.items():
                transaction.get_state(handle).Limits = pm_types.Range(Decimal(low), Decimal(high))
    if location := command.get("location"):
        device.set_location(SdcLocation(**location))
    if "patient" in command:
        _admit(mdib, command["patient"])
    if "delete" in command:
        with mdib.descriptor_transaction() as transaction:
            transaction.remove_descriptor(command["delete"])
    if "sequence" in command:
        mdib.sequence_id = uuid.uuid4().urn
        with mdib.metric_state_transaction() as transaction:  # a report, by which it is noticed
            _tell(transaction.get_state("hr"), {"value": "70"})


def _tell(state: Any, told: Mapping[str, Any]) -> None:
    value = state.MetricValue or state.mk_metric_value()
    text = told.get("value")
    is_text = state.NODETYPE.localname != "NumericMetricState"
    value.Value = text if text is None or is_text else Decimal(text)
    value.MetricQuality.Validity = pm_types.MeasurementValidity(told.get("validity", "Vld"))
    value.MetricQuality.Mode = pm_types.GenerationMode(told.get("mode", "Real"))
    if "time" in told:
        value.DeterminationTime = told["time"]


def _admit(mdib: Any, patient: Mapping[str, str] | None) -> None:
    """Associate a new patient, whom no context has yet; None: nobody any more."""
    with mdib.context_state_transaction() as transaction:
        transaction.disassociate_all("patient")
        if patient is None:
            return
        state = transaction.mk_context_state("patient", set_associated=True)
        state.CoreData = pm_types.PatientDemographicsCoreData(
            given_name=patient["given"], family_name=patient["family"]
        )
        state.Identification = [pm_types.InstanceIdentifier(root="urn:hospital", extension_string=patient["id"])]


if __name__ == "__main__":
    main(*sys.argv[1:])
