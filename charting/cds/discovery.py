"""What a service tells of itself: which ids it has, at which hook, and what each wants to know of the patient. Pure."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field, ValidationError

from charting.cds.answer import Label, Refused, Told, parse

LARGEST = 256 * 1024
MOST = 100
"""Ids of one service."""
_PARTS = 50


class Endpoint(Told):
    """`prefetch`: key → FHIR query, with places of the context in it."""

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$")]
    hook: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,120}$")]
    version: Label | None = None
    prefetch: Annotated[dict[str, Annotated[str, Field(max_length=500)]], Field(max_length=_PARTS)] | None = None


def endpoints(body: bytes) -> Sequence[Endpoint]:
    """Those that can be understood. Raises Refused: size, json, services."""
    told = parse(body, LARGEST).get("services")
    if not isinstance(told, list) or len(told) > MOST:
        raise Refused("services")
    found = []
    for each in told:
        try:
            found.append(Endpoint.model_validate(each))
        except ValidationError:
            continue
    return found
