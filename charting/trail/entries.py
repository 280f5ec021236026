"""What an entry of the audit trail can say. Frozen values; `kind` tells them apart when stored.

An item is a thing of a record that can be set, changed and voided; its id is made by whoever sets it first. `document`
is "" for what belongs to the case as a whole (patient, events, staff, codes, pace, findings). `after` is the number of
the version that the writer saw: 0 for a new item.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from charting.fill.types import Cell, Excursion, Gap
from charting.trail.contents import Content, Patient

SYSTEM = "vitalsd"
"""The actor of what nobody did: filling."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A case begins. `area`: or, pacu, icu, ward or offsite (an anaesthesia unit outside the theatres).

    `provisional`: only a message of the hospital says so, until a person confirms it at the bed.
    """

    bed: str
    area: str
    at_us: int
    patient: Patient
    emergency: bool = False
    is_test: bool = False
    provisional: bool = False
    kind: Literal["opened"] = "opened"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """From `at_us` on the patient is at another bed; "" is no bed that we watch."""

    bed: str
    area: str
    at_us: int
    kind: Literal["moved"] = "moved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed:
    """A person confirms at the bed that the patient is there, as the case says, at `at_us`."""

    at_us: int
    kind: Literal["confirmed"] = "confirmed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """At a bed of an area from start to end (None: still); "" is no bed that we watch."""

    bed: str
    area: str
    start_us: int
    end_us: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """Where the patient was, all of it, as the hospital tells it now: replaces what stood before. `reason`: the message
    that says so.
    """

    stays: tuple[Location, ...]
    reason: str
    kind: Literal["located"] = "located"


@dataclass(frozen=True, slots=True, kw_only=True)
class HospitalSays:
    """What the hospital tells that a person has to decide about, for nothing is done over what people did.

    elsewhere: the patient is at `bed` since `at_us`; left: he has left by `at_us`; cancelled: he never came;
    booking_cancelled: the operation is off; another: since `at_us` the visit is told with another patient's number;
    "": it says nothing else any more. `reason`: the message that says so.
    """

    what: Literal["", "elsewhere", "left", "cancelled", "booking_cancelled", "another"]
    at_us: int
    bed: str = ""
    reason: str = ""
    kind: Literal["hospital_says"] = "hospital_says"


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """The patient is this one; the identity from before is kept."""

    patient: Patient
    reason: str
    kind: Literal["merged"] = "merged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    at_us: int
    kind: Literal["closed"] = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reopened:
    reason: str
    kind: Literal["reopened"] = "reopened"


@dataclass(frozen=True, slots=True, kw_only=True)
class Discarded:
    """The case was opened by mistake: kept, shown as void, counted nowhere."""

    reason: str
    kind: Literal["discarded"] = "discarded"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceHeld:
    """From `from_us` on a device says that its patient is another (its words for ids → ids): it is not charted.

    `bed`: where it is; other beds may have a device of the same name. Another one of the same device follows when it
    says yet another patient, or (`own`) this one again: what is before it waits for a person all the same.
    """

    device: str
    told: Mapping[str, str]
    from_us: int
    bed: str = ""
    own: bool = False
    kind: Literal["device_held"] = "device_held"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceJudged:
    """A person has decided whose values a held device's are. `same`: this patient's, while it told these ids."""

    device: str
    told: Mapping[str, str]
    same: bool
    reason: str
    kind: Literal["device_judged"] = "device_judged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A document begins, of a template in the version that it keeps. The actor is its author."""

    document: str
    template: str
    version: str
    start_us: int
    kind: Literal["started"] = "started"


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOver:
    """The document has another author from now on."""

    document: str
    to: str
    kind: Literal["handed_over"] = "handed_over"


@dataclass(frozen=True, slots=True, kw_only=True)
class Set:
    document: str
    item: str
    after: int
    content: Annotated[Content, Field(discriminator="kind")]
    reason: str = ""
    kind: Literal["set"] = "set"


@dataclass(frozen=True, slots=True, kw_only=True)
class Voided:
    document: str
    item: str
    after: int
    reason: str
    kind: Literal["voided"] = "voided"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """What the devices say, as far as it is new: cells replace what was captured for their signal and mark, gaps those
    that overlap [since_us, until_us) of their signals (where that is empty nothing is said of gaps), excursions those
    of their signal and mark.
    """

    document: str
    since_us: int
    until_us: int
    cells: tuple[Cell, ...]
    gaps: tuple[Gap, ...]
    excursions: tuple[Excursion, ...]
    kind: Literal["filled"] = "filled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """`slot` of the template's signatures; `lacking`: required and not there; `digest`: SHA-256 of what was signed."""

    document: str
    version: int
    slot: str
    digest: str
    lacking: tuple[str, ...] = ()
    kind: Literal["signed"] = "signed"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnlockAsked:
    document: str
    reason: str
    kind: Literal["unlock_asked"] = "unlock_asked"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnlockAnswered:
    """granted: the document is open again, as version n + 1."""

    document: str
    granted: bool
    reason: str
    kind: Literal["unlock_answered"] = "unlock_answered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """Sent back to its author, who has something to mend: a signed one is open again, as version n + 1."""

    document: str
    reason: str
    kind: Literal["returned"] = "returned"


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    document: str
    version: int
    edited: int
    kind: Literal["printed"] = "printed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Completeness:
    """Of one signal: minutes in which it was expected, received and charted (held ones are received)."""

    signal: str
    expected: int
    received: int
    charted: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Certified:
    """The completeness certificate of a document that devices fill, made when its case is closed."""

    document: str
    start_us: int
    end_us: int
    signals: tuple[Completeness, ...]
    gaps: tuple[Gap, ...]
    filter: str
    kind: Literal["certified"] = "certified"


@dataclass(frozen=True, slots=True, kw_only=True)
class Thermometer:
    """One channel of temperature of a bed, °C.

    continuous: `values` by minute, the first of them that of the minute `start_us`: the median of what the device gave
    and did not doubt; None: nothing. spot: `values` at `times_us`. `doubted`: places in `values` at which the device
    told only what it doubted itself. `site`: as the bed's configuration names it.
    """

    bed: str
    device: str
    code: str
    source: str = ""
    site: str = ""
    mode: Literal["continuous", "spot"] = "continuous"
    start_us: int = 0
    times_us: tuple[int, ...] = ()
    values: tuple[float | None, ...] = ()
    doubted: tuple[int, ...] = ()
    demo: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Thermometry:
    """What thermometers told in [since_us, until_us) of this patient and of the rooms where he was: kept with the case,
    whatever becomes of the series. Replaces the one before.
    """

    since_us: int
    until_us: int
    thermometers: tuple[Thermometer, ...]
    rooms: tuple[Thermometer, ...] = ()
    kind: Literal["thermometry"] = "thermometry"


@dataclass(frozen=True, slots=True, kw_only=True)
class Advised:
    """An advisory of our own began or ended: `rule` of alarms/advisories.toml, with the numbers that made it so."""

    rule: str
    phase: Literal["start", "end"]
    at_us: int
    said: Mapping[str, str] = field(default_factory=dict)
    kind: Literal["advised"] = "advised"


@dataclass(frozen=True, slots=True, kw_only=True)
class CardLink:
    label: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CardReason:
    """Why a card may be set aside, as its service offers it."""

    code: str
    display: str
    system: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardInput:
    """What the service was told. `at_us`: when that was so; None: it has no time."""

    name: str
    value: str
    at_us: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CardTold:
    """What a decision support service gives a person to consider: no order, and no alarm.

    `service`: as configured; `endpoint`: the id of it that was asked; `card`: its UUID; `hook`, `reason`: at which it
    was asked, and why; `rule`, `version`: of the service; `detail`: Markdown; `source`: who answers for it; `asked_us`:
    when it was asked; `inputs`: with what.
    """

    service: str
    endpoint: str
    card: str
    hook: str
    reason: str
    rule: str
    version: str
    indicator: Literal["info", "warning", "critical"]
    summary: str
    source: str
    asked_us: int
    detail: str = ""
    source_url: str = ""
    suggestions: tuple[str, ...] = ()
    links: tuple[CardLink, ...] = ()
    reasons: tuple[CardReason, ...] = ()
    inputs: tuple[CardInput, ...] = ()
    kind: Literal["card_told"] = "card_told"


@dataclass(frozen=True, slots=True, kw_only=True)
class CardAnswered:
    """A person has accepted a card, or set it aside: `reason` of charting/case/setting_aside.csv or of the card's own.

    Nothing follows from it but what he does himself.
    """

    service: str
    card: str
    accepted: bool
    reason: str = ""
    text: str = ""
    kind: Literal["card_answered"] = "card_answered"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmSeen:
    """A person has seen an alarm condition on our page. Nothing of it reaches the device.

    `told_us`: of the change of it that he saw, by the gateway's clock: one that has risen since is not seen.
    """

    bed: str
    device: str
    source: str
    onset_us: int
    told_us: int
    note: str = ""
    kind: Literal["alarm_seen"] = "alarm_seen"


@dataclass(frozen=True, slots=True, kw_only=True)
class Witnessed:
    """The actor saw what became of a controlled drug, as version `number` of the item says: never who wrote it."""

    document: str
    item: str
    number: int
    kind: Literal["witnessed"] = "witnessed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargesDecided:
    """A person has confirmed what the record says now for the bill, or holds the case's charges until then."""

    decision: Literal["confirmed", "held"]
    reason: str = ""
    kind: Literal["charges_decided"] = "charges_decided"


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureSet:
    """A number that no case holds (figures.csv), of a period: a month 2026-11 or a year 2026. None: taken back."""

    key: str
    period: str
    value: float | None
    kind: Literal["figure_set"] = "figure_set"


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    """A report as it stood when somebody closed its period: a later one is compared with it.

    `version`: edition, or the formula's. `result`: JSON of the report.
    """

    what: Literal["quality", "workload"]
    period: str
    version: str
    result: str
    kind: Literal["frozen"] = "frozen"


@dataclass(frozen=True, slots=True, kw_only=True)
class Disputed:
    """A person disputes his workload of a month, or (`answer`) somebody answers him."""

    account: str
    period: str
    text: str
    answer: bool = False
    kind: Literal["disputed"] = "disputed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Denied:
    """Somebody tried what he may not."""

    action: str
    document: str
    why: str
    kind: Literal["denied"] = "denied"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountChanged:
    """An account was made or changed: never its password."""

    account: str
    name: str
    roles: tuple[str, ...]
    active: bool
    password: bool = False
    kind: Literal["account_changed"] = "account_changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionChanged:
    """signed_in, refused, signed_out, locked, unlocked."""

    what: Literal["signed_in", "refused", "signed_out", "locked", "unlocked"]
    account: str
    address: str = ""
    kind: Literal["session_changed"] = "session_changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryLoaded:
    library: str
    version: str
    terms: int
    digest: str
    kind: Literal["library_loaded"] = "library_loaded"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientChanged:
    """A program of the hospital got a token, or its token was ended. `bound`: to one patient."""

    client: str
    name: str
    scopes: tuple[str, ...]
    bound: bool
    active: bool
    until_us: int | None = None
    kind: Literal["client_changed"] = "client_changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionChanged:
    """A program wants to be told at `host`, or no longer. The actor is `client:` and its id, or a person."""

    subscription: str
    client: str
    topic: str
    host: str
    state: str
    kind: Literal["subscription_changed"] = "subscription_changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketOpened:
    """A fault or a wish is reported, by a person with a title, or by itself (charting.faults.reporting).

    Then `source` is what it came of, always the same for the same, `trouble` its key with what is `said` in it, and
    `since_us` since when it stood.
    """

    ticket: str
    what: Literal["fault", "wish"]
    title: str = ""
    text: str = ""
    bed: str = ""
    device: str = ""
    source: str = ""
    trouble: str = ""
    said: Mapping[str, str] = field(default_factory=dict)
    since_us: int | None = None
    kind: Literal["ticket_opened"] = "ticket_opened"


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketStep:
    """What was done about a fault or a wish, and when; `clear` and `again`: the trouble went and came by itself."""

    ticket: str
    step: Literal["answer", "arrive", "resolve", "decline", "reopen", "archive", "note", "clear", "again"]
    at_us: int
    text: str = ""
    kind: Literal["ticket_step"] = "ticket_step"


Body = (
    Opened | Moved | Merged | Closed | Reopened | Discarded | DeviceHeld | DeviceJudged | Started | HandedOver | Set
    | Voided | Filled | Signed | UnlockAsked | UnlockAnswered | Returned | Printed | Certified | Denied
    | AccountChanged | SessionChanged | LibraryLoaded | Thermometry | Advised | AlarmSeen | FigureSet | Frozen
    | ClientChanged | SubscriptionChanged | Disputed | TicketOpened | TicketStep
    | Confirmed | Located | HospitalSays
    | CardTold | CardAnswered | Witnessed | ChargesDecided
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that was done. `seq` counts from 1 without a hole; `case` is "" for what belongs to none.

    `hash`: SHA-256 over the hash of the entry before and this entry's own text (chain.py).
    """

    seq: int
    at_us: int
    actor: str
    case: str
    body: Annotated[Body, Field(discriminator="kind")]
    hash: str = field(default="", compare=False)


_CONTENT: TypeAdapter[Content] = TypeAdapter(Annotated[Content, Field(discriminator="kind")])
_CELL: TypeAdapter[Cell] = TypeAdapter(Cell)
_BODY: TypeAdapter[Body] = TypeAdapter(Annotated[Body, Field(discriminator="kind")])


def normal(body: Body) -> Body:
    """The body as it reads when it has been stored: what is hashed before and after is the same.

    Raises ValueError for what is no body: a word that is none of the choices, a number that is none.
    """
    return _BODY.validate_json(_BODY.dump_json(body, warnings=False))


def to_json(body: Body) -> dict[str, object]:
    """JSON values of a body, its defaults left out."""
    said: dict[str, object] = _BODY.dump_python(body, mode="json", exclude_defaults=True)
    if isinstance(body, Set):
        said["content"] = content_json(body.content)
    return {"kind": body.kind, **said}


def content_json(content: Content) -> dict[str, object]:
    """JSON values of a content, its defaults left out."""
    said: dict[str, object] = _CONTENT.dump_python(content, mode="json", exclude_defaults=True)
    return {"kind": content.kind, **said}


def cell_json(cell: Cell) -> dict[str, object]:
    """JSON values of a cell, its defaults left out."""
    said: dict[str, object] = _CELL.dump_python(cell, mode="json", exclude_defaults=True)
    return said
