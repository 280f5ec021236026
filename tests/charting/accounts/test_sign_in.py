"""Signing in, and what becomes of a session: by the trail and by what it lets a person do."""

from collections.abc import Callable

import pytest
from argon2 import PasswordHasher

from charting.accounts.accounts import OPERATOR, Accounts
from charting.accounts.actor import Actor
from charting.accounts.passwords import Passwords
from charting.accounts.refusals import AccountRefusal, NotAdministrator, SignInRefused
from charting.accounts.sessions import Session, SignIn
from charting.accounts.storage import MemoryAccounts
from charting.case.refusals import NotAllowed
from charting.trail.chain import link_of
from charting.trail.entries import AccountChanged, Denied, SessionChanged
from charting.trail.trail import MemoryTrail
from tests.charting.clock import Clock

PASSWORD = "浪花 over the reef"
OTHER = "correct horse battery"
HOUR_S = 3600.0
HOUR_US = 3_600_000_000


@pytest.fixture(scope="module")
def passwords() -> Passwords:
    return Passwords()


@pytest.fixture
def store() -> MemoryAccounts:
    return MemoryAccounts()


@pytest.fixture
def log(clock: Clock) -> MemoryTrail:
    return MemoryTrail(clock.now_us)


@pytest.fixture
def accounts(store: MemoryAccounts, log: MemoryTrail, passwords: Passwords) -> Accounts:
    made = Accounts(store, log, passwords)
    made.create(OPERATOR, "li", name="李雷", roles=["anaesthetist"], password=PASSWORD)
    made.create(OPERATOR, "root", name="Root", roles=["administrator"], password=OTHER)
    return made


@pytest.fixture
def sign_in(accounts: Accounts, store: MemoryAccounts, log: MemoryTrail, passwords: Passwords, clock: Clock) -> SignIn:
    del accounts
    return SignIn(store, log, passwords, clock.now_us)


@pytest.fixture
def said(log: MemoryTrail, sign_in: SignIn) -> Callable[[], list[tuple[str, str, str]]]:
    """Actor, what and account of the sessions' entries."""
    del sign_in
    kinds = ["session_changed"]
    return lambda: [
        (e.actor, e.body.what, e.body.account) for e in log.all(kinds=kinds) if isinstance(e.body, SessionChanged)
    ]


def begun(sign_in: SignIn, account: str = "li", password: str = PASSWORD, *, before: str = "") -> Session:
    made = sign_in.sign_in(account, password, "10.0.0.1", before=before)
    assert isinstance(made, Session)
    return made


def refused(made: Session | SignInRefused) -> str:
    assert isinstance(made, SignInRefused)
    return made.key


def acts(sign_in: SignIn, session: Session, *, touch: bool = True) -> str:
    """Who acts in a session: an account, "locked" or "ended"."""
    found = sign_in.session(session.token, touch=touch)
    if found is None:
        return "ended"
    live, actor = found
    assert live.locked == (actor is None)
    return actor.account if actor else "locked"


def test_who_knows_the_password_acts_as_himself(
    sign_in: SignIn, said: Callable[[], list[tuple[str, str, str]]]
) -> None:
    session = begun(sign_in, " LI ")
    found = sign_in.session(session.token)
    assert found is not None
    assert found[1] == Actor(account="li", name="李雷", roles=frozenset({"anaesthetist"}))
    assert said() == [("li", "signed_in", "li")]
    assert sign_in.session("") is None
    assert sign_in.session("\ud800") is None
    assert sign_in.session(session.token[:-1]) is None


def test_full_width_digits_are_digits(accounts: Accounts, sign_in: SignIn) -> None:
    accounts.change(OPERATOR, "li", password="sea 2026 tide")
    begun(sign_in, password="sea ２０２６ tide")


def test_tokens_are_not_kept_nor_are_passwords(
    sign_in: SignIn, store: MemoryAccounts, log: MemoryTrail, accounts: Accounts
) -> None:
    session, second = begun(sign_in), begun(sign_in)
    assert session.token != second.token
    assert len({session.csrf, second.csrf, session.token, second.token}) == 4
    sign_in.sign_in("li", "a wrong password", "10.0.0.1")
    sign_in.sign_in("typed secret", "x", "10.0.0.1")
    accounts.change(OPERATOR, "li", password="another one 77")
    kept = "".join(link_of(e).text for e in log.all()) + repr(store.__dict__) + repr(session)
    for secret in (session.token, PASSWORD, "wrong password", "another one", "typed secret"):
        assert secret not in kept


def test_a_wrong_password_and_no_account_look_the_same(
    sign_in: SignIn, accounts: Accounts, said: Callable[[], list[tuple[str, str, str]]]
) -> None:
    accounts.create(OPERATOR, "gone", name="G", roles=["head"], password=PASSWORD)
    accounts.change(OPERATOR, "gone", active=False)
    answers = [sign_in.sign_in(*pair, "a") for pair in (("li", OTHER), ("nobody", OTHER), ("gone", PASSWORD))]
    assert {a.text("en") for a in answers if isinstance(a, SignInRefused)} == {"The account or the password is wrong."}
    assert {a.text("zh") for a in answers if isinstance(a, SignInRefused)} == {"账号或密码不正确。"}
    assert said() == [("vitalsd", "refused", name) for name in ("li", "", "gone")]


def test_an_unknown_account_costs_as_much_work_as_a_known_one(
    sign_in: SignIn, passwords: Passwords, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[str | None] = []
    fits = passwords.fits

    def counted(hashed: str | None, password: str) -> bool:
        checked.append(hashed)
        return fits(hashed, password)

    monkeypatch.setattr(passwords, "fits", counted)
    sign_in.sign_in("nobody", OTHER, "a")
    assert checked == [None]
    assert not fits(None, "no account has this password")


def test_guessing_gets_slower_and_a_right_password_waits_too(sign_in: SignIn, clock: Clock, log: MemoryTrail) -> None:
    for _ in range(4):
        assert refused(sign_in.sign_in("li", OTHER, "a")) == "wrong"
    entries = len(list(log.all()))
    waiting = sign_in.sign_in("li", PASSWORD, "b")
    assert isinstance(waiting, SignInRefused)
    assert (waiting.key, waiting.wait_s) == ("wait", 1)
    assert waiting.text("en") == "Too many attempts: try again in 1 s."
    assert len(list(log.all())) == entries
    clock.go(1)
    begun(sign_in)
    assert refused(sign_in.sign_in("li", OTHER, "a")) == "wrong"


def test_nobody_is_locked_out_for_more_than_a_minute(sign_in: SignIn, clock: Clock) -> None:
    for _ in range(30):
        sign_in.sign_in("li", OTHER, "a")
        clock.go(61)
    begun(sign_in)


def test_a_session_that_nobody_touches_is_locked_once(
    sign_in: SignIn, clock: Clock, said: Callable[[], list[tuple[str, str, str]]]
) -> None:
    session = begun(sign_in)
    clock.go(599)
    assert acts(sign_in, session) == "li"
    clock.go(599)
    assert acts(sign_in, session, touch=False) == "li"
    clock.go(1)
    assert acts(sign_in, session) == "locked"
    assert acts(sign_in, session) == "locked"
    clock.go(-1200)
    assert acts(sign_in, session) == "locked"
    assert said()[1:] == [("li", "locked", "li")]


def test_in_theatre_the_lock_comes_late(
    accounts: Accounts, store: MemoryAccounts, log: MemoryTrail, passwords: Passwords, clock: Clock
) -> None:
    accounts.create(OPERATOR, "icu", name="Icu", roles=["icu_nurse"], password=OTHER)
    sign_in = SignIn(store, log, passwords, clock.now_us, idle_us=600_000_000, theatre_idle_us=4 * HOUR_US)
    doctor, nurse = begun(sign_in), begun(sign_in, "icu", OTHER)
    assert (doctor.idle_us, nurse.idle_us) == (4 * HOUR_US, 600_000_000)
    clock.go(3 * HOUR_S)
    assert (acts(sign_in, doctor), acts(sign_in, nurse)) == ("li", "locked")


def test_who_signs_in_at_the_same_browser_ends_the_session_before(sign_in: SignIn) -> None:
    first = begun(sign_in)
    elsewhere = begun(sign_in)
    second = begun(sign_in, "root", OTHER, before=first.token)
    assert [acts(sign_in, s) for s in (first, elsewhere, second)] == ["ended", "li", "root"]
    assert refused(sign_in.sign_in("li", OTHER, "a", before=second.token)) == "wrong"
    assert acts(sign_in, second) == "root"


def test_only_its_own_password_unlocks_a_session(
    sign_in: SignIn, said: Callable[[], list[tuple[str, str, str]]], clock: Clock
) -> None:
    session = begun(sign_in)
    sign_in.lock(session.token)
    sign_in.lock(session.token)
    assert acts(sign_in, session) == "locked"
    assert refused(sign_in.unlock(session.token, OTHER, "a")) == "wrong"
    assert acts(sign_in, session) == "locked"
    clock.go(900)
    unlocked = sign_in.unlock(session.token, PASSWORD, "a")
    assert isinstance(unlocked, Session)
    assert (unlocked.locked, unlocked.csrf) == (False, session.csrf)
    assert acts(sign_in, session) == "li"
    assert [what for _, what, _ in said()] == ["signed_in", "locked", "refused", "unlocked"]


def test_guessing_at_a_locked_session_gets_slower(sign_in: SignIn) -> None:
    session = begun(sign_in)
    sign_in.lock(session.token)
    answers = [refused(sign_in.unlock(session.token, OTHER, "a")) for _ in range(5)]
    assert answers == ["wrong"] * 4 + ["wait"]


def test_a_session_ends_after_12_hours_however_busy(sign_in: SignIn, clock: Clock) -> None:
    session = begun(sign_in)
    for _ in range(12 * 12 - 1):
        clock.go(300)
        assert acts(sign_in, session) == "li"
    clock.go(300)
    assert acts(sign_in, session) == "ended"
    assert refused(sign_in.unlock(session.token, PASSWORD, "a")) == "ended"


def test_signing_out_ends_a_session_locked_or_not(
    sign_in: SignIn, said: Callable[[], list[tuple[str, str, str]]]
) -> None:
    session, other = begun(sign_in), begun(sign_in)
    sign_in.lock(session.token)
    for _ in range(2):
        sign_in.sign_out(session.token)
    assert acts(sign_in, session) == "ended"
    assert acts(sign_in, other) == "li"
    assert [what for _, what, _ in said()].count("signed_out") == 1


def test_rights_that_are_taken_away_are_gone_at_once(sign_in: SignIn, accounts: Accounts) -> None:
    session = begun(sign_in)
    accounts.change(OPERATOR, "li", roles=["surgeon"], name="Li")
    found = sign_in.session(session.token)
    assert found is not None
    assert found[1] == Actor(account="li", name="Li", roles=frozenset({"surgeon"}))
    accounts.change(OPERATOR, "li", active=False)
    assert acts(sign_in, session) == "ended"
    accounts.change(OPERATOR, "li", active=True)
    assert acts(sign_in, session) == "ended"


def test_whose_password_an_administrator_sets_signs_in_anew(sign_in: SignIn, accounts: Accounts) -> None:
    session = begun(sign_in)
    accounts.change(OPERATOR, "li", password=OTHER)
    assert acts(sign_in, session) == "ended"
    begun(sign_in, password=OTHER)


def test_a_person_changes_his_password(sign_in: SignIn, log: MemoryTrail) -> None:
    session, elsewhere = begun(sign_in), begun(sign_in)
    with pytest.raises(AccountRefusal, match="password_short"):
        sign_in.change_password(session.token, PASSWORD, "short", "a")
    assert refused(sign_in.change_password(session.token, OTHER, OTHER, "a")) == "wrong"
    assert isinstance(sign_in.change_password(session.token, PASSWORD, OTHER, "a"), Session)
    (*_, entry) = log.all(kinds=["account_changed"])
    assert (entry.actor, entry.body) == (
        "li",
        AccountChanged(account="li", name="李雷", roles=("anaesthetist",), active=True, password=True),
    )
    assert (acts(sign_in, session), acts(sign_in, elsewhere)) == ("li", "ended")
    assert refused(sign_in.sign_in("li", PASSWORD, "a")) == "wrong"
    begun(sign_in, password=OTHER)
    sign_in.lock(session.token)
    assert refused(sign_in.change_password(session.token, OTHER, PASSWORD, "a")) == "ended"


def test_an_old_hash_is_made_anew_at_sign_in(sign_in: SignIn, store: MemoryAccounts) -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)
    store.set_password("li", weak)
    begun(sign_in)
    kept = store.account("li")
    assert kept is not None
    assert kept.password.startswith("$argon2id$v=19$m=47104,t=2,p=1$")
    begun(sign_in)
    assert store.account("li") == kept


def test_what_is_no_hash_fits_nothing(passwords: Passwords) -> None:
    assert not passwords.fits("no hash", PASSWORD)


@pytest.mark.parametrize(
    ("password", "key"),
    [
        ("九个字符的密码啊哈", "password_short"),
        ("x" * 129, "password_long"),
        ("my-Zhang.San-9", "password_is_name"),
        ("Password123", "password_common"),
        ("１２３４５６７８９０", "password_common"),
        ("qwertyuiop", "password_common"),
        ("ababababababab", "password_common"),
    ],
)
def test_a_password_that_will_not_do(accounts: Accounts, store: MemoryAccounts, password: str, key: str) -> None:
    with pytest.raises(AccountRefusal) as refusal:
        accounts.create(OPERATOR, "zhang.san", name="张三", roles=["head"], password=password)
    assert refusal.value.key == key
    assert refusal.value.text("zh") != refusal.value.text("en")
    assert store.account("zhang.san") is None


@pytest.mark.parametrize(
    ("account", "name", "roles", "key"),
    [
        ("Zhang", "张", ["head"], "account_form"),
        ("zhang\n", "张", ["head"], "account_form"),
        ("", "张", ["head"], "account_form"),
        ("vitalsd", "张", ["head"], "reserved"),
        ("li", "张", ["head"], "taken"),
        ("zhang", " ", ["head"], "name_form"),
        ("zhang", "a\0", ["head"], "name_form"),
        ("zhang", "张", ["boss"], "role_unknown"),
        ("zhang", "张", [], "no_role"),
    ],
)
def test_an_account_that_will_not_do(
    accounts: Accounts, log: MemoryTrail, account: str, name: str, roles: list[str], key: str
) -> None:
    before = list(log.all())
    with pytest.raises(AccountRefusal) as refusal:
        accounts.create(OPERATOR, account, name=name, roles=roles, password=PASSWORD)
    assert refusal.value.key == key
    assert refusal.value.text("zh") != refusal.value.text("en")
    assert list(log.all()) == before


def test_who_is_no_administrator_is_refused_and_that_is_kept(accounts: Accounts, log: MemoryTrail) -> None:
    head = Actor(account="wang", name="王", roles=frozenset({"head", "quality"}))
    acts: list[Callable[[], object]] = [
        lambda: accounts.all(head),
        lambda: accounts.create(head, "x", name="X", roles=["head"], password=PASSWORD),
        lambda: accounts.change(head, "li", roles=["administrator"]),
    ]
    for act in acts:
        with pytest.raises(NotAdministrator) as refusal:
            act()
        assert isinstance(refusal.value, NotAllowed)
        (*_, entry) = log.all()
        assert (entry.actor, entry.body) == (
            "wang",
            Denied(action="manage_accounts", document="", why="not_administrator"),
        )


def test_one_administrator_remains(accounts: Accounts) -> None:
    with pytest.raises(AccountRefusal, match="last_administrator"):
        accounts.change(OPERATOR, "root", active=False)
    with pytest.raises(AccountRefusal, match="last_administrator"):
        accounts.change(OPERATOR, "root", roles=["engineer"])
    accounts.change(OPERATOR, "li", roles=["administrator"])
    accounts.change(OPERATOR, "root", active=False)
    with pytest.raises(AccountRefusal, match="no_account"):
        accounts.change(OPERATOR, "nobody", active=False)


def test_a_change_of_nothing_is_no_entry(accounts: Accounts, log: MemoryTrail) -> None:
    before = list(log.all())
    accounts.change(OPERATOR, "li", name="李雷", roles=["anaesthetist"], active=True)
    assert list(log.all()) == before
