"""The FHIR interface: `[fhir]` of the charting's file."""

from typing import Annotated

from pydantic import AfterValidator

from charting.fhir.endpoint import origin
from collector.config import Section


def _origin(value: str) -> str:
    if origin(value) != value:
        raise ValueError("expected https://HOST or https://HOST:PORT (or http://), and nothing after it")
    return value


class FhirSection(Section):
    """`notify`: where subscribers may be: nothing is sent to any other place."""

    notify: tuple[Annotated[str, AfterValidator(_origin)], ...] = ()
