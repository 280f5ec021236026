"""Where the hospital tells by HTTP, or lets us look: `[[inbox.http]]` and `[[inbox.view]]` of the charting file."""

from pathlib import Path
from typing import Annotated

from psycopg.conninfo import make_conninfo
from pydantic import AfterValidator, Field

from charting.inbox.template import Template, built_in, load
from collector.config import Section
from collector.credentials import credential
from collector.dsn import server
from collector.errors import UsageError

BUILT_IN = ("json", "soap", "view")
"""Templates that can be named instead of a file: examples."""


def _template(value: str) -> str:
    if value not in BUILT_IN and not Path(value).is_absolute():
        raise ValueError(f"expected an absolute path, or one of {', '.join(BUILT_IN)}")
    try:
        _loaded(value)
    except UsageError as error:
        raise ValueError("\n".join(error.reasons)) from None
    return value


def _loaded(value: str) -> Template:
    return built_in(value) if value in BUILT_IN else load(Path(value))


def _dsn(value: str) -> str:
    try:
        return server(value)
    except UsageError:
        raise ValueError("not a DSN: expected a libpq string (host=… dbname=…) or a postgresql:// URL") from None


def _answering(value: str) -> str:
    if _loaded(value).answer is None:
        raise ValueError("has no [answer]: whoever sends a message waits for one")
    return value


TemplateName = Annotated[str, AfterValidator(_template)]
SourceName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]


class HttpSection(Section):
    """Messages are posted to /inbox/NAME with the header `Authorization: Bearer TOKEN`; `token_sha256`: its digest.

    `template`: a file, or json or soap (charting.inbox.template).
    """

    name: SourceName
    token_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    template: Annotated[TemplateName, AfterValidator(_answering)]

    @property
    def read_by(self) -> Template:
        return _loaded(self.template)


class ViewSection(Section):
    """`query`: a select of the rows that tell something, each with when it was last changed as `watermark`; it is asked
    every `interval_s`, again for the last `again_s`, and takes at most `timeout_s`. Its password: systemd credential
    `view-NAME`.
    """

    name: SourceName
    dsn: Annotated[str, AfterValidator(_dsn), Field(repr=False)]
    query: Annotated[str, Field(min_length=1)]
    template: TemplateName
    interval_s: Annotated[float, Field(ge=1, le=3600)] = 30.0
    again_s: Annotated[float, Field(ge=0, le=86_400)] = 300.0
    timeout_s: Annotated[float, Field(gt=0, le=300)] = 20.0

    @property
    def read_by(self) -> Template:
        return _loaded(self.template)

    @property
    def full_dsn(self) -> str:
        """With the password of the systemd credential, where there is one."""
        password = credential(f"view-{self.name}")
        return self.dsn if password is None else make_conninfo(self.dsn, password=password)
