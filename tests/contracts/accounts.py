"""What every store of accounts does. A test class gives the fixture `store`, empty."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from charting.accounts.storage import Account, AccountStore, StoredSession
from charting.accounts.throttle import Of

LI = Account(account="li", name="李雷", roles=frozenset({"anaesthetist", "head"}), password="hash 1")
S, HOUR = 1_000_000, 3_600_000_000
T0 = 1_764_000_000_000_000
SESSION = StoredSession(digest="d1", account="li", begun_us=T0, used_us=T0, idle_us=600 * S)


class AccountsContract:
    def test_an_account_is_as_it_was_made(self, store: AccountStore) -> None:
        assert store.account("li") is None
        assert store.create(LI)
        assert store.account("li") == LI
        assert not store.create(replace(LI, name="other"))
        assert store.account("li") == LI
        wu = Account(account="Wu", name="吴", roles=frozenset({"quality"}), active=False, password="hash 2")
        store.create(wu)
        assert list(store.accounts()) == [wu, LI]

    def test_a_change_leaves_the_password_and_a_password_the_rest(self, store: AccountStore) -> None:
        store.create(LI)
        store.change(replace(LI, name="李", roles=frozenset({"head"}), active=False, password="nothing"))
        assert store.account("li") == replace(LI, name="李", roles=frozenset({"head"}), active=False)
        assert not store.set_password("li", "hash 3", before="hash 2")
        assert store.set_password("li", "hash 3", before="hash 1")
        assert store.set_password("li", "hash 4")
        changed = store.account("li")
        assert changed == replace(LI, name="李", roles=frozenset({"head"}), active=False, password="hash 4")

    def test_a_session_lives_until_it_is_ended(self, store: AccountStore) -> None:
        store.create(LI)
        store.begin(SESSION)
        assert store.session("d1") == SESSION
        store.touch("d1", T0 + 1)
        assert store.session("d1") == replace(SESSION, used_us=T0 + 1)
        assert store.lock("d1", locked=True, used_us=T0 + 1)
        assert not store.lock("d1", locked=True, used_us=T0 + 2)
        assert store.session("d1") == replace(SESSION, used_us=T0 + 1, locked=True)
        assert store.lock("d1", locked=False, used_us=T0 + 3)
        assert store.session("d1") == replace(SESSION, used_us=T0 + 3)
        assert store.end("d1")
        assert not store.end("d1")
        assert store.session("d1") is None
        assert not store.lock("d1", locked=True, used_us=T0)

    def test_sessions_end_together(self, store: AccountStore) -> None:
        store.create(LI)
        store.create(replace(LI, account="wu"))
        for digest, account, begun_us in (("a", "li", T0), ("b", "li", T0 + 1), ("c", "li", T0 + 2), ("d", "wu", T0)):
            store.begin(replace(SESSION, digest=digest, account=account, begun_us=begun_us))
        store.end_all("li", but="b")
        assert [d for d in "abcd" if store.session(d)] == ["b", "d"]
        store.tidy(T0 + 1, 0)
        assert [d for d in "abcd" if store.session(d)] == ["b"]
        store.end_all("li")
        assert [d for d in "abcd" if store.session(d)] == []

    def test_attempts_wait_longer_and_longer(self, store: AccountStore) -> None:
        """Four are free, then 1, 2, 4 … s, at most a minute: an attempt in vain costs nothing more."""
        whose: dict[Of, str] = {"account": "li", "address": "10.0.0.1"}
        now_us = T0
        assert [store.attempt(whose, now_us) for _ in range(4)] == [0] * 4
        for delay_s in (1, 2, 4, 8, 16, 32, 60, 60, 60):
            assert store.attempt(whose, now_us) == delay_s * S
            assert store.attempt(whose, now_us + delay_s * S - 1) == 1
            now_us += delay_s * S
            assert store.attempt(whose, now_us) == 0
        assert store.attempt({"account": "wu", "address": "10.0.0.2"}, now_us) == 0

    def test_an_address_waits_for_all_its_accounts(self, store: AccountStore) -> None:
        assert [store.attempt({"account": f"a{n}", "address": "x"}, T0) for n in range(21)] == [0] * 20 + [S]
        assert store.attempt({"account": "a0", "address": "y"}, T0) == 0

    def test_who_was_right_has_nothing_against_the_account(self, store: AccountStore) -> None:
        for _ in range(4):
            store.attempt({"account": "li", "address": "x"}, T0)
        store.forgive({"account": "li", "address": "x"})
        assert [store.attempt({"account": "li", "address": "x"}, T0) for _ in range(5)] == [0] * 4 + [S]
        for n in range(12):
            assert store.attempt({"account": f"a{n}", "address": "x"}, T0) == 0
        assert store.attempt({"account": "b", "address": "x"}, T0) == 0
        assert store.attempt({"account": "c", "address": "x"}, T0) == S

    def test_failures_are_forgotten_after_an_hour(self, store: AccountStore) -> None:
        whose: dict[Of, str] = {"account": "li", "address": "x"}
        for _ in range(4):
            store.attempt(whose, T0)
        assert store.attempt(whose, T0) == S
        assert [store.attempt(whose, T0 + HOUR) for _ in range(5)] == [0] * 4 + [S]
        store.tidy(0, T0 + HOUR + 1)
        assert store.attempt(whose, T0 + HOUR) == 0

    def test_a_clock_that_goes_back_locks_nobody_out(self, store: AccountStore) -> None:
        whose: dict[Of, str] = {"account": "li", "address": "x"}
        for _ in range(4):
            store.attempt(whose, T0 + 24 * HOUR)
        assert store.attempt(whose, T0) == S

    def test_guesses_at_the_same_time_are_all_counted(self, store: AccountStore) -> None:
        def guess(number: int) -> int:
            return store.attempt({"account": "li", "address": str(number % 3)}, T0)

        with ThreadPoolExecutor(8) as threads:
            waits = list(threads.map(guess, range(24)))
        assert waits.count(0) == 4

    def test_what_no_database_takes_is_nobody(self, store: AccountStore) -> None:
        assert store.account("\0") is None
        assert store.session("\ud800") is None
        assert store.attempt({"account": "\0\ud800", "address": "\0"}, T0) == 0
