"""From the wire to the case, and what a configuration may say."""

import asyncio
from pathlib import Path

import hl7
import pytest
from hl7.mllp import open_hl7_connection

from charting.config import load
from charting.inbox.config import InboxSection
from charting.inbox.incoming import Incoming
from charting.inbox.messages import MemoryMessages
from charting.outbox.following import MemoryCursors
from collector.errors import UsageError
from tests.charting.inbox.messages import AREAS, Site, sequence

SECTION = {
    "place": [{"told": "OR^OR3", "bed": "OR-03"}, {"told": "OR^OR5", "bed": "OR-05"}],
    "roles": {"SURGEON": "surgeon"},
    "listener": [{"name": "his", "listen": "127.0.0.1:0"}],
}

TWICE = """
[[inbox.listener]]
name = "a"
listen = "127.0.0.1:1"
[[inbox.view]]
name = "a"
dsn = "host=x"
query = "select 1"
template = "view"
"""


async def test_from_the_wire_to_the_case() -> None:
    site = Site()
    messages, stop = MemoryMessages(site.clock.now_us), asyncio.Event()
    incoming = Incoming(InboxSection.model_validate(SECTION), messages, MemoryCursors(), site.desk, AREAS)
    tasks = [asyncio.create_task(life) for life in incoming.lives(stop)]
    (listener,) = incoming.listeners
    while listener.address[1] == 0:
        await asyncio.sleep(0)
    reader, writer = await open_hl7_connection(*listener.address, encoding="utf-8")
    for message in sequence("case_day")[:6]:
        writer.writemessage(hl7.parse(message.decode()))
        await writer.drain()
        answer = await reader.readmessage()
        assert str(answer.segment("MSA")[1]) == "CA"
    stop.set()
    writer.close()
    await writer.wait_closed()
    await asyncio.gather(*tasks)
    while incoming.inbox.look():
        pass
    assert [(case.bed, case.patient.number) for case in site.cases] == [("OR-05", "P0000123")]


@pytest.mark.parametrize(
    ("inbox", "wrong"),
    [
        ('[[inbox.place]]\ntold = "OR^OR3"\nbed = "OR-99"', "there is no bed 'OR-99'"),
        ('[inbox]\nroles = { SURGEON = "butcher" }', "expected a role"),
        ('[[inbox.place]]\ntold = "^^"\nbed = "OR-03"', "inbox.place"),
        (TWICE, "two sources are called"),
    ],
)  # fmt: skip
def test_a_mistake_is_named(tmp_path: Path, inbox: str, wrong: str) -> None:
    file = tmp_path / "charting.toml"
    head = f'[charting]\nlisten = "127.0.0.1:0"\ndatabase = "sqlite:///{tmp_path}/c.db"\nsite = "S"\n'
    bed = f'[[charting.beds]]\nid = "OR-03"\njournal = "{tmp_path}/j.db"\n'
    file.write_text(f"{head}{bed}{inbox}\n", encoding="utf-8")
    with pytest.raises(UsageError) as error:
        load(file)
    assert wrong in "\n".join(error.value.reasons)
