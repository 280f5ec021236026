"""A courier that is killed at every step: run by test_killed.py as a program, one fork for each life.

killed.py FILE PORT: parcels of step s are "s1", "s2", "s3"; the life of a step dies at its second parcel, and the next
one goes on until all is answered and told.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from charting.outbox import courier as courier_module
from charting.outbox import mllp
from charting.outbox.courier import Courier
from charting.outbox.parcel import Parcel, Sent
from charting.outbox.wire import Address, Answered, Refused
from charting.store.migrate import open_database
from charting.store.outbox import DatabaseOutbox
from collector.clock import MachineClock
from tests.charting.outbox.receivers import dft

STEPS = ("put", "begun", "sent", "answered", "kept", "used", "told")
LINE = mllp._Line


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Deadly(DatabaseOutbox):
    """`dies`: at which step of the second parcel."""

    dies = ""

    def reached(self, step: str, key: str) -> None:
        if step == self.dies and key.endswith("2"):
            die()

    def begin(self, key: str) -> Sent | None:
        begun = super().begin(key)
        self.reached("begun", key)
        return begun

    def answer(self, key: str, answer: bytes, *, told: bool) -> None:
        self.reached("answered", key)
        super().answer(key, answer, told=told)
        self.reached("kept", key)

    def tell(self, key: str) -> None:
        self.reached("used", key)
        super().tell(key)
        self.reached("told", key)


def line_that_dies(reached: Callable[[str, str], None]) -> type[mllp._Line]:
    class Line(LINE):
        async def ask(self, parcel: Parcel, charset: str) -> Answered | Refused:
            asking = asyncio.ensure_future(super().ask(parcel, charset))
            await asyncio.sleep(0)
            reached("sent", parcel.key)
            return await asking

    return Line


async def live(file: str, port: int, step: str, dies: str) -> None:
    used = Path(file).with_suffix(".used")
    database = open_database(f"sqlite:///{file}")
    post = Deadly(database, MachineClock().utc_us)
    post.dies = dies
    mllp._Line = line_that_dies(post.reached)  # type: ignore[misc]
    courier_module.LOOK_S = 0.01

    def use(sent: Sent) -> None:
        with used.open("a") as out:
            out.write(f"{sent.parcel.key} {b'MSA|AA|' in sent.answer}\n")

    keys = [f"{step}{n}" for n in (1, 2, 3)]
    post.put([Parcel(key=k, to="his", kind="DFT^P03", body=dft(k), control=k, lane=step) for k in keys])
    post.reached("put", "2")
    stop, places = asyncio.Event(), {"his": Address(url=f"mllp://127.0.0.1:{port}", answer_s=600.0)}
    running = asyncio.create_task(
        Courier(post, [places.get], MachineClock().utc_us, on_answer={"DFT^P03": use}).run(stop)
    )
    while post.queues() or post.untold(1):
        await asyncio.sleep(0.005)
    stop.set()
    await running
    database.close()


def main(file: str, port: int) -> None:
    for step in STEPS:
        for dies in (step, ""):
            child = os.fork()
            if child == 0:
                asyncio.run(live(file, port, step, dies))
                os._exit(0)
            ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            print(step, ended, flush=True)  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
