"""Runs a sequence of messages in processes that are killed after each few steps: each is a commit.

killed.py DSN SEQUENCE STEPS prints how often a process was killed, once the whole sequence is done. A message whose
answer was lost with the process that had taken it is sent again.
"""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from charting.store.database import Database
from charting.store.inbox import DatabaseMessages
from charting.store.trail import DatabaseTrail
from tests.charting.clock import Clock
from tests.charting.inbox.messages import AFTER_US, Site, sequence


class Dying(Database):
    """Its process ends in the moment after so many commits."""

    steps = 0

    @contextmanager
    def write(self) -> Iterator[Connection]:
        with super().write() as connection:
            yield connection
        self.steps -= 1
        if self.steps == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def life(dsn: str, name: str, sent: int, steps: int, answers: int) -> None:
    """Tell what is not answered yet; each answer goes into the pipe."""
    database = Dying(dsn)
    database.steps = steps
    clock = Clock(AFTER_US)
    site = Site.of(
        name,
        trail=DatabaseTrail(database, clock.now_us),
        messages=DatabaseMessages(database, clock.now_us),
        clock=clock,
    )
    site.look()
    for message in sequence(name)[sent:]:
        assert site.door.take(message)
        os.write(answers, b".")
        site.look()
    os._exit(0)


def main(dsn: str, name: str, steps: int) -> None:
    killed = sent = 0
    Site.of(name).tell(*sequence(name))  # all is loaded once, before processes part
    while True:
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(read)
            life(dsn, name, sent, steps, write)
        os.close(write)
        while told := os.read(read, 100):
            sent += len(told)
        os.close(read)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            assert os.waitstatus_to_exitcode(status) == 0, status
            break
        assert os.WTERMSIG(status) == signal.SIGKILL
        killed += 1
    sys.stdout.write(f"{killed}\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
