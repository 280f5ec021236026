"""The FHIR interface: its CapabilityStatement as tables, and an example of each type of resource."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from charting.fhir.capabilities import statement
from charting.fhir.kinds import COMMON, KINDS, Param
from charting.fhir.notices import bundle
from charting.fhir.release import Release
from charting.fhir.scopes import INBOX, TYPES
from charting.fhir.source import Resource, Source
from charting.fhir.subscription import Event, Subscription, Wanted, resource_of
from charting.fhir.topics import FILTERS, TOPICS
from tests.charting.fhir.rich import rich
from tests.charting.web.hospital import NOW_US, ZONE
from tools.manuals.parts.layout import laid
from tools.manuals.parts.tables import code, table
from tools.manuals.words import Words

_BASE = "https://aims.example/fhir/r5"


def capabilities(words: Words) -> str:
    """A row for each type: what can be done with it, and by what it is searched."""
    told = statement(Release.R5, base=_BASE, site="", version="", date="")
    rows = []
    for each in told["rest"][0]["resource"]:
        done = [code(one["code"]) for one in each["interaction"]]
        done += [code(f"${one['name']}") for one in each.get("operation", ())]
        found = [code(one["name"]) for one in each.get("searchParam", ())]
        rows.append([code(each["type"]), words(f"resource.{each['type']}"), ", ".join(done), ", ".join(found)])
    return table([words(f"fhir.{key}") for key in ("type", "what", "interactions", "parameters")], rows)


def parameters(words: Words) -> str:
    """A row for each parameter of a search and what it means, with the types that have it."""
    found: dict[tuple[str, str], tuple[Param, list[str]]] = {}
    for kind in KINDS.values():
        for param in (*COMMON, *kind.params):
            found.setdefault((param.name, param.about), (param, []))[1].append(kind.name)
    rows = []
    for param, kinds in found.values():
        everywhere = param in COMMON
        key = f"fhir-param.{param.name}" if everywhere else f"fhir-param.{kinds[0]}.{param.name}"
        names = ", ".join(map(code, (param.name, *param.also)))
        of = words("fhir.every") if everywhere else ", ".join(kinds)
        rows.append([names, param.kind, of, words.given(key, param.about)])
    return table([words(f"fhir.{key}") for key in ("parameter", "kind", "types", "about")], rows)


def scopes(words: Words) -> str:
    """Which scopes a token may have."""
    told = [("system/Observation.rs", "one"), ("system/*.rs", "all"), ("patient/*.rs", "patient"),
            ("system/Subscription.cruds", "subscribe"), (INBOX, "inbox")]  # fmt: skip
    rows = [[code(scope), words(f"scope.{key}")] for scope, key in told]
    return (
        f"{table([words('fhir.scope'), words('meaning')], rows)}\n{words('scope.types')}{', '.join(map(code, TYPES))}\n"
    )


def topics(words: Words) -> str:
    """A row for each topic of subscriptions."""
    rows = [
        [code(topic.url), code(topic.resource), words.given(f"topic.{topic.name}", topic.about)]
        for topic in TOPICS.values()
    ]
    heads = [words("fhir.topic"), words("fhir.type"), words("meaning")]
    return f"{table(heads, rows)}\n{words('fhir.filters')}{', '.join(map(code, FILTERS))}\n"


def examples(words: Words) -> str:
    """A section for each type: one as R5 has it."""
    return "\n".join(
        f"### {name}\n\n{words(f'resource.{name}')}\n\n```json\n{laid(body)}\n```\n"
        for name, body in _examples().items()
    )


@cache
def _examples() -> Mapping[str, Any]:
    """Of a made-up patient; type → resource, then what a subscriber is sent."""
    hospital = rich()
    source = hospital.fhir.records.source("c1")
    found: dict[str, Any] = {kind: _one(kind, source).body for kind in KINDS}
    topic = TOPICS["vitals-charted"]
    subscription = Subscription(
        id="5a1b2c3d4e5f6071", client="emr", state="active", since=0, events=41, made_us=NOW_US,
        wanted=Wanted(topic=topic.url, release=Release.R5, endpoint="https://emr.example/told", content="full-resource",
                      heartbeat_s=60, filters=(("location", "OR-03"),), reason="the ward's list", base=_BASE),
    )  # fmt: skip
    value = _one("Observation", source)
    event = Event(number=41, at_us=value.updated_us, cause="", focus=(source.encounter["reference"], value.name))
    return {
        **found,
        "SubscriptionTopic": topic.resource_of(Release.R5),
        "Subscription": resource_of(subscription, Release.R5),
        "Bundle": bundle(subscription, "event-notification", ZONE, event.at_us, [event], [value]),
    }


def _one(kind: str, source: Source) -> Resource:
    """The first that stands as it was charted; of the observations a cuff's, for it has parts."""
    made: Iterator[Resource] = iter(KINDS[kind].of(source))
    return next(
        each
        for each in made
        if each.body.get("status") not in {"entered-in-error", "preliminary"}
        and (kind != "Observation" or "component" in each.body)
    )
