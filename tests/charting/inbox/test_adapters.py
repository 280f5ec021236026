"""JSON, SOAP and rows of a view: each reads the same stories, and tells clearly what it cannot read."""

import json
from collections.abc import Sequence
from dataclasses import replace

import pytest

from charting.inbox.document import keepable
from charting.inbox.events import HospitalEvent
from charting.inbox.hl7_events import Hl7Reading
from charting.inbox.http_events import HttpReading
from charting.inbox.template import built_in
from tests.charting.inbox.rendered import as_hl7, as_json, as_soap
from tests.contracts.inbox_adapters import DAY, ROLES, SITE, Adapted, InboxAdapters

JSON, SOAP = (HttpReading(template=built_in(name), zone="Asia/Shanghai", places=SITE) for name in ("json", "soap"))
HL7 = Hl7Reading(zone="Asia/Shanghai", places=SITE, roles=ROLES)


@pytest.mark.parametrize(("charset", "codec"), [("UNICODE UTF-8", "utf-8"), ("GB 18030-2000", "gb18030")])
class TestHl7(InboxAdapters):
    @pytest.fixture
    def adapted(self, charset: str, codec: str) -> Adapted:
        return lambda told: [event for each in told for event in HL7(as_hl7(each, charset=charset, codec=codec)).events]


class TestJson(InboxAdapters):
    @pytest.fixture
    def adapted(self) -> Adapted:
        return lambda told: [event for each in told for event in JSON(as_json(each)).events]


class TestJsonOfAnotherCharset(InboxAdapters):
    """Told beside the message only: what is kept can be read without that."""

    @pytest.fixture
    def adapted(self) -> Adapted:
        def read(told: Sequence[HospitalEvent]) -> Sequence[HospitalEvent]:
            kept = [keepable(as_json(each).decode().encode("gb18030"), "GBK") for each in told]
            return [event for raw in kept for event in JSON(raw).events]

        return read


@pytest.mark.parametrize("version", ["1.1", "1.2"])
@pytest.mark.parametrize("encoding", ["UTF-8", "GB18030"])
class TestSoap(InboxAdapters):
    @pytest.fixture
    def adapted(self, version: str, encoding: str) -> Adapted:
        return lambda told: [
            event for each in told for event in SOAP(as_soap(each, version=version, encoding=encoding)).events
        ]


def test_a_message_of_several_events_tells_them_in_its_order() -> None:
    day = [json.loads(as_json(each)) for each in DAY]
    batch = built_in("json").model_copy(
        update={"message": built_in("json").message.model_copy(update={"each": "/事件组"})}
    )
    read = replace(JSON, template=batch)(json.dumps({"事件组": day}).encode())
    assert list(read.events) == list(DAY)
    assert read.kind == "入院"


def test_what_the_template_leaves_alone_is_told_as_such() -> None:
    read = JSON(as_json(DAY[0]).replace("入院".encode(), "医嘱".encode()))
    assert (read.kind, read.events, read.ignored) == ("医嘱", [], "not_known")
