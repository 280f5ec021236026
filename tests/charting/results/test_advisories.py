"""Our own advisories as PCD-04 of type SA: start and end of one life, with text and rule."""

import pytest

from charting.trail.contents import Patient
from charting.trail.entries import Advised
from collector.hl7.mllp import frame
from collector.model import AlarmCondition, AlarmPhase, Priority
from drivers.hl7_pcd01.options import Options
from drivers.hl7_pcd01.session import Pcd01Session
from tests.charting.clock import Clock
from tests.charting.desk.scenes import ANN
from tests.charting.results.hospital import Hospital
from tests.journal.entries import T0_US
from tests.oracles.hl7 import parsed

SAID = {"since": "入室", "min": "31"}


@pytest.mark.parametrize("charset", ["UNICODE UTF-8", "GB18030"])
def test_an_advisory_begins_and_ends_as_one_life(clock: Clock, charset: str) -> None:
    here = Hospital(clock, charset=charset)
    case = here.desk.open(ANN, bed="OR-1", area="or", patient=Patient(number="10023456", name="王小明"))
    telling = here.telling("advisories")
    here.look(telling)
    here.desk.advise(case.id, [Advised(rule="TMP-NOSITE", phase="start", at_us=T0_US, said=SAID)])
    clock.go(60)
    here.desk.advise(case.id, [Advised(rule="TMP-NOSITE", phase="end", at_us=clock.at_us, said={"why": "over"})])
    here.look(telling)
    start, end = here.sent(case.id)
    text = "入室后 31 分钟仍无有效的核心体温：考虑放置体温探头，或标明现有探头的部位"
    id_ = f"{case.id}/advisory:TMP-NOSITE/2026-01-01T00:00:00.000000Z"
    for sent, phase in ((start, "start"), (end, "end")):
        read = parsed(sent.body)
        assert (read.type, read.text("OBX", 5), read.text("OBX", 5, which=3)) == ("ORU^R40^ORU_R40", text, phase)
        assert (read.text("OBX", 5, which=2), read.text("OBX", 5, which=7)) == ("TMP-NOSITE", "SA")
        assert read.text("PID", 3) == "10023456"
    assert (start.lane, start.lane == end.lane) == (f"advisory/{case.id}/TMP-NOSITE", True)
    assert (start.until_us, end.until_us) == (T0_US + 600_000_000, None)
    session = Pcd01Session(Options())
    heard = [e for each in (start, end) for e in session.receive(frame(each.body), 0.0)]
    assert [(e.source, e.phase, e.text, e.priority) for e in heard if isinstance(e, AlarmCondition)] == [
        (id_, AlarmPhase.START, text, Priority.INFORMATION),
        (id_, AlarmPhase.END, text, Priority.INFORMATION),
    ]
