"""SIGKILL at every step between a parcel and the use of its answer: nothing is lost, nothing is sent twice as new."""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from charting.outbox.parcel import State
from charting.store.migrate import open_database
from charting.store.outbox import DatabaseOutbox
from tests.charting.outbox.killed import STEPS
from tests.charting.outbox.receivers import Mllp, dft, served

TWICE = {"sent2", "answered2"}
"""The receiver had them, and nobody here knew."""
MAYBE = {"used3", "told3"}
"""May have been under way while the answer before was being used."""


async def test_a_courier_may_be_killed_at_any_moment(tmp_path: Path) -> None:
    file, receiver = tmp_path / "charting.db", Mllp()
    open_database(f"sqlite:///{file}", make=True).close()
    async with served(receiver) as port:
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.charting.outbox.killed", file, str(port), stdout=asyncio.subprocess.PIPE
        )
        told, _ = await child.communicate()
    assert told.decode().split() == [word for step in STEPS for word in (step, "-9", step, "0")]

    new = list[str]()  # as a receiver takes them that knows what it has had
    for id_ in receiver.ids:
        if id_ not in new:
            new.append(id_)
    assert new == [f"{step}{n}" for step in STEPS for n in (1, 2, 3)]
    assert set(receiver.got) == {dft(id_) for id_ in new}
    twice = {id_ for id_ in new if receiver.ids.count(id_) > 1}
    assert twice - MAYBE == TWICE

    database = open_database(f"sqlite:///{file}")
    states = DatabaseOutbox(database, lambda: 0).states()
    database.close()
    assert states == {("his", State.ANSWERED): len(new)}
    used: Sequence[str] = file.with_suffix(".used").read_text().splitlines()
    assert set(used) == {f"{id_} True" for id_ in new}
    assert used.count("used2 True") == 2
