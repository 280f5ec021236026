"""Parcels over MLLP: one connection that is kept, one message under way (fact sheet hl7-adt-billing §6)."""

import asyncio
import os
import ssl
from collections.abc import Callable
from typing import cast
from urllib.parse import urlsplit

from charting.outbox.answers import judged
from charting.outbox.parcel import Parcel
from charting.outbox.wire import LARGEST_ANSWER, Address, Answered, Away, Outcome, Refused, Unanswered
from collector.broker import trust
from collector.hl7.mllp import Block, Framer, frame


class MllpWire:
    """`ignored` is called for each answer that is none to what is under way, and for what is no message."""

    def __init__(self, address: Address, ignored: Callable[[], None]) -> None:
        self._address = address
        self._ignored = ignored
        self._line: _Line | None = None

    async def send(self, parcel: Parcel) -> Outcome:
        try:
            line = await self._connected()
        except TimeoutError:
            return Away(reason=f"no connection within {self._address.answer_s:g} s")
        except (OSError, ValueError) as error:
            return Away(reason=_why(error))
        done = False
        try:
            async with asyncio.timeout(self._address.answer_s):
                outcome = await line.ask(parcel, self._address.charset)
            done = True
        except TimeoutError:
            return Unanswered(reason=f"no answer within {self._address.answer_s:g} s")
        except OSError as error:
            return Unanswered(reason=_why(error))
        finally:
            if not done:  # an answer that still comes would come to another message
                await self.close()
        return outcome

    async def close(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            await line.close()

    async def _connected(self) -> "_Line":
        if self._line is None or self._line.is_lost:
            url = urlsplit(self._address.url)
            if url.hostname is None or url.port is None:
                raise ValueError("expected a host and a port")
            context = await asyncio.to_thread(trust, self._address.ca) if url.scheme == "mllps" else None
            async with asyncio.timeout(self._address.answer_s):
                _, protocol = await asyncio.get_running_loop().create_connection(
                    lambda: _Line(self._ignored), url.hostname, url.port, ssl=context
                )
            self._line = protocol
        return self._line


class _Line(asyncio.Protocol):
    """A connection. What comes while nothing is under way is no answer to what will be."""

    def __init__(self, ignored: Callable[[], None]) -> None:
        self._ignored = ignored
        self._framer = Framer(limit_bytes=LARGEST_ANSWER)
        self._transport: asyncio.Transport | None = None
        self._asked: tuple[Parcel, str, asyncio.Future[Answered | Refused]] | None = None
        self._lost = asyncio.Event()

    @property
    def is_lost(self) -> bool:
        return self._lost.is_set()

    async def ask(self, parcel: Parcel, charset: str) -> Answered | Refused:
        """Raises OSError where the connection ends before an answer."""
        answer: asyncio.Future[Answered | Refused] = asyncio.get_running_loop().create_future()
        self._asked = parcel, charset, answer
        assert self._transport is not None
        self._transport.write(frame(parcel.body))
        try:
            return await answer
        finally:
            self._asked = None

    async def close(self) -> None:
        assert self._transport is not None
        self._transport.abort()
        await self._lost.wait()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        for item in self._framer.feed(data):
            if not isinstance(item, Block) or not self._is_answer(item.message):
                self._ignored()

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost.set()
        if self._asked is not None and not self._asked[2].done():
            lost = exc if isinstance(exc, OSError) else ConnectionResetError("the connection was closed")
            self._asked[2].set_exception(lost)

    def _is_answer(self, message: bytes) -> bool:
        if self._asked is None or self._asked[2].done():
            return False
        parcel, charset, answer = self._asked
        outcome = judged(message, parcel.control or parcel.key, parcel.body, charset)
        if outcome is not None:
            answer.set_result(outcome)
        return outcome is not None


def _why(error: Exception) -> str:
    """In few words, without addresses: the destination's name stands beside it."""
    if isinstance(error, ssl.SSLError):
        return f"TLS: {getattr(error, 'verify_message', '') or error.reason}"
    if isinstance(error, OSError) and error.errno is not None and error.errno > 0:
        return os.strerror(error.errno)
    return str(getattr(error, "strerror", None) or error)
