"""How long whoever guesses passwords must wait: growing, but never for ever. Pure; times in µs."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Literal

Of = Literal["account", "address"]

FREE: Mapping[Of, int] = {"account": 4, "address": 20}
"""Failures that cost no delay: people mistype, and a ward shares an address."""

LONGEST_S = 60
"""A whole day of guessing is then 1 440 guesses; who is called to an emergency waits a minute at most."""

FORGET_US = 3_600_000_000
"""So long after the last failure it is forgotten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failures:
    """How often it failed of late, and when last."""

    count: int
    at_us: int

    def after(self, now_us: int) -> "Failures":
        """With one more at `now_us`."""
        return Failures(count=recent(self, now_us) + 1, at_us=max(now_us, self.at_us))


NONE = Failures(count=0, at_us=0)


def recent(failures: Failures, now_us: int) -> int:
    return failures.count if now_us - failures.at_us < FORGET_US else 0


def wait_us(of: Of, failures: Failures, now_us: int) -> int:
    """How long from now the next attempt has to wait; 0: it may be made."""
    beyond = recent(failures, now_us) - FREE[of]
    if beyond < 0:
        return 0
    delay_us = min(LONGEST_S, 1 << min(beyond, 10)) * 1_000_000
    return min(max(0, failures.at_us + delay_us - now_us), delay_us)


def forgiven(of: Of, failures: Failures) -> Failures:
    """After an attempt that was right and had been counted as failed."""
    return replace(failures, count=0 if of == "account" else max(0, failures.count - 1))


def key(of: Of, name: str) -> str:
    """What failures are kept under. Hashed: people type passwords into the field of the account."""
    return sha256(f"{of}:{name}".encode("utf-8", "replace")).hexdigest()
