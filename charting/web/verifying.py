"""The check of the whole audit trail: one at a time, in a thread of its own that leaves the others their turn."""

import time
from collections.abc import Callable, Sequence
from threading import Lock, Thread

from pydantic import BaseModel, Field

from collector.errors import VitalsdError

Verify = Callable[[Callable[[int], None]], Sequence[str]]
"""Looks at all that is stored and returns what is wrong, a line each, in English. Calls back, again and again, with how
many entries it has looked at. Raises VitalsdError.
"""

WAIT_S = 2.0
"""An asker waits so long for the end; then he is told how far it is."""

TOLD = 100
_REST_S = 0.005
"""The check rests so long at each step: whoever charts meanwhile does not wait for it."""


class Verification(BaseModel):
    """Whether the trail stands as it was written. While `running` only how far it has come is known."""

    running: bool
    whole: bool | None = Field(description="null: not known yet")
    entries: int = Field(description="How many entries have been looked at")
    of: int = Field(description="How many there were when it began")
    breaks: list[str] = Field(description=f"What is wrong, in English, at most {TOLD} lines")


class Verifying:
    """Any thread may ask."""

    def __init__(self, verify: Verify, last: Callable[[], int], stopped: Callable[[], bool]) -> None:
        """`last`: seq of the last entry; `stopped`: the service ends, and the check with it."""
        self._verify = verify
        self._last = last
        self._stopped = stopped
        self._lock = Lock()
        self._check: _Check | None = None

    def ask(self, *, anew: bool, wait_s: float = WAIT_S) -> Verification:
        """How the check stands. anew: one begins, unless one is running. Raises VitalsdError where it cannot go on."""
        with self._lock:
            if self._check is None or (anew and not self._check.is_alive()):
                self._check = _Check(self._verify, self._last(), self._stopped)
                self._check.start()
            check = self._check
        check.join(wait_s)
        return check.state()


class _Ended(Exception):  # noqa: N818  no error
    """The service ends."""


class _Check(Thread):
    def __init__(self, verify: Verify, of: int, stopped: Callable[[], bool]) -> None:
        super().__init__(name="verification", daemon=True)
        self._verify = verify
        self._of = of
        self._stopped = stopped
        self._entries = 0
        self._found: Sequence[str] | None = None
        self._error: VitalsdError | None = None

    def run(self) -> None:
        try:
            self._found = self._verify(self._go_on)
        except VitalsdError as error:
            self._error = error
        except _Ended:
            pass

    def state(self) -> Verification:
        if self._error is not None:
            raise self._error
        found = self._found
        return Verification(
            running=self.is_alive(),
            whole=None if found is None else not found,
            entries=self._entries,
            of=max(self._of, self._entries),
            breaks=list(found or ())[:TOLD],
        )

    def _go_on(self, entries: int) -> None:
        if self._stopped():
            raise _Ended
        self._entries = entries
        time.sleep(_REST_S)
