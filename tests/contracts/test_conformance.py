"""Every driver passes the conformance kit, on its simulator and on the recordings of its tests."""

import importlib

import pytest

from collector.conform import Status, Stream, conform
from collector.driver import DriverSpec, drivers
from drivers.patient import Patient

SHORT_AND_LONG = [25, pytest.param(10_000, marks=pytest.mark.soak)]
"""Damaged pieces of each recording; a tenth of it are the cuttings."""


def streams(spec: DriverSpec) -> list[Stream]:
    """The recordings beside a driver's tests: captures, published vectors, talks with other simulated models."""
    if spec.session is None:
        return []
    module = importlib.import_module(f"tests.drivers.{spec.name.replace('-', '_')}.recordings")
    return [Stream(name=one.name, chunks=one.chunks, datagrams=one.datagrams) for one in module.recordings()]


@pytest.mark.timeout(900)
@pytest.mark.parametrize("trials", SHORT_AND_LONG)
@pytest.mark.parametrize("spec", drivers().values(), ids=lambda spec: spec.name)
def test_it_conforms(spec: DriverSpec, trials: int) -> None:
    report = conform(spec, Patient("stable", 3), streams=streams(spec), trials=trials)
    assert report.held, report.text()
    assert [check.name for check in report.checks if check.status is Status.NOT_CHECKED] == UNCHECKED.get(spec.name, [])


UNCHECKED = {"ge-datex-dri": ["sending"], "philips-intellivue": ["sending"]}
"""What cannot be said of a driver in a pattern: requests in length-prefixed binary."""
