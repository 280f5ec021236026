"""Parcels over HTTP: a POST each. The only file that imports httpx."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from charting.outbox.answers import judged
from charting.outbox.parcel import Parcel
from charting.outbox.wire import LARGEST_ANSWER, Address, Answered, Away, Outcome, Refused, Unanswered
from collector.broker import trust
from collector.errors import VitalsdError

LONGEST_WAIT_S = 3600.0
"""Who asks by Retry-After for more time gets this much."""

_AGAIN = frozenset({408, 425, 429})
_NOT_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class HttpWire:
    """A parcel's key is its Idempotency-Key: who gets it twice need not act twice. Redirects are not followed.

    Where an HL7 message is answered with one, that counts and not the status.
    """

    def __init__(self, address: Address) -> None:
        self._address = address
        self._client: httpx.AsyncClient | None = None

    async def send(self, parcel: Parcel) -> Outcome:
        headers = {"content-type": parcel.content_type, "idempotency-key": _printable(parcel.key)}
        return await self._ask("POST", parcel.path, headers, parcel)

    async def get(self, path: str) -> Outcome:
        """What is there: the answer of who has it."""
        return await self._ask("GET", path, {}, None)

    async def _ask(self, method: str, path: str, headers: Mapping[str, str], parcel: Parcel | None) -> Outcome:
        url = f"{self._address.url}{path}"
        try:
            more = await asyncio.to_thread(self._address.authorize, url)
            client = await self._connecting()
        except (VitalsdError, ValueError) as error:
            return Away(reason=str(error))
        sent = {**more, **headers, "accept-encoding": "identity"}
        content = parcel.body if parcel else None
        try:
            async with (
                asyncio.timeout(self._address.answer_s),
                client.stream(method, url, content=content, headers=sent) as response,
            ):
                body = await _body(response)
                said = _acknowledged(parcel, body, self._address.charset) if parcel else None
                return said or _outcome(response.status_code, response.headers, body)
        except TimeoutError:
            return Unanswered(reason=f"no answer within {self._address.answer_s:g} s")
        except _NOT_LEFT as error:
            return Away(reason=str(error) or type(error).__name__)
        except httpx.HTTPError as error:
            return Unanswered(reason=type(error).__name__)
        except (httpx.InvalidURL, ValueError) as error:
            return Refused(reason=f"cannot be sent: {type(error).__name__}", answer=b"")

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def _connecting(self) -> httpx.AsyncClient:
        """Raises ValueError for authorities that cannot be read."""
        if self._client is None:
            context = await asyncio.to_thread(trust, self._address.ca)
            self._client = httpx.AsyncClient(verify=context, timeout=None, follow_redirects=False, trust_env=False)  # noqa: S113  asyncio.timeout above is for all of it
        return self._client


def _acknowledged(parcel: Parcel, body: bytes, charset: str) -> Outcome | None:
    """None: there is no HL7 in the answer, or none was sent."""
    if "hl7" not in parcel.content_type or b"MSH" not in body[:8]:
        return None
    said = judged(body.lstrip(b"\x0b"), parcel.control or parcel.key, parcel.body, charset)
    return said or Unanswered(reason="the answer is none to this message")


def _outcome(status: int, headers: Mapping[str, str], body: bytes) -> Outcome:
    if 200 <= status < 300:
        return Answered(answer=body)
    if status in _AGAIN or status >= 500:
        return Unanswered(reason=f"HTTP {status}", after_s=_asked_s(headers.get("retry-after", "")))
    return Refused(reason=f"HTTP {status}", answer=body)


async def _body(response: httpx.Response) -> bytes:
    """As it came, and not more than is kept."""
    body = bytearray()
    async for part in response.aiter_raw():
        body += part
        if len(body) >= LARGEST_ANSWER:
            break
    return bytes(body[:LARGEST_ANSWER])


def _asked_s(retry_after: str) -> float:
    """Seconds, or a date (RFC 9110 §10.2.3); 0 for what is neither."""
    if retry_after.isascii() and retry_after.isdecimal():
        return min(float(retry_after), LONGEST_WAIT_S)
    try:
        at = parsedate_to_datetime(retry_after).astimezone(UTC)
    except (ValueError, OverflowError):
        return 0.0
    wait_s = (at - datetime.now(UTC)).total_seconds()
    return min(max(wait_s, 0.0), LONGEST_WAIT_S)


def _printable(key: str) -> str:
    """A key as a header can have it."""
    return key if key.isascii() and key.isprintable() else key.encode().hex()
