"""A running service with a database: what is done at the desk waits for its destination, the PDF as it is printed."""

import asyncio
from base64 import b64decode
from io import BytesIO
from pathlib import Path

from pypdf import PdfReader

from charting.outbox.parcel import Parcel
from charting.service import Service
from charting.trail.contents import Patient
from charting.trail.entries import Filled
from tests.charting.desk.scenes import ANN, RECORD
from tests.charting.results.test_vitals import cell
from tests.charting.service.test_service import configured, running
from tests.journal.entries import T0_US
from tests.mqtt.broker import until
from tests.oracles.hl7 import parsed

MORE = """
[results]
authority = "HOSP"
interval_s = 1

[[inbox.place]]
told = "OR^OR1^1"
bed = "OR-1"

[[destination]]
name = "emr"
url = "mllp://127.0.0.1:9"
takes = ["vitals", "alarms", "documents", "codes"]
charset = "GB 18030-2000"
"""


def _worked(service: Service) -> str:
    case = service.desk.open(
        ANN, bed="OR-1", area="or", patient=Patient(number="10023456", name="乗小明"), emergency=True, at_us=T0_US
    )
    service.desk.start(ANN, case.id, template="anaesthesia_record", document=RECORD, start_us=T0_US)
    filled = Filled(document=RECORD, since_us=T0_US, until_us=T0_US, cells=(cell(0, 72.0),), gaps=(), excursions=())
    service.desk.fill(case.id, filled)
    service.desk.sign(ANN, case.id, document=RECORD, slot="anaesthetist")
    return case.id


def _sent(service: Service, case: str) -> list[Parcel]:
    """But for advisories, which come when the watch looks."""
    return [each.parcel for each in service.exchange.outbox.of_case(case) if each.parcel.kind != "ORU^R40"]


def _is_up_to_date(service: Service) -> bool:
    last, seq = service.trail.last(), service.exchange.cursors.seq
    return all(seq(f"results.{what}.emr") == last for what in ("vitals", "documents", "codes"))


async def test_what_is_signed_waits_for_its_destination_as_it_is_printed(tmp_path: Path) -> None:
    async with running(configured(tmp_path, more=MORE)) as (service, _, _):
        await until(lambda: _is_up_to_date(service), "told from now on")
        case = await asyncio.to_thread(_worked, service)
        await until(lambda: len(_sent(service, case)) == 4, "all is told")
        sent = _sent(service, case)
    kinds = {each.kind: parsed(each.body) for each in sent}
    assert sorted(each.kind for each in sent) == ["ADT^A08", "MDM^T02", "ORU^R01", "ORU^R01"]
    document = kinds["MDM^T02"]
    assert (document.charset, document.text("PID", 5), document.field("PV1", 3)) == (
        "GB 18030-2000",
        "乗小明",
        "OR^OR1^1",
    )
    paper = PdfReader(BytesIO(b64decode(document.text("OBX", 5, 5))))
    assert "麻醉记录单" in str(paper.metadata.title if paper.metadata else "")
    assert len(paper.pages) >= 1
