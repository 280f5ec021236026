"""What is published over MQTT: a message of each kind, made by the code that makes the real ones."""

import json
from collections.abc import Iterable

from alarms.advisories import rules
from alarms.pcd04 import Reporter
from charting.trail.trail import CaseRow
from charting.watch import messages as of_charting
from charting.watch.advice import Standing
from charting.watch.state import BedAlarms, Board
from collector import __version__
from collector import mqtt_messages as of_bed
from collector.model import (
    AlarmCondition,
    AlarmPhase,
    AlarmType,
    Channel,
    Condition,
    Priority,
    Quality,
    Reading,
    Series,
)
from collector.mqtt_messages import Message
from collector.status import DeviceState, DeviceStatus
from tools.manuals.words import Words

_PREFIX, _BED, _DEVICE = "vitalsd", "OR-03", "monitor"
_AT_US = 1_795_579_200_000_000


def bed(words: Words) -> str:
    status = DeviceStatus(
        device=_DEVICE, driver="ge-datex-dri", port="serial:///dev/vitalsd/monitor", state=DeviceState.RECEIVING,
        since_us=_AT_US, last_frame_us=_AT_US, manufacturer="GE", model="B650",
    )  # fmt: skip
    series = Series(bed=_BED, device=_DEVICE, channel=Channel(code="MDC_ECG_HEART_RATE", source="basic.ecg.hr",
                                                              unit="/min"))  # fmt: skip
    reading = Reading(series=series, time_us=_AT_US, value=72.0, text=None, quality=Quality.VALID, demo=False)
    alarm = AlarmCondition(
        source="hr-high", type=AlarmType.PHYSIOLOGICAL, priority=Priority.HIGH, phase=AlarmPhase.START,
        code="MDC_EVT_HI", text="*** HR 148 > 120",
    )  # fmt: skip
    condition = Condition(bed=_BED, device=_DEVICE, time_us=_AT_US, alarm=alarm)
    report = Reporter(_BED).tell(condition).as_json()
    told = [
        ("mqtt.status", of_bed.online(_PREFIX, _BED, __version__, _AT_US)),
        ("mqtt.device", of_bed.of_device(_PREFIX, _BED, status)),
        ("mqtt.reading", of_bed.of_reading(_PREFIX, reading, _AT_US)),
        ("mqtt.condition", of_bed.of_condition(_PREFIX, condition, report)),
    ]
    return _shown(words, ((key, message) for key, message in told if message is not None))


def charting(words: Words) -> str:
    rule = next(iter(rules()))
    row = CaseRow(case="c1", state="open", bed=_BED, area="or", opened_us=_AT_US, closed_us=None, number="", name="",
                  temporary="", procedure="", is_test=False, held=False, last=0)  # fmt: skip
    board = Board(at_us=_AT_US, rows=[row], beds={_BED: BedAlarms(bed=_BED, at_us=_AT_US, devices={_DEVICE: True},
                                                                  doubt=None)})  # fmt: skip
    advised = Standing(case="c1", rule=rule, level=rules()[rule].level, since_us=_AT_US, said={})
    messages = list(of_charting.of_board(_PREFIX, board, lambda _: [advised]))
    told = [
        ("mqtt.department", of_charting.online(_PREFIX, __version__, _AT_US)),
        ("mqtt.board", messages[0]),
        ("mqtt.advisory", next(each for each in messages[1:] if each.payload)),
    ]
    return _shown(words, told)


def _shown(words: Words, told: Iterable[tuple[str, Message]]) -> str:
    return "\n".join(
        f"`{message.topic}`\n\n{words(key)}\n\n```json\n{_indented(message.payload)}\n```\n" for key, message in told
    )


def _indented(payload: str) -> str:
    """With the version of no release: this page does not change with each."""
    body = json.loads(payload)
    if "version" in body:
        body["version"] = "…"
    return json.dumps(body, ensure_ascii=False, indent=2)
