"""What a subscriber is sent: Bundles with a SubscriptionStatus first. Pure; source: protocols, fhir §7."""

from collections.abc import Sequence
from typing import Literal

from charting.fhir.release import Release, said
from charting.fhir.source import Resource
from charting.fhir.subscription import Event, Subscription
from charting.fhir.terms import Json, when

Kind = Literal["handshake", "heartbeat", "event-notification", "query-status", "query-event"]


def status(
    kept: Subscription, kind: Kind, zone: str, events: Sequence[Event] = (), *, until: int | None = None
) -> Json:
    """`until`: the number of the last event that there was then; None: now."""
    told: Json = {
        "resourceType": "SubscriptionStatus",
        "status": kept.state,
        "type": kind,
        "eventsSinceSubscriptionStart": str(kept.events if until is None else until),
        "subscription": {"reference": f"{kept.wanted.base}/Subscription/{kept.id}"},
        "topic": kept.wanted.topic,
    }
    if events:
        told["notificationEvent"] = [_event(kept, each, zone) for each in events]
    if kept.state == "error" and kept.reason:
        told["error"] = [{"text": f"refused: {kept.reason}"}]
    return told


def bundle(
    kept: Subscription,
    kind: Kind,
    zone: str,
    at_us: int,
    events: Sequence[Event] = (),
    resources: Sequence[Resource] = (),
    *,
    release: Release | None = None,
    until: int | None = None,
) -> Json:
    """`resources`: of the events, where the subscriber wants them whole. `release`: None: that of the subscription."""
    spoken, base = release or kept.wanted.release, kept.wanted.base
    history = spoken is Release.R4B
    entries: list[Json] = [{"resource": status(kept, kind, zone, events, until=until)}]
    requests = [{"method": "GET", "url": f"{base}/Subscription/{kept.id}/$status"}]
    for each in resources:
        entries.append({"fullUrl": f"{base}/{each.name}", "resource": said(each.body, spoken)})
        requests.append({"method": "PUT", "url": f"{base}/{each.name}"})
    if history:
        for entry, request in zip(entries, requests, strict=True):
            entry |= {"request": request, "response": {"status": "200"}}
    return {
        "resourceType": "Bundle",
        "type": "history" if history else "subscription-notification",
        "timestamp": when(at_us, zone),
        "entry": entries,
    }


def _event(kept: Subscription, event: Event, zone: str) -> Json:
    told: Json = {"eventNumber": str(event.number), "timestamp": when(event.at_us, zone)}
    if kept.wanted.content != "empty":
        first, *others = [{"reference": f"{kept.wanted.base}/{name}"} for name in event.focus]
        told |= {"focus": first, **({"additionalContext": others} if others else {})}
    return told
