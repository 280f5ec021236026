"""Where messages of HL7 come in over MLLP: `[[inbox.listener]]` of the charting's file."""

import ssl
from ipaddress import ip_address
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from collector.config import AbsolutePath, Listen, Section
from collector.hl7.message import CHARSETS


def _charset(value: str) -> str:
    if value.upper() not in CHARSETS:
        raise ValueError(f"expected one of {', '.join(CHARSETS)}")
    return value.upper()


def _sender(value: str) -> str:
    try:
        return str(ip_address(value))
    except ValueError:
        raise ValueError(f"{value!r} is no IP address") from None


class ListenerSection(Section):
    """`charset`: of text whose message does not say its own. `cert`, `key`: TLS, as in `[tls]`; `client_ca`: whose
    certificates senders have to have.

    `plain`: whoever is on the wire reads names and numbers of patients: for a sender that cannot do TLS, and then only
    for the addresses `senders` (of which, without `plain`, any that is given is the only one let in as well).
    """

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
    listen: Listen
    charset: Annotated[str, AfterValidator(_charset)] = "UNICODE UTF-8"
    cert: AbsolutePath | None = None
    key: AbsolutePath | None = None
    client_ca: AbsolutePath | None = None
    plain: bool = False
    senders: tuple[Annotated[str, AfterValidator(_sender)], ...] = ()

    @property
    def address(self) -> tuple[str, int]:
        host, _, port = self.listen.rpartition(":")
        return host.strip("[]"), int(port)

    @property
    def context(self) -> ssl.SSLContext | None:
        """None: without TLS. Raises OSError, ssl.SSLError for files that are no certificate and its key."""
        if self.cert is None:
            return None
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.load_cert_chain(self.cert, self.key, password=_no_passphrase)
        if self.client_ca is not None:
            made.load_verify_locations(self.client_ca)
            made.verify_mode = ssl.CERT_REQUIRED
        return made

    @model_validator(mode="after")
    def _secret(self) -> Self:
        host, _ = self.address
        local = host in {"localhost", "::1"} or host.startswith("127.")
        if (self.cert is None) != (self.key is None):
            raise ValueError("cert and key belong together")
        if self.plain and self.cert is not None:
            raise ValueError("is either plain or has a certificate")
        if self.client_ca is not None and self.cert is None:
            raise ValueError("client_ca is for TLS: it needs cert and key")
        if self.cert is None and not local and not (self.plain and self.senders):
            raise ValueError(
                "is reached from other machines: it needs cert and key; or, for a sender that cannot do TLS, "
                "plain = true and the addresses of its senders"
            )
        try:
            _ = self.context
        except (OSError, ValueError) as error:
            raise ValueError(f"cert and key: {getattr(error, 'reason', None) or error}") from None
        return self


def _no_passphrase() -> str:
    raise ValueError("has a passphrase")
