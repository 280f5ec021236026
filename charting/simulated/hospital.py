"""The demo's hospital: an information system and a decision support service around two beds."""

import asyncio
import socket
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from decimal import Decimal

from charting.simulated.cdss import Cdss
from charting.simulated.his import Answer, SimulatedHis, charged, kinds
from charting.simulated.patients import Writer
from charting.simulated.story import morning
from collector.config import inline
from collector.transport.net import free_port

CHECK_IN_S = 45.0
"""So long after the beginning a patient is brought to the free bed."""
_ROLES = {"主刀医师": "surgeon", "麻醉医师": "anaesthetist"}
_ROOM, _OTHER = "OR^DEMO^1", "OR^DEMO^2"


class SimulatedHospital:
    """`bed`: where a case is on, and for which operations are booked; `other`: where a patient is brought."""

    def __init__(self, bed: str, other: str, now_us: Callable[[], int]) -> None:
        self._beds = {_ROOM: bed, _OTHER: other}
        self._now_us = now_us
        self._his = SimulatedHis(port=free_port(socket.SOCK_STREAM))
        self._ours = free_port(socket.SOCK_STREAM)
        self._cdss = Cdss()
        self._begun = asyncio.Event()

    @property
    def config(self) -> str:
        """Tables of the charting's file that lead to it."""
        places = "".join(
            f"[[inbox.place]]\ntold = {inline(told)}\nbed = {inline(bed)}\n\n" for told, bed in self._beds.items()
        )
        roles = "".join(f"{inline(told)} = {inline(role)}\n" for told, role in _ROLES.items())
        return (
            f'\n[inbox.roles]\n{roles}\n{places}[[inbox.listener]]\nname = "his"\nlisten = "127.0.0.1:{self._ours}"\n\n'
            f'[[destination]]\nname = "his"\nurl = "mllp://127.0.0.1:{self._his.port}"\n'
            f'takes = ["vitals", "alarms", "documents", "codes", "charges"]\ncharset = "GB 18030-2000"\n\n'
            f'[[cds.service]]\nname = "cdss"\nurl = {inline(self._cdss.url)}\n'
        )

    def begin(self) -> None:
        """The department is there: the day begins."""
        self._begun.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`; it takes what it is sent before its day begins, too."""
        with closing(self._cdss):
            telling = asyncio.create_task(self._tell(stop))
            await self._his.listen(stop)
            telling.cancel()
            with suppress(asyncio.CancelledError):
                await telling

    async def _tell(self, stop: asyncio.Event) -> None:
        await self._begun.wait()
        begin_us = self._now_us()
        writer = Writer(prefix=f"D{begin_us // 1_000_000}")
        story = morning(writer, begin_us, room=_ROOM, other=_OTHER, check_in_s=CHECK_IN_S)
        await self._his.tell(story, "127.0.0.1", self._ours, stop)

    @property
    def answers(self) -> Sequence[Answer]:
        """What it was told about its own messages."""
        return self._his.answers

    @property
    def charged(self) -> Mapping[tuple[str, str], Decimal]:
        """What the bills that it was sent come to: patient number and item → quantity."""
        return charged(self._his.taken)

    @property
    def summary(self) -> str:
        """What it was sent, and what the bills come to. Names nobody."""
        sent = ", ".join(f"{kind} {n}" for kind, n in sorted(kinds(self._his.taken).items()))
        items: dict[str, Decimal] = defaultdict(Decimal)
        for (_, item), quantity in self.charged.items():
            items[item] += quantity
        bills = ", ".join(f"{item} × {n}" for item, n in sorted(items.items()))
        return f"The hospital was sent: {sent or 'nothing'}; charged: {bills or 'nothing'}"
