"""What a site may set for this driver."""

from ipaddress import IPv4Address
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

FILES = ("userkey.pem", "usercert.pem", "cacert.pem")
"""What the library looks for in the folder of certificates."""


def _folder(value: Path) -> Path:
    if not value.is_absolute():
        raise ValueError("expected an absolute path")
    missing = [name for name in FILES if not (value / name).is_file()]
    if missing:
        raise ValueError(f"{value} lacks {', '.join(missing)}")
    return value


class Options(BaseModel):
    """Options of sdc.

    tls: a folder with our key, our certificate and the authority that vouches for the device (userkey.pem,
    usercert.pem, cacert.pem). epr: the device's endpoint reference (urn:uuid:…): it is searched for by multicast on the
    network of `adapter`, an address of this machine, and found wherever it is; the port then gives only http or https.
    waves: also sample arrays.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    tls: Annotated[Path, AfterValidator(_folder)] | None = None
    epr: Annotated[str, Field(pattern=r"^urn:\S+$")] | None = None
    adapter: IPv4Address | None = None
    waves: bool = True

    @model_validator(mode="after")
    def _both(self) -> Self:
        if (self.epr is None) != (self.adapter is None):
            raise ValueError("epr and adapter go together: whom to search for, and on which network")
        return self
