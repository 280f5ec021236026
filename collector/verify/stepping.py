"""A bed's daemon under a clock that can be set: python -m collector.verify.stepping FILE.

SIGUSR1 sets it an hour forward, SIGUSR2 an hour back; the machine's own clock is never touched.
"""

import signal
import sys
import time

HOUR_NS = 3_600_000_000_000


class SettableClock:
    """What `time.time_ns` is in this process, before anybody takes it."""

    def __init__(self) -> None:
        self._real_ns = time.time_ns
        self._set_ns = 0
        signal.signal(signal.SIGUSR1, lambda *_: self._move(HOUR_NS))
        signal.signal(signal.SIGUSR2, lambda *_: self._move(-HOUR_NS))

    def __call__(self) -> int:
        return self._real_ns() + self._set_ns

    def _move(self, by_ns: int) -> None:
        self._set_ns += by_ns


if __name__ == "__main__":
    time.time_ns = SettableClock()
    from collector.cli import main

    sys.argv[1:] = ["bed", *sys.argv[1:]]
    main()
