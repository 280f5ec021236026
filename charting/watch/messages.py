"""What the department publishes over MQTT. Pure.

The contract. Every message is retained, of QoS 1, JSON in UTF-8, and with MQTT 5 of content type application/json:

    PREFIX/department/status              {"state":"online","version":…,"since":…}; at a clean stop, and as the last
                                          will, {"state":"offline"}: what else stands is then old
    PREFIX/BED/board                      what the department knows of a bed's alarms: known (false: something may
                                          stand that nobody knows of), doubt and since when (null: none), devices that
                                          are heard or not, how many are present and unknown by priority, the highest
                                          of both (null: none), how many advisories stand
    PREFIX/BED/advisories/RULE            an advisory of our own for the patient who is there: case, level, phase
                                          (start, end), since when, the numbers that made it so, text in Chinese and
                                          English; phase "end" ends it

PREFIX, the names of beds and times are as in collector/mqtt_messages.py. Information: it replaces no bedside alarm, and
nobody who gets it may silence or acknowledge anything by it. After each connection everything that stands is told
again, and advisories that do not stand are forgotten by the broker (an empty retained message). Nothing is told of who
the patient is.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping

from alarms.board import Presence
from charting.watch.state import BedAlarms, Board
from collector.clock import rfc3339
from collector.model import Priority
from collector.mqtt_messages import LAST_WILL, Message, level

DEPARTMENT = "department"
"""The level that stands for the department in place of a bed's name; no bed may have it."""


def status_topic(prefix: str) -> str:
    return f"{prefix}/{DEPARTMENT}/status"


def online(prefix: str, version: str, since_us: int) -> Message:
    body = {"state": "online", "version": version, "since": rfc3339(since_us)}
    return Message(topic=status_topic(prefix), payload=_json(body))


def offline(prefix: str) -> Message:
    return Message(topic=status_topic(prefix), payload=LAST_WILL)


def of_bed(prefix: str, state: BedAlarms, advisories: int) -> Message:
    by = {presence: Counter[Priority]() for presence in Presence}
    for alarm in state.alarms:
        by[alarm.presence][alarm.alarm.priority] += 1
    standing = [alarm.alarm.priority for alarm in state.alarms]
    body = {
        "bed": state.bed,
        "known": state.known,
        "doubt": state.doubt,
        "doubt_since": None if state.doubt_us is None else rfc3339(state.doubt_us),
        "devices": dict(state.devices),
        **{str(p): {str(q): by[p][q] for q in Priority if by[p][q]} for p in (Presence.PRESENT, Presence.UNKNOWN)},
        "highest": min(standing, key=list(Priority).index, default=None),
        "advisories": advisories,
    }
    return Message(topic=f"{prefix}/{level(state.bed)}/board", payload=_json(body))


def of_board(prefix: str, board: Board) -> Iterator[Message]:
    """All that is to stand at the broker of a department."""
    for state in board.beds.values():
        yield of_bed(prefix, state, 0)


def advisory_topic(prefix: str, bed: str, rule: str) -> str:
    return f"{prefix}/{level(bed)}/advisories/{level(rule)}"


def of_advisory(
    prefix: str, bed: str, *, case: str, rule: str, urgency: str, phase: str, at_us: int, said: Mapping[str, str],
    text: Mapping[str, str],
) -> Message:  # fmt: skip
    """`text`: language → what it says."""
    body = {
        "bed": bed,
        "case": case,
        "rule": rule,
        "level": urgency,
        "phase": phase,
        "time": rfc3339(at_us),
        "said": dict(said),
        "text": dict(text),
    }
    return Message(topic=advisory_topic(prefix, bed, rule), payload=_json(body))


def forgotten(topic: str) -> Message:
    """Let the broker forget what is retained there (MQTT 5 §3.3.1.3)."""
    return Message(topic=topic, payload="")


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


def _json(body: Mapping[str, object]) -> str:
    return _encode(body)
