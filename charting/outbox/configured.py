"""The destinations of the configuration."""

from collections.abc import Mapping, Sequence

from charting.outbox.config import Destination
from charting.outbox.wire import Address, Places
from collector.credentials import credential
from collector.hl7.message import CHARSETS


def configured(destinations: Sequence[Destination]) -> Places:
    return {each.name: _address(each) for each in destinations}.get


def _address(to: Destination) -> Address:
    def authorize(_: str) -> Mapping[str, str]:
        secret = credential(f"destination-{to.name}")
        return {} if secret is None else {"authorization": secret}

    return Address(url=to.url, ca=to.ca, answer_s=to.answer_s, charset=CHARSETS[to.charset], authorize=authorize)
