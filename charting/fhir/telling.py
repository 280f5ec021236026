"""Tells subscribers: the audit trail is followed, each event gets its number once, and leaves by the outbox.

A subscriber that is away for long parks nothing: what is for him waits. One that refuses is in error until a person
has sent the refused again, or a handshake was answered; events are numbered meanwhile, and leave afterwards.
"""

import asyncio
import secrets
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from contextlib import suppress
from typing import Any

from charting.case.refusals import Unknown
from charting.fhir.charges import charge_id
from charting.fhir.clients import ApiClients, Client
from charting.fhir.endpoint import allowed, origin
from charting.fhir.keeping import SubscriptionStore
from charting.fhir.notices import bundle, status
from charting.fhir.outcome import Wrong
from charting.fhir.records import Records, Sight
from charting.fhir.refusals import ClientUnknown
from charting.fhir.release import Release
from charting.fhir.source import Resource, Source
from charting.fhir.subscription import JSON, Event, Subscription, read
from charting.fhir.terms import Json
from charting.fhir.text import to_bytes
from charting.fhir.topics import TOPICS, fits
from charting.outbox.following import Cursors, Follower
from charting.outbox.parcel import Parcel, Sent, State
from charting.outbox.post import Post
from charting.outbox.wire import Address
from charting.trail.entries import Entry, SubscriptionChanged
from collector.errors import VitalsdError
from collector.logs import Link, logger

FOLLOWER = "fhir"
LOOK_S = 1.0
KEPT_US = 7 * 86_400_000_000
"""Events are kept for so long, for who was away; those that are not yet in the outbox for ever."""
CHARGES_US = 2 * 86_400_000_000
"""How far back is looked for lines of bills."""
CHARGES_S, FORGET_S = 10, 3600
AT_ONCE = 200
"""Events that go into the outbox in one look, or are told by $events."""
MOST = 20
"""Subscriptions of a client."""
HANDSHAKE, NOTIFICATION, HEARTBEAT = "fhir-handshake", "fhir-notification", "fhir-heartbeat"


class Subscriptions:
    def __init__(
        self,
        store: SubscriptionStore,
        clients: ApiClients,
        records: Records,
        outbox: Post,
        cursors: Cursors,
        now_us: Callable[[], int],
        *,
        notify: Collection[str] = (),
    ) -> None:
        """`notify`: origins at which subscribers may be."""
        self._store = store
        self._clients = clients
        self._records = records
        self._outbox = outbox
        self._trail = records.desk.trail
        self._cursors = cursors
        self._now_us = now_us
        self._notify = frozenset(notify)
        self._zone = records.zone
        self._link = Link(logger(part="fhir"), "subscriptions")
        self._told_us: dict[str, int] = {}
        kinds = {kind for topic in TOPICS.values() for kind in topic.kinds}
        self.follower = Follower(FOLLOWER, self._trail, cursors, kinds, self.follow)

    # What clients ask

    def create(self, client: Client, body: object, release: Release, base: str) -> Subscription:
        """Raises Wrong."""
        wanted = read(body, release, base)
        kept = Subscription(
            id=secrets.token_hex(8),
            client=client.id,
            wanted=wanted,
            since=self._trail.last(),
            made_us=self._now_us(),
        )
        if not client.allows(kept.topic.resource, "r"):
            raise Wrong(403, "forbidden", f"the token has no scope to read {kept.topic.resource}")
        if not allowed(wanted.endpoint, self._notify):
            raise Wrong(422, "security", "nothing is sent to that place: see [fhir] notify of the configuration")
        if sum(each.client == client.id for each in self._store.subscriptions()) >= MOST:
            raise Wrong(422, "too-costly", f"a client has at most {MOST} subscriptions")
        self._log(f"client:{client.id}", kept, "requested")
        self._store.keep(kept)
        return kept

    def of(self, client: Client) -> Sequence[Subscription]:
        return [each for each in self._store.subscriptions() if each.client == client.id]

    def find(self, client: Client, id_: str) -> Subscription | None:
        found = self._store.subscription(id_)
        return found if found is not None and found.client == client.id else None

    def delete(self, client: Client, id_: str) -> None:
        """What has not left yet need not leave any more."""
        found = self.find(client, id_)
        if found is None:
            return
        self._log(f"client:{client.id}", found, "off")
        self._store.drop(id_)
        self._withdraw(found, f"client:{client.id}")

    def status(self, kept: Subscription) -> Json:
        return status(kept, "query-status", self._zone)

    def events(self, client: Client, kept: Subscription, since: int, until: int | None, release: Release) -> Json:
        """Those from number `since` to `until`, at most AT_ONCE: for who has missed something. Raises Wrong."""
        last = kept.events if until is None else min(until, kept.events)
        found = self._store.events(kept.id, max(since, 1) - 1, last, AT_ONCE)
        if max(since, 1) <= last and (not found or found[0].number > max(since, 1)):
            first = found[0].number if found else last + 1
            raise Wrong(410, "deleted", f"events before number {first} are not kept any more: search instead")
        resources = self._resources(client, kept, found)
        return bundle(kept, "query-event", self._zone, self._now_us(), found, resources, release=release)

    # What people do

    def all(self) -> Sequence[Subscription]:
        return self._store.subscriptions()

    def again(self, id_: str, by: str) -> None:
        """A new handshake; when it is answered, what was refused leaves again. Raises ClientUnknown."""
        found = self._store.subscription(id_)
        if found is None:
            raise ClientUnknown("fhir.subscription_unknown")
        self._log(by, found, "requested")
        self._store.stand(id_, "requested", handshake=found.handshake + 1)

    # The outbox

    def place(self, name: str) -> Address | None:
        """Where a subscriber is; only where the configuration still allows it."""
        kind, _, id_ = name.partition(":")
        found = self._store.subscription(id_) if kind == "fhir" else None
        if found is None or not allowed(found.wanted.endpoint, self._notify):
            return None
        return Address(url=found.wanted.endpoint)

    @property
    def on_answer(self) -> Mapping[str, Callable[[Sent], None]]:
        return {HANDSHAKE: self._shaken}

    def lives(self, stop: asyncio.Event) -> Sequence[Coroutine[Any, Any, None]]:
        return [self._follow(stop), self._run(stop)]

    async def _follow(self, stop: asyncio.Event) -> None:
        with suppress(VitalsdError):
            await asyncio.to_thread(self._skip)
        await self.follower.run(stop)

    def _skip(self) -> None:
        """What was before any subscription is nobody's."""
        last = self._trail.last()
        if not self._store.subscriptions():
            self._cursors.keep(FOLLOWER, last)

    async def _run(self, stop: asyncio.Event) -> None:
        looks = 0
        while not stop.is_set():
            try:
                await asyncio.to_thread(self.look)
                if looks % CHARGES_S == 0:
                    await asyncio.to_thread(self.follow_charges)
                if looks % FORGET_S == 0:
                    await asyncio.to_thread(self._store.forget, self._now_us() - KEPT_US)
                looks += 1
                self._link.good()
            except VitalsdError as error:
                self._link.lost(str(error))
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), LOOK_S)

    def follow(self, entries: Sequence[Entry]) -> None:
        """Number what entries of the trail mean to whom."""
        for kept in self._listening():
            found = [(entry, entry.body.kind) for entry in entries if entry.seq > kept.since]
            events = [event for entry, kind in found if kind in kept.topic.kinds for event in self._event(kept, entry)]
            if events:
                self._store.happened(kept.id, events)

    def follow_charges(self) -> None:
        kept_of = [each for each in self._listening() if each.topic.name == "charge-posted"]
        if not kept_of:
            return
        since_us = self._now_us() - CHARGES_US
        charges = self._store.posted(max(since_us, min(each.made_us for each in kept_of)))
        for kept in kept_of:
            events: list[Event] = []
            for charge in charges:
                source = self._seen(kept, charge.case) if charge.made_us >= kept.made_us else None
                if source is not None and fits(kept.wanted.filters, source, None):
                    focus = (f"ChargeItem/{charge_id(source, charge)}", f"Encounter/{source.key}")
                    events.append(Event(at_us=charge.made_us, cause=f"charge {charge.id}", focus=focus))
            if events:
                self._store.happened(kept.id, events)

    def look(self) -> None:
        """Put into the outbox what is to leave, and see how subscribers stand."""
        for kept in self._store.subscriptions():
            client = self._clients.standing(kept.client)
            if kept.state == "off":
                continue
            if client is None:
                self._store.stand(kept.id, "off")
                self._withdraw(kept, "")
            elif kept.state == "requested":
                self._shake(kept)
            else:
                self._stand(kept)
                if kept.state == "active":
                    self._send(client, kept)
                    self._beat(kept)

    def _shake(self, kept: Subscription) -> None:
        key = f"{kept.to}/handshake/{kept.handshake}"
        sent = self._outbox.find(key)
        if sent is None:
            body = bundle(kept, "handshake", self._zone, self._now_us())
            self._outbox.put([_parcel(kept, key, HANDSHAKE, body)])
        elif sent.state is State.PARKED:
            self._store.stand(kept.id, "error", sent.reason)

    def _shaken(self, sent: Sent) -> None:
        """A handshake was answered: he listens."""
        found = self._store.subscription(sent.parcel.to.partition(":")[2])
        if found is None or found.state == "off":
            return
        for line in self._outbox.lines(to=found.to, state=State.PARKED):
            self._outbox.resend(line.key, "", "handshake")
        self._store.stand(found.id, "active")

    def _stand(self, kept: Subscription) -> None:
        """In error while something of him is parked."""
        parked = self._outbox.lines(to=kept.to, state=State.PARKED, limit=1)
        if parked and kept.state == "active":
            self._store.stand(kept.id, "error", parked[0].reason)
        elif not parked and kept.state == "error":
            self._store.stand(kept.id, "active")

    def _send(self, client: Client, kept: Subscription) -> None:
        events = self._store.events(kept.id, kept.sent, kept.events, AT_ONCE)
        for event in events:
            resources = self._resources(client, kept, [event])
            body = bundle(
                kept, "event-notification", self._zone, self._now_us(), [event], resources, until=event.number
            )
            self._outbox.put([_parcel(kept, f"{kept.to}/{event.number}", NOTIFICATION, body, lane=kept.id)])
            self._store.sent(kept.id, event.number)
            self._told_us[kept.id] = self._now_us()

    def _beat(self, kept: Subscription) -> None:
        """Of no use when the next one is due."""
        if not kept.wanted.heartbeat_s:
            return
        now_us, pace_us = self._now_us(), kept.wanted.heartbeat_s * 1_000_000
        if now_us - self._told_us.setdefault(kept.id, now_us) < pace_us:
            return
        self._told_us[kept.id] = now_us
        body = bundle(kept, "heartbeat", self._zone, now_us)
        key = f"{kept.to}/heartbeat/{now_us}"
        self._outbox.put([_parcel(kept, key, HEARTBEAT, body, until_us=now_us + pace_us)])

    def _event(self, kept: Subscription, entry: Entry) -> list[Event]:
        source = self._seen(kept, entry.case)
        if source is None:
            return []
        focus = kept.topic.focus(source, entry)
        if not focus or not fits(kept.wanted.filters, source, entry):
            return []
        return [Event(at_us=entry.at_us, cause=f"entry {entry.seq}", focus=tuple(focus))]

    def _seen(self, kept: Subscription, case: str) -> Source | None:
        """A case of which the subscriber may know."""
        client = self._clients.standing(kept.client)
        if client is None or not case:
            return None
        try:
            source = self._records.source(case)
        except Unknown:
            return None
        return source if self._records.shows(source, Sight(patient=client.patient)) else None

    def _resources(self, client: Client, kept: Subscription, events: Sequence[Event]) -> Sequence[Resource]:
        """What events are of, each once, as it is now: where the subscriber wants it, and may read it."""
        if kept.wanted.content != "full-resource":
            return []
        found: dict[str, Resource] = {}
        for name in dict.fromkeys(name for event in events for name in event.focus):
            kind, _, id_ = name.partition("/")
            resource = (
                self._records.named(kind, id_, Sight(patient=client.patient)) if client.allows(kind, "r") else None
            )
            if resource is not None:
                found[name] = resource
        return list(found.values())

    def _listening(self) -> Sequence[Subscription]:
        return [each for each in self._store.subscriptions() if each.state != "off"]

    def _withdraw(self, kept: Subscription, by: str) -> None:
        for state in (State.WAITING, State.PARKED):
            while lines := self._outbox.lines(to=kept.to, state=state):
                for line in lines:
                    self._outbox.withdraw(line.key, by, "the subscription has ended")

    def _log(self, actor: str, kept: Subscription, state: str) -> None:
        said = SubscriptionChanged(
            subscription=kept.id,
            client=kept.client,
            topic=kept.topic.name,
            host=origin(kept.wanted.endpoint),
            state=state,
        )
        self._trail.append(actor, "", [said])


def _parcel(
    kept: Subscription, key: str, kind: str, body: Json, *, lane: str = "", until_us: int | None = None
) -> Parcel:
    return Parcel(key=key, to=kept.to, kind=kind, body=to_bytes(body), content_type=JSON, lane=lane, until_us=until_us)
