"""Passwords: argon2id hashes, and which passwords will do. The only place that knows argon2."""

from functools import cache
from importlib.resources import files
from threading import BoundedSemaphore
from unicodedata import normalize

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from charting.accounts.refusals import AccountRefusal

LEAST = 10
MOST = 128
"""Characters; longer than anybody types, and short to hash."""

AT_ONCE = 4
"""Hashes that are made at the same time: together they take 4 × 46 MiB."""

_OTHERS = "no account has this password"


class Passwords:
    """Makes and checks hashes. Calls take some 50 ms of a processor; any thread may call."""

    def __init__(self) -> None:
        # OWASP Password Storage Cheat Sheet, argon2id: 46 MiB with one lane and one pass at least.
        self._hasher = PasswordHasher(time_cost=2, memory_cost=47_104, parallelism=1)
        self._slots = BoundedSemaphore(AT_ONCE)
        self._nobody = self.hashed(_OTHERS)

    def hashed(self, password: str) -> str:
        with self._slots:
            return self._hasher.hash(_typed(password))

    def fits(self, hashed: str | None, password: str) -> bool:
        """Whether a password is the hash's; None, for an account that is not there, takes as long and never is."""
        with self._slots:
            try:
                self._hasher.verify(hashed or self._nobody, _typed(password))
            except (VerificationError, InvalidHashError):
                return False
        return hashed is not None

    def outdated(self, hashed: str) -> bool:
        """Whether the hash was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(hashed)


def _typed(password: str) -> str:
    """However it was typed: an input method may give full-width digits. More than MOST is never right."""
    return normalize("NFKC", password[: MOST + 1])


def check(password: str, account: str) -> None:
    """Raises AccountRefusal for a password that is too short or long, one of the most common, or holds the account's
    name.
    """
    if len(password) < LEAST:
        raise AccountRefusal("password_short", least=str(LEAST))
    if len(password) > MOST:
        raise AccountRefusal("password_long", most=str(MOST))
    said = _typed(password).casefold()
    if len(account) > 2 and account in said:
        raise AccountRefusal("password_is_name")
    if said in common() or len(set(said)) <= 2:
        raise AccountRefusal("password_common")


@cache
def common() -> frozenset[str]:
    """The most common passwords that are long enough, in small letters."""
    return frozenset(files("charting.accounts").joinpath("common.txt").read_text(encoding="utf-8").split())
