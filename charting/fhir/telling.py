"""Tells subscribers: the audit trail is followed, each event gets its number once, and leaves by the outbox.

A subscriber that is away for long parks nothing: what is for him waits. One that refuses is in error until a person
has sent the refused again, or a handshake was answered; events are numbered meanwhile, and leave afterwards.
"""

import asyncio
import secrets
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from functools import partial
from typing import Any

from charting.apart import Apart, repeat
from charting.case.refusals import Unknown
from charting.case.state import fold
from charting.charges.ledger import Charge
from charting.fhir.charges import charge_id
from charting.fhir.clients import ApiClients, Client
from charting.fhir.devices import bed_of
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
from charting.fhir.topics import PLACES, TOPICS, fits
from charting.outbox.following import Cursors, Follower
from charting.outbox.parcel import Parcel, Sent, State
from charting.outbox.post import Post
from charting.outbox.wire import Address
from charting.trail.entries import Entry, SubscriptionChanged
from collector.logs import Link, logger

FOLLOWER = "fhir"
LOOK_S = 1.0
KEPT_US = 7 * 86_400_000_000
"""Events are kept for so long, for who was away; those that are not yet in the outbox for ever."""
BILLS = "fhir-bills"
"""Up to when lines of bills were looked for, µs, as a cursor."""
LATE_US = 3_600_000_000
"""So much later than it was made a line may be kept."""
CHARGES, FORGET = 10, 3600
"""Every so many looks."""
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
        self._apart = Apart(logger(part="fhir"), "a subscription cannot be looked at")
        self._zone = records.zone
        self._link = Link(logger(part="fhir"), "subscriptions")
        self._looks = 0
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
        if not self._cursors.seq(FOLLOWER):
            self._cursors.keep(FOLLOWER, kept.since)
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
        self._store.stand(id_, "off")
        self._withdraw(found, f"client:{client.id}")
        self._store.drop(id_)

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
        """Where a subscriber is; only where the configuration allows it, and while his token is worth anything."""
        kind, _, id_ = name.partition(":")
        found = self._store.subscription(id_) if kind == "fhir" else None
        if found is None or found.state == "off" or not allowed(found.wanted.endpoint, self._notify):
            return None
        if self._clients.standing(found.client) is None:
            return None
        return Address(url=found.wanted.endpoint)

    @property
    def on_answer(self) -> Mapping[str, Callable[[Sent], None]]:
        return {HANDSHAKE: self._shaken}

    def lives(self, stop: asyncio.Event) -> Sequence[Coroutine[Any, Any, None]]:
        return [self.follower.run(stop), repeat(self._step, LOOK_S, stop, self._link)]

    def _step(self) -> None:
        self.look()
        if self._looks % CHARGES == 0:
            self.follow_charges()
        if self._looks % FORGET == 0:
            self._store.forget(self._now_us() - KEPT_US)
        self._looks += 1

    def follow(self, entries: Sequence[Entry]) -> None:
        """Number what entries of the trail mean to whom."""
        for kept, client in self._listening():
            found = [(entry, entry.body.kind) for entry in entries if entry.seq > kept.since]
            told = [(entry, self._event(kept, client, entry)) for entry, kind in found if kind in kept.topic.kinds]
            self._happened(kept, [event for _, event in told if event is not None])

    def follow_charges(self) -> None:
        listening = [(kept, client) for kept, client in self._listening() if kept.topic.name == "charge-posted"]
        if not listening:
            return
        now_us = self._now_us()
        since_us = min(self._cursors.seq(BILLS) or 0, now_us) - LATE_US
        charges = self._store.posted(max(since_us, min(kept.made_us for kept, _ in listening)))
        for kept, client in listening:
            mine = [charge for charge in charges if charge.made_us >= kept.made_us]
            told = [event for charge in mine if (event := self._bill(kept, client, charge)) is not None]
            self._happened(kept, told)
        self._cursors.keep(BILLS, now_us)

    def _happened(self, kept: Subscription, events: Sequence[Event]) -> None:
        for start in range(0, len(events), AT_ONCE):
            self._store.happened(kept.id, events[start : start + AT_ONCE])

    def look(self) -> None:
        """Put into the outbox what is to leave, and see how subscribers stand."""
        for kept in self._store.subscriptions():
            if kept.state != "off":
                self._apart.trying(kept.id, partial(self._look, kept))
        self._apart.looked()

    def _look(self, kept: Subscription) -> None:
        client = self._clients.standing(kept.client)
        if client is None:
            self._withdraw(kept, "")
            self._store.stand(kept.id, "off")
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

    def _event(self, kept: Subscription, client: Client, entry: Entry) -> Event | None:
        source = self._seen(client, entry.case)
        focus = kept.topic.focus(source, entry) if source is not None else []
        if source is None or not focus or not fits(kept.wanted.filters, source.key, lambda: self._beds(entry)):
            return None
        return Event(at_us=entry.at_us, cause=f"entry {entry.seq}", focus=tuple(focus))

    def _bill(self, kept: Subscription, client: Client, charge: Charge) -> Event | None:
        source = self._seen(client, charge.case)
        if source is None or not fits(kept.wanted.filters, source.key, lambda: {bed_of(source.case, charge.at_us)}):
            return None
        focus = (f"ChargeItem/{charge_id(source, charge)}", f"Encounter/{source.key}")
        return Event(at_us=charge.made_us, cause=f"charge {charge.id}", focus=focus)

    def _beds(self, entry: Entry) -> Collection[str]:
        """Where the patient was, as was known when it was kept; of a move also where he was before."""
        known = [each for each in self._trail.entries(entry.case, kinds=PLACES) if each.seq <= entry.seq]
        before = known[:-1] if known[-1].seq == entry.seq else []
        return {fold(each).bed for each in (known, before) if each}

    def _seen(self, client: Client, case: str) -> Source | None:
        """A case of which a subscriber may know."""
        if not case:
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

    def _listening(self) -> Sequence[tuple[Subscription, Client]]:
        found = [(each, self._clients.standing(each.client)) for each in self._store.subscriptions()]
        return [(each, client) for each, client in found if client is not None and each.state != "off"]

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
