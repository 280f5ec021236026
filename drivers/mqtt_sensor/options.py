"""What a site may set for this driver: where in a message the values stand."""

from collections import Counter
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from collector.broker import trust
from collector.codes import by_refid
from collector.model import UNMAPPED, Quality, Role
from drivers.mqtt_sensor import paths


def _path(value: str) -> str:
    paths.path(value)
    return value


def _ca(value: Path) -> Path:
    if not value.is_absolute():
        raise ValueError("expected an absolute path")
    trust(value)
    return value


JsonPath = Annotated[str, AfterValidator(_path)]


class Value(BaseModel):
    """One value of a message. path: where it stands; empty where the payload itself is the number.

    unit: UCUM; empty for a text. name: tells it from others of the same code; it follows the sensor in the source.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: JsonPath = ""
    code: str = UNMAPPED
    unit: str = "1"
    role: Role = Role.MEASURED
    site: str = ""
    name: Annotated[str, Field(pattern=r"^[^/]*$", max_length=64)] = ""

    @model_validator(mode="after")
    def _known(self) -> Self:
        if self.code != UNMAPPED and not self.code.startswith("VND_") and self.code not in by_refid():
            raise ValueError(f"{self.code!r} is no refid of the dictionary, no VND_ code, nor {UNMAPPED}")
        return self


class Options(BaseModel):
    """Options of mqtt-sensor.

    values: what a message holds. time, quality, battery: paths of the time of measurement, of a word for the quality
    and of the battery in percent. qualities: the sensor's words; one that is not among them is questionable.
    silence_s: without a message for so long the sensors are silent. ca: a file with the authorities to trust instead of
    the system's. credential: the name of the systemd credential that holds the password.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    values: Annotated[tuple[Value, ...], Field(min_length=1, max_length=64)]
    time: JsonPath | None = None
    quality: JsonPath | None = None
    qualities: dict[str, Quality] = {}
    battery: JsonPath | None = None
    silence_s: Annotated[float, Field(ge=1.0, le=86_400.0)] = 60.0
    user: Annotated[str, Field(min_length=1)] | None = None
    credential: Annotated[str, Field(pattern=r"^[\w.-]+$")] = "mqtt-sensor-password"
    ca: Annotated[Path, AfterValidator(_ca)] | None = None
    version: Literal["5", "3.1.1"] = "5"

    @model_validator(mode="after")
    def _apart(self) -> Self:
        found = Counter((one.code, one.unit, one.role, one.site, one.name) for one in self.values)
        if doubles := [code for (code, *_), times in found.items() if times > 1]:
            raise ValueError(f"two values have the code {doubles[0]}: a name tells them apart")
        if self.qualities and self.quality is None:
            raise ValueError("qualities are of no use without quality, the path of the word")
        return self
