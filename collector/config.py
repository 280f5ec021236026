"""The bed's configuration file: TOML, checked whole, every mistake named at once with its key."""

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from zoneinfo import ZoneInfo

from psycopg.conninfo import make_conninfo
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from collector.broker import Broker, broker, trust
from collector.certificates import of_database
from collector.credentials import credential
from collector.driver import DriverSpec, driver, names
from collector.dsn import server
from collector.errors import UsageError
from collector.journal import Limits
from collector.placing import bare
from collector.technical import GATEWAY
from collector.transport.base import Port, parse_port

M = TypeVar("M", bound=BaseModel)

_UNITS = {"": 1, "B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}
PASSWORD_CREDENTIAL = "timescale-password"  # noqa: S105  the name of a file, not a password
MQTT_CREDENTIAL = "mqtt-password"


def _size(value: object) -> object:
    if isinstance(value, str):
        found = re.fullmatch(r"(\d+)\s*([KMGT]iB|B|)", value.strip())
        if not found:
            raise ValueError('expected a size like "512 MiB" or "8 GiB"')
        return int(found[1]) * _UNITS[found[2]]
    return value


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (OSError, ValueError, LookupError):
        raise ValueError(f"{value!r} is not a time zone like Asia/Shanghai") from None
    return value


def _listen(value: str) -> str:
    host, _, port = value.rpartition(":")
    if not host or not port.isdecimal() or not 0 <= int(port) <= 65_535:
        raise ValueError('expected "HOST:PORT", for instance "127.0.0.1:9182"')
    return value


def _dsn(value: str) -> str:
    if value.startswith("sqlite:"):
        raise ValueError("expected a server's DSN; without [timescale] the journal itself is the store")
    try:
        return server(value)
    except UsageError as error:
        raise ValueError(str(error)) from None


def _broker(value: str) -> str:
    broker(value)
    return value


def _prefix(value: str) -> str:
    if not re.fullmatch(r"[^/$+#\x00-\x1f\x7f-\x9f]+(/[^/+#\x00-\x1f\x7f-\x9f]+)*", value):
        raise ValueError('expected the beginning of a topic, for instance "vitalsd" or "hospital/vitalsd"')
    return value


def _hex(value: Path) -> Path:
    if value.suffix != ".hex":
        raise ValueError("expected a file name that ends in .hex: lines of hex bytes are written")
    return value


def _absolute(value: Path) -> Path:
    if not value.is_absolute():
        raise ValueError("expected an absolute path")
    return value


Size = Annotated[int, BeforeValidator(_size), Field(gt=0)]
Listen = Annotated[str, AfterValidator(_listen)]
Zone = Annotated[str, AfterValidator(_zone)]
AbsolutePath = Annotated[Path, AfterValidator(_absolute)]
Name = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]+$")]
Location = Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*[^\x00-\x1f\x7f^ ][^\x00-\x1f\x7f]*$")]
"""As long as HL7 lets one be, and not of empty components alone."""


class Section(BaseModel):
    """A table of a file: a key that it does not know is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class BedSection(Section):
    id: Name
    kind: Literal["or", "icu", "pacu", "feed"] = "or"
    zone: Zone = "Asia/Shanghai"
    demo: bool = False


class FeedSection(Section):
    """Of a daemon of kind "feed": location, as the device writes it, to bed."""

    beds: Annotated[dict[Location, Name], Field(min_length=1)]

    @field_validator("beds")
    @classmethod
    def _apart(cls, value: dict[str, str]) -> dict[str, str]:
        for texts, said in ((list(value.values()), "have the bed"), (list(map(bare, value)), "are the same location")):
            for text in dict.fromkeys(texts):
                if texts.count(text) > 1:
                    raise ValueError(f"two locations {said} {text!r}")
        return value


class DeviceSection(Section):
    """One [[device]]. `options` are the driver's own; `capture` is a file that records its raw bytes both ways."""

    name: Name
    driver: str
    port: str
    sites: dict[str, str] = {}
    options: Annotated[dict[str, Any], Field(validate_default=True)] = {}
    capture: Annotated[AbsolutePath, AfterValidator(_hex)] | None = None
    capture_max_bytes: Size = 64 << 20

    @property
    def spec(self) -> DriverSpec:
        return driver(self.driver)

    @property
    def parsed_port(self) -> Port:
        """The port with the driver's line settings under its own."""
        return _port(self.spec, self.port)

    @field_validator("name")
    @classmethod
    def _free(cls, value: str) -> str:
        if value == GATEWAY:
            raise ValueError(f"{GATEWAY!r} is the gateway itself: expected another name")
        return value

    @field_validator("driver")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in names():
            raise ValueError(f"no driver {value!r}; there are {', '.join(names())}")
        return value

    @field_validator("port")
    @classmethod
    def _spoken(cls, value: str, info: ValidationInfo) -> str:
        spec = _spec(info)
        lines = {line.scheme: line for line in spec.lines} if spec else {}
        line = lines.get(value.partition("://")[0])
        port = parse_port(value, line.port if line else None)
        spoken = [*lines, *(["replay"] if spec and spec.session else [])]
        if spec and port.scheme not in spoken:
            raise ValueError(f"{spec.name} speaks {', '.join(spoken)}, not {port.scheme}")
        if port.scheme == "replay" and not Path(port.path).is_file():
            raise ValueError(f"{port.path} is not a file")
        return value

    @field_validator("options")
    @classmethod
    def _fits(cls, value: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
        spec = _spec(info)
        if spec is not None:
            try:
                options = spec.options.model_validate(value)
                if spec.source is not None and "port" in info.data:
                    spec.source(options, _port(spec, info.data["port"]), ())
            except ValidationError as error:
                raise ValueError("\n".join(f"{_key(e['loc'])}: {_said(dict(e))}" for e in error.errors())) from None
            except UsageError as error:
                raise ValueError(str(error)) from None
        return value


def _port(spec: DriverSpec, text: str) -> Port:
    """A port with the driver's line settings under its own."""
    line = next((line for line in spec.lines if line.scheme == text.partition("://")[0]), None)
    port = parse_port(text, line.port if line else None)
    return replace(port, settings={**(line.settings if line else {}), **port.settings})


def _spec(info: ValidationInfo) -> DriverSpec | None:
    """The driver that this [[device]] names; None where that is itself a mistake."""
    return driver(info.data["driver"]) if "driver" in info.data else None


class JournalSection(Section):
    """`keep_hours`: how long rows stay that every server has; keep = "all": for ever. `max_bytes`: of all its files."""

    path: AbsolutePath
    keep_hours: Annotated[int, Field(gt=0)] = 72
    keep: Literal["all"] | None = None
    max_bytes: Annotated[Size, Field(ge=16 << 20)] = 8 << 30

    @property
    def limits(self) -> Limits:
        return Limits(keep_us=None if self.keep == "all" else self.keep_hours * 3_600_000_000, max_bytes=self.max_bytes)


class TimescaleSection(Section):
    dsn: Annotated[str, AfterValidator(_dsn), Field(repr=False)]

    @property
    def full_dsn(self) -> str:
        """The DSN with the password of the systemd credential, where there is one."""
        return with_password(self.dsn)


class MqttSection(Section):
    """`ca`: a file with the authorities to trust instead of the system's; `user`: here or in the URL."""

    url: Annotated[str, AfterValidator(_broker)]
    user: Annotated[str, Field(min_length=1)] | None = None
    ca: AbsolutePath | None = None
    version: Literal["5", "3.1.1"] = "5"
    prefix: Annotated[str, AfterValidator(_prefix)] = "vitalsd"

    @property
    def broker(self) -> Broker:
        """With the password of the systemd credential, where there is one. Raises UsageError."""
        there = broker(self.url)
        user, password = self.user or there.user, credential(MQTT_CREDENTIAL)
        if password is not None and user is None:
            raise UsageError(f"mqtt.user: is missing, and there is a credential {MQTT_CREDENTIAL}")
        try:
            context = trust(self.ca) if there.tls else None
        except ValueError as error:
            raise UsageError(f"mqtt.ca: {error}") from None
        return replace(there, user=user, password=password, trust=context, version=self.version, prefix=self.prefix)

    @field_validator("user")
    @classmethod
    def _once(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None and "url" in info.data and broker(info.data["url"]).user is not None:
            raise ValueError("is in the URL too")
        return value

    @field_validator("ca")
    @classmethod
    def _readable(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        if value is not None:
            if "url" in info.data and not broker(info.data["url"]).tls:
                raise ValueError("is for mqtts:// only")
            trust(value)
        return value


def with_password(dsn: str) -> str:
    """A server's DSN with the password of the systemd credential, where there is one."""
    password = credential(PASSWORD_CREDENTIAL)
    return dsn if password is None else make_conninfo(dsn, password=password)


class ListenSection(Section):
    listen: Listen

    @property
    def address(self) -> tuple[str, int]:
        host, _, port = self.listen.rpartition(":")
        return host.strip("[]"), int(port)


class Config(Section):
    """A bed's file."""

    bed: BedSection
    feed: Annotated[FeedSection | None, Field(validate_default=True)] = None
    device: Annotated[list[DeviceSection], Field(min_length=1)]
    journal: JournalSection
    timescale: TimescaleSection | None = None
    mqtt: MqttSection | None = None
    metrics: ListenSection | None = None
    page: ListenSection | None = None

    @field_validator("feed")
    @classmethod
    def _of_a_feed(cls, value: FeedSection | None, info: ValidationInfo) -> FeedSection | None:
        bed = info.data.get("bed")
        if bed is not None and (bed.kind == "feed") != (value is not None):
            raise ValueError('[feed] is for a bed of kind "feed", which needs it: its connection speaks for many beds')
        if bed is not None and value is not None and bed.id in value.beds.values():
            raise ValueError(f"{bed.id!r} is the feed itself: expected the id of a bed")
        return value

    @property
    def certificates(self) -> Mapping[str, Path]:
        """Files of certificates by what names them."""
        files = dict(of_database("timescale", self.timescale.dsn) if self.timescale else {})
        return files | ({"mqtt.ca": self.mqtt.ca} if self.mqtt and self.mqtt.ca else {})

    @property
    def beds(self) -> Sequence[str]:
        """The beds that this daemon tells of, its own id first."""
        return [self.bed.id, *(self.feed.beds.values() if self.feed else ())]


def load(path: Path) -> Config:
    """Read and check a bed's file. Raises UsageError with every mistake: file, key, what was expected."""
    data = read(path)
    return checked(path, data, Config, _doubles(data))


def read(path: Path) -> dict[str, Any]:
    """A file's TOML. Raises UsageError."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: not UTF-8 at byte {error.start}") from error
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path}: not TOML: {error}") from error


def checked(path: Path, data: dict[str, Any], model: type[M], found: Sequence[str] = ()) -> M:
    """The data of a file as what it is to be. Raises UsageError with every mistake, those already found first."""
    reasons = [f"{path}: {reason}" for reason in found]
    config: M | None = None
    try:
        config = model.model_validate(data)
    except ValidationError as error:
        reasons += [f"{path}: {_key(e['loc'])}: {said}" for e in error.errors() for said in _said(dict(e)).splitlines()]
    if reasons or config is None:
        raise UsageError(*reasons)
    return config


def _doubles(data: dict[str, Any]) -> list[str]:
    """Names, ports and capture files that two devices share. A recording may be read twice."""
    devices = data.get("device")
    tables = [d for d in devices if isinstance(d, dict)] if isinstance(devices, list) else []
    found = []
    for key, said in (("name", "are called"), ("port", "have the port"), ("capture", "are captured into")):
        texts = [text for d in tables if isinstance(text := d.get(key), str) and not text.startswith("replay:")]
        found += [f"device: two devices {said} {text!r}" for text in dict.fromkeys(texts) if texts.count(text) > 1]
    return found


def inline(value: Any) -> str:
    """A value as TOML has it on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{json.dumps(str(key))} = {inline(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(inline, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def _key(place: tuple[int | str, ...]) -> str:
    text = ""
    for part in place:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _said(error: dict[str, Any]) -> str:
    """One mistake in plain words, without the value: it may be a password."""
    kind, context = error["type"], error.get("ctx", {})
    if kind == "extra_forbidden":
        return "unknown key"
    if kind == "missing":
        return "is missing"
    if kind == "literal_error":
        return f"expected one of {context['expected']}"
    if kind == "value_error":
        return str(context["error"])
    return str(error["msg"]).replace("Input should be", "expected")
