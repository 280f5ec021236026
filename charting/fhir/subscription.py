"""A subscription: as R5 and as R4B with its backport say it, and as it is kept. Pure; source: protocols, fhir §7."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from charting.fhir.outcome import Wrong
from charting.fhir.release import Release
from charting.fhir.terms import HL7, Json, coding
from charting.fhir.topics import FILTERS, Topic, topic_of

JSON = "application/fhir+json"
Content = Literal["empty", "id-only", "full-resource"]
State = Literal["requested", "active", "error", "off"]
CONTENTS: tuple[Content, ...] = ("empty", "id-only", "full-resource")
SHORTEST_HEARTBEAT_S = 10
LONGEST_HEARTBEAT_S = 86_400
MOST_FILTERS = 20
_BACKPORT = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a subscriber asks for. `heartbeat_s` 0: none. `base`: the address by which he reaches us."""

    topic: str
    release: Release
    endpoint: str
    content: Content
    heartbeat_s: int = 0
    filters: tuple[tuple[str, str], ...] = ()
    reason: str = ""
    base: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """`since`: the last entry of the trail before it; `events`, `sent`: numbers of the last one, and of the last one
    that is in the outbox; `handshake`: how many there were; `reason`: why it is in error.
    """

    id: str
    client: str
    wanted: Wanted
    state: State = "requested"
    since: int
    events: int = 0
    sent: int = 0
    handshake: int = 1
    made_us: int
    reason: str = ""

    @property
    def to(self) -> str:
        """The destination, as the outbox calls it."""
        return f"fhir:{self.id}"

    @property
    def topic(self) -> Topic:
        found = topic_of(self.wanted.topic)
        assert found is not None
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What happened, once for all: `cause` is the entry of the trail or the charge; `focus`: names of resources."""

    number: int = 0
    at_us: int
    cause: str
    focus: tuple[str, ...]


def read(body: object, release: Release, base: str) -> Wanted:
    """Raises Wrong for what is no subscription, or asks for what there is not."""
    if not isinstance(body, dict) or body.get("resourceType") != "Subscription":
        raise Wrong(400, "structure", "expected a Subscription")
    if body.get("status") not in {"requested", "active"}:
        raise Wrong(422, "business-rule", "status is requested")
    if "end" in body:
        raise Wrong(422, "not-supported", "a subscription ends with its token, or when it is deleted")
    try:
        wanted = _r5(body, base) if release is Release.R5 else _r4b(body, base)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError):
        raise Wrong(422, "structure", "not a Subscription as this release has it") from None
    if topic_of(wanted.topic) is None:
        raise Wrong(422, "not-supported", "no such topic: see SubscriptionTopic")
    if wanted.content not in CONTENTS:
        raise Wrong(422, "not-supported", f"content is one of {', '.join(CONTENTS)}")
    if wanted.heartbeat_s and not SHORTEST_HEARTBEAT_S <= wanted.heartbeat_s <= LONGEST_HEARTBEAT_S:
        raise Wrong(422, "business-rule", f"a heartbeat is every {SHORTEST_HEARTBEAT_S} s to a day")
    if len(wanted.filters) > MOST_FILTERS or any(name not in FILTERS for name, _ in wanted.filters):
        raise Wrong(422, "not-supported", f"filters are {', '.join(FILTERS)}")
    return wanted


def resource_of(kept: Subscription, release: Release) -> Json:
    """As a release has it, also when it was asked for in the other one."""
    head: Json = {"resourceType": "Subscription", "id": kept.id, "status": kept.state}
    return head | (_as_r5(kept.wanted) if release is Release.R5 else _as_r4b(kept))


def _r5(body: Json, base: str) -> Wanted:
    _only(body["channelType"]["code"], body.get("contentType", JSON), body.get("parameter"))
    asked = body.get("filterBy", ())
    if any(each.get("comparator", "eq") != "eq" or "modifier" in each for each in asked):
        raise Wrong(422, "not-supported", "a filter is of what is equal")
    filters = [(_text(each["filterParameter"]), _text(each["value"])) for each in asked]
    return Wanted(
        topic=_text(body["topic"]),
        release=Release.R5,
        endpoint=_text(body["endpoint"]),
        content=body.get("content", "id-only"),
        heartbeat_s=_number(body.get("heartbeatPeriod", 0)),
        filters=tuple(filters),
        reason=_text(body.get("reason", "")),
        base=base,
    )


def _r4b(body: Json, base: str) -> Wanted:
    channel = body["channel"]
    _only(channel["type"], channel.get("payload", JSON), channel.get("header"))
    said = list(_extensions(body.get("_criteria", {}), "filter-criteria"))
    filters = [
        _filter(_text(part)) for each in said for part in _text(each["valueString"]).partition("?")[2].split("&")
    ]
    contents = [each["valueCode"] for each in _extensions(channel.get("_payload", {}), "payload-content")]
    periods = [each["valueUnsignedInt"] for each in _extensions(channel, "heartbeat-period")]
    return Wanted(
        topic=_text(body["criteria"]),
        release=Release.R4B,
        endpoint=_text(channel["endpoint"]),
        content=contents[0] if contents else "id-only",
        heartbeat_s=_number(periods[0]) if periods else 0,
        filters=tuple(filters),
        reason=_text(body.get("reason", "")),
        base=base,
    )


def _filter(part: str) -> tuple[str, str]:
    name, _, value = part.partition("=")
    return name, value


def _only(channel: object, mime: object, headers: object) -> None:
    """Raises Wrong for what we do not do."""
    if channel != "rest-hook":
        raise Wrong(422, "not-supported", "the channel is rest-hook")
    if str(mime).partition(";")[0] not in {JSON, "application/json"}:
        raise Wrong(422, "not-supported", f"the content is {JSON}")
    if headers:
        raise Wrong(422, "not-supported", "no headers can be given")


def _extensions(element: Any, name: str) -> Iterator[Json]:
    return (each for each in element.get("extension", ()) if each.get("url") == f"{_BACKPORT}{name}")


def _extension(name: str, **value: object) -> Json:
    return {"url": f"{_BACKPORT}{name}", **value}


def _text(value: object) -> str:
    if not isinstance(value, str) or len(value) > 1000 or not value.isprintable():
        raise ValueError("no text")
    return value


def _number(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError("no number")
    return value


def _as_r5(wanted: Wanted) -> Json:
    said: Json = {
        "topic": wanted.topic,
        "channelType": coding(f"{HL7}/subscription-channel-type", "rest-hook"),
        "endpoint": wanted.endpoint,
        "contentType": JSON,
        "content": wanted.content,
    }
    if wanted.reason:
        said["reason"] = wanted.reason
    if wanted.heartbeat_s:
        said["heartbeatPeriod"] = wanted.heartbeat_s
    if wanted.filters:
        said["filterBy"] = [{"filterParameter": name, "value": value} for name, value in wanted.filters]
    return said


def _as_r4b(kept: Subscription) -> Json:
    wanted = kept.wanted
    channel: Json = {
        "type": "rest-hook",
        "endpoint": wanted.endpoint,
        "payload": JSON,
        "_payload": {"extension": [_extension("payload-content", valueCode=wanted.content)]},
    }
    if wanted.heartbeat_s:
        channel["extension"] = [_extension("heartbeat-period", valueUnsignedInt=wanted.heartbeat_s)]
    said: Json = {"criteria": wanted.topic, "reason": wanted.reason or kept.topic.about, "channel": channel}
    if wanted.filters:
        text = "&".join(f"{name}={value}" for name, value in wanted.filters)
        said["_criteria"] = {"extension": [_extension("filter-criteria", valueString=f"{kept.topic.resource}?{text}")]}
    if kept.reason:
        said["error"] = f"refused: {kept.reason}"
    return said
