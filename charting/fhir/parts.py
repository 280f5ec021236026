"""The FHIR interface as the service puts it together."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from charting.accounts.storage import AccountStore
from charting.charges.ledger import Charge
from charting.desk import Desk
from charting.fhir.clients import ApiClients, ClientStore
from charting.fhir.keeping import SubscriptionStore
from charting.fhir.records import Records
from charting.fhir.telling import Subscriptions
from charting.outbox.following import Cursors
from charting.outbox.post import Post


@dataclass(frozen=True, slots=True, kw_only=True)
class Fhir:
    clients: ApiClients
    records: Records
    subscriptions: Subscriptions

    @classmethod
    def of(
        cls,
        desk: Desk,
        people: AccountStore,
        clients: ClientStore,
        subscriptions: SubscriptionStore,
        outbox: Post,
        cursors: Cursors,
        now_us: Callable[[], int],
        *,
        charges: Callable[[str], Sequence[Charge]] = lambda _: (),
        notify: Collection[str] = (),
        demo: bool = False,
    ) -> Self:
        """`charges`: of a case. `notify`: origins at which subscribers may be."""

        def names() -> Mapping[str, str]:
            return {account.account: account.name for account in people.accounts()}

        tokens = ApiClients(clients, people, desk.trail, now_us)
        records = Records(desk, names, charges, demo=demo)
        telling = Subscriptions(subscriptions, tokens, records, outbox, cursors, now_us, notify=notify)
        return cls(clients=tokens, records=records, subscriptions=telling)
