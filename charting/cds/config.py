"""Decision support services: `[cds]` of the charting's file."""

from typing import Annotated, Literal

from pydantic import Field, field_validator

from collector.config import AbsolutePath, Name, Section

CHOOSING_S = 0.5
"""For so long an answer is waited for while somebody chooses a drug (fact sheet FHIR §6.2)."""
Hook = Literal["encounter-start", "order-select", "vitals-window", "record-signed"]
HOOKS: tuple[Hook, ...] = ("encounter-start", "order-select", "vitals-window", "record-signed")


class CdsService(Section):
    """`url`: what stands before /cds-services. `services`: ids that are asked, of those that it tells of; empty: all.

    `hooks`: at which it is asked. `limit_s`, `choosing_limit_s`: how long an answer is waited for, and while somebody
    chooses a drug. `areas`: in which. `ca`: whose certificates it has to have; without, the system's. `key`: the
    systemd credential with our private key, PEM, that signs what asks it (EC P-384 or RSA); without, nothing is signed.
    """

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
    url: Annotated[str, Field(pattern=r"^https?://[^\s?#@]+[^\s?#@/]$")]
    services: tuple[Name, ...] = ()
    hooks: tuple[Hook, ...] = HOOKS
    limit_s: Annotated[float, Field(gt=0, le=30)] = 2.0
    choosing_limit_s: Annotated[float, Field(gt=0, le=30)] = CHOOSING_S
    areas: tuple[Literal["or", "pacu", "icu", "offsite"], ...] = ("or", "pacu", "icu", "offsite")
    ca: AbsolutePath | None = None
    key: Name | None = None


class CdsSection(Section):
    """`issuer`: who we are to the services, the URL that they know our key by. `domain`: before the names of the hooks
    that no standard has, to be agreed with who makes the services. `window_s`: how often destinations that take advice
    are told the vital signs of open cases.
    """

    issuer: str = "https://vitalsd.invalid"
    domain: Annotated[str, Field(pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)+$")] = "cn.vitalsd"
    window_s: Annotated[int, Field(ge=60, le=3600)] = 300
    service: tuple[CdsService, ...] = ()

    @field_validator("service")
    @classmethod
    def _named_once(cls, value: tuple[CdsService, ...]) -> tuple[CdsService, ...]:
        names = [each.name for each in value]
        twice = [f"two services are called {name!r}" for name in dict.fromkeys(names) if names.count(name) > 1]
        if twice:
            raise ValueError("\n".join(twice))
        return value
