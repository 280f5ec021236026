"""Charges over a real socket, kept in a real database: a HIS that is silent, that refuses, that loses its answer."""

import asyncio
import time
from collections import Counter
from decimal import Decimal
from pathlib import Path

from charting.charges.dft import Biller
from charting.charges.poster import Poster
from charting.outbox.config import Destination
from charting.outbox.configured import configured
from charting.outbox.courier import Courier
from charting.outbox.parcel import State
from charting.store.charges import DatabaseCharges
from charting.store.cursors import DatabaseCursors
from charting.store.migrate import migrate, open_database
from charting.store.outbox import DatabaseOutbox
from collector.hl7.message import parse
from tests.charting.charges.his import His
from tests.charting.charges.scenes import HAL, RECORD, SENDER, Theatre
from tests.charting.clock import Clock
from tests.charting.outbox.receivers import Mllp, ack, served
from tests.mqtt.broker import until


class Now(Clock):
    """The machine's."""

    def __init__(self) -> None:
        self.ahead_us = 0

    @property
    def at_us(self) -> int:  # type: ignore[override]
        return time.time_ns() // 1000

    def now_us(self) -> int:
        return self.at_us


async def test_what_is_charged_is_charged_once_whatever_the_his_answers(tmp_path: Path) -> None:
    dsn = f"sqlite:///{tmp_path / 'charting.db'}"
    migrate(dsn)
    database = open_database(dsn, make=True)
    theatre, his, asked, refused = Theatre(clock=Now()), His(), Counter[str](), set[str]()
    outbox, charges = DatabaseOutbox(database, theatre.clock.now_us), DatabaseCharges(database)

    def judge(body: bytes) -> bytes | None:
        control, n = parse(body).control_id, sum(asked.values())
        asked[control] += 1
        if n == 0:
            return None  # it got it, and died
        if n == 2:
            refused.add(control)
        if control in refused:  # again where the answer came too late
            return ack(body, "AE", text="unknown item")
        his.take(body)
        return ack(body) if n != 3 else ack(body, control="ANOTHER")

    def look() -> None:
        while poster.follower.look():
            pass
        poster.settle()

    def settled() -> bool:
        look()
        return {*charges.counts()} <= {"accepted"}

    async with served(Mllp(judge)) as port:
        to = Destination(name="his", url=f"mllp://127.0.0.1:{port}", takes=("charges",), answer_s=0.2)
        biller = Biller(sender=SENDER, to=to, tariff=theatre.tariff, names={})
        poster = Poster(theatre.trail, charges, outbox, DatabaseCursors(database), theatre.tariff, lambda: biller)
        courier, stop = Courier(outbox, [configured([to])], theatre.clock.now_us, names=["his"]), asyncio.Event()
        look()
        for case in "abc":
            theatre.begun(case, number=f"10{ord(case)}")
            theatre.used(case, "m1", 2)
            theatre.propofol(case, "p1", 250)
            theatre.sign(case)
        look()
        life = asyncio.create_task(courier.run(stop))
        await until(lambda: bool(outbox.lines(state=State.PARKED)), "refused")
        look()
        assert {c.state for case in "abc" for c in charges.of_case(case)} != {"accepted"}
        (parked,) = outbox.lines(state=State.PARKED)
        refused.clear()
        outbox.resend(parked.key, "hal", "mended there")
        courier.hurry("his")
        await until(settled, "accepted")
        theatre.desk.send_back(HAL, "b", document=RECORD, reason="mend")
        theatre.void("b", "m1")
        theatre.sign("b")
        look()
        courier.hurry("his")
        await until(settled, "accepted")
        stop.set()
        await life
    assert his.wrong == []
    both = {"M1": Decimal(2), "X1": Decimal(2)}
    assert his.bill() == {"1097": both, "1098": {"X1": Decimal(2)}, "1099": both}
    assert max(asked.values()) > 1
    assert len(his.seen) == len(asked) == 4
    database.close()
