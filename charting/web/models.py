"""What the API takes. Every text, list and number has a limit; what is not named here is refused.

Times are µs since 1970 UTC (`_us`). Contents of items are the values of charting.trail.contents.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from math import isfinite
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from charting.trail.contents import Content, Patient

LATEST_US = 4_102_444_800_000_000
"""2100: a time after it is a slip of the finger or another unit."""
_LONGEST = 4000
_MOST = 500
_LARGEST = 1e9

TimeUs = Annotated[int, Field(ge=0, le=LATEST_US, description="µs since 1970 UTC")]
_PRINTABLE = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"
Line = Annotated[str, Field(max_length=200, pattern=_PRINTABLE)]
Reason = Annotated[
    str, Field(min_length=1, max_length=500, pattern=_PRINTABLE, description="Why; kept with the change")
]
Id = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[A-Za-z0-9_.:@-]+$")]
BedId = Annotated[
    str, Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]+$", description="As the site's file calls it")
]
Device = BedId
"""Names of the site's own making: whatever a configuration file may say."""
After = Annotated[int, Field(ge=0, le=100_000, description="Number of the version that the writer saw; 0: a new item")]
Area = Literal["or", "pacu", "icu", "ward", "offsite"]


def _bounded(content: Any) -> Any:
    """Refuses what is too long, too many, not finite or not a time."""
    for name, value in _leaves(content, ""):
        if isinstance(value, bool) or value is None:
            continue
        if isinstance(value, str):
            if len(value) > _LONGEST:
                raise ValueError(f"{name} is longer than {_LONGEST} characters")
            if any((ord(c) < 0x20 and c not in "\n\t") or 0xD800 <= ord(c) < 0xE000 or ord(c) == 0x7F for c in value):
                raise ValueError(f"{name} holds control characters")
        elif name.endswith("_us"):
            if not 0 <= value <= LATEST_US:
                raise ValueError(f"{name} is not a time")
        elif not isfinite(value) or abs(value) > _LARGEST:
            raise ValueError(f"{name} is not a number that can be kept")
    return content


def _leaves(value: Any, name: str) -> Any:
    if hasattr(value, "__dataclass_fields__"):
        for field in fields(value):
            yield from _leaves(getattr(value, field.name), field.name)
    elif isinstance(value, Mapping):
        if len(value) > _MOST:
            raise ValueError(f"{name} has too many entries")
        for key, part in value.items():
            yield name, key
            yield from _leaves(part, name)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        if len(value) > _MOST:
            raise ValueError(f"{name} has too many entries")
        for part in value:
            yield from _leaves(part, name)
    else:
        yield name, value


AnyContent = Annotated[Annotated[Content, Field(discriminator="kind")], AfterValidator(_bounded)]
AnyPatient = Annotated[Patient, AfterValidator(_bounded)]


class Asked(BaseModel):
    """What it forbids it forbids in the contents within it, too."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, str_strip_whitespace=False)


class SignIn(Asked):
    account: Annotated[str, Field(min_length=1, max_length=80)]
    password: Annotated[str, Field(min_length=1, max_length=200)]


class Unlock(Asked):
    password: Annotated[str, Field(min_length=1, max_length=200)]


class NewPassword(Asked):
    before: Annotated[str, Field(min_length=1, max_length=200)]
    password: Annotated[str, Field(min_length=1, max_length=200)]


class OpenCase(Asked):
    """A case begins at a bed; nothing about the patient has to be known."""

    bed: BedId = Field(description="One of the department's")
    area: Area
    patient: AnyPatient = Field(default_factory=Patient)
    at_us: TimeUs | None = Field(None, description="Since when; earlier than now: the record is back-filled. None: now")
    emergency: bool = False
    is_test: bool = False
    until_us: TimeUs | None = Field(None, description="It is over already, and is entered late")
    case: Id | None = Field(None, description="The id that the caller made (uuid4 hex): sent twice, it is one case")


class Move(Asked):
    bed: BedId | Literal[""] = Field(description="One of the department's, or empty: no bed of ours")
    area: Area
    at_us: TimeUs


class Merge(Asked):
    """The nameless patient is this one; both identities are kept."""

    patient: AnyPatient
    reason: Reason


class Close(Asked):
    at_us: TimeUs


class Because(Asked):
    reason: Reason


class Judgement(Asked):
    same: bool = Field(description="True: the device's values are this patient's, charted backwards too")
    reason: Reason


class SetItem(Asked):
    after: After
    content: AnyContent
    reason: Annotated[str, Field(max_length=500, pattern=_PRINTABLE)] = ""


class VoidItem(Asked):
    after: After
    reason: Reason


class StartRecord(Asked):
    case: Id
    template: Id
    document: Id | None = Field(None, description="The id that the caller made (uuid4 hex)")
    start_us: TimeUs | None = None


class HandOver(Asked):
    to: Annotated[str, Field(min_length=1, max_length=80)] = Field(description="An account")


class Sign(Asked):
    slot: Id


class AnswerUnlock(Asked):
    granted: bool
    reason: Reason


class NewAccount(Asked):
    account: Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[a-z0-9][a-z0-9._-]*$")]
    name: Annotated[str, Field(min_length=1, max_length=80, pattern=_PRINTABLE)]
    roles: Annotated[list[Id], Field(max_length=20)]
    password: Annotated[str, Field(min_length=1, max_length=200)]


class ChangedAccount(Asked):
    """What is left out stays as it is."""

    name: Annotated[str, Field(min_length=1, max_length=80, pattern=_PRINTABLE)] | None = None
    roles: Annotated[list[Id], Field(max_length=20)] | None = None
    active: bool | None = None
    password: Annotated[str, Field(min_length=1, max_length=200)] | None = None


class LoadMapping(Asked):
    version: Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[A-Za-z0-9_.-]+$")]
    csv: Annotated[str, Field(max_length=4_000_000)] = Field(description="Columns source, target, valid_from, valid_to")


class LoadLibrary(Asked):
    version: Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[A-Za-z0-9_.-]+$")]
    csv: Annotated[str, Field(max_length=4_000_000)] = Field(
        description="Columns code, zh, en and what else the library has"
    )
