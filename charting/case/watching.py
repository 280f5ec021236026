"""What people and the watch say of alarms: that somebody has seen one, that an advisory began or ended."""

from collections.abc import Sequence

from charting.accounts.actor import Actor
from charting.case.book import Casebook, check_kept
from charting.case.checks import check_texts
from charting.case.state import Case
from charting.trail.entries import SYSTEM, Advised, AlarmSeen, Entry, normal

SAME_US = 120_000_000
"""The same that is sent again so soon is sent twice, and done once."""

_WATCH = Actor(account=SYSTEM, name=SYSTEM, roles=frozenset())


class Watching(Casebook):
    def see_alarm(
        self,
        actor: Actor,
        *,
        bed: str,
        device: str,
        source: str,
        onset_us: int,
        told_us: int,
        note: str = "",
        case: str = "",
    ) -> Case | None:
        """A person has seen an alarm condition on our page. It stays here: nothing of it reaches the device.

        `told_us`: of the change that he saw. Kept with `case`, else with the case that is open at the bed (of several
        the newest), else with none (None).
        """
        said = AlarmSeen(bed=bed, device=device, source=source, onset_us=onset_us, told_us=told_us, note=note.strip())
        check_texts(said)
        rows = [] if case else self.trail.rows(state="open", bed=bed, limit=1)
        id_ = case or (rows[0].case if rows else "")
        if not id_:
            self.require(actor, "see_alarm")
            if not self._is_repeated(said, actor, self.trail.entries("", kinds=["alarm_seen"])):
                self.trail.append(actor.account, "", [normal(said)])
            return None

        def decide(known: Case) -> list[AlarmSeen]:
            self._allow(actor, "see_alarm")
            check_kept(known)
            now_us = self.clock.now_us()
            again = (said, actor.account) in [(what, who) for what, who, at in known.seen if now_us - at < SAME_US]
            return [] if again else [said]

        return self._act(actor, id_, "see_alarm", decide)

    def advise(self, case: str, advised: Sequence[Advised]) -> Case:
        """Advisories of ours that began or ended; what the case says already is not said again."""

        def decide(known: Case) -> list[Advised]:
            check_kept(known)
            return [each for each in advised if each not in known.advised]

        return self._act(_WATCH, case, "advise", decide)

    def _is_repeated(self, said: AlarmSeen, actor: Actor, before: Sequence[Entry]) -> bool:
        since_us = self.clock.now_us() - SAME_US
        return any((e.body, e.actor) == (said, actor.account) and e.at_us > since_us for e in before)
