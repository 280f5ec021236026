"""What the department publishes over MQTT. Pure.

The contract. Every message is retained, of QoS 1, JSON in UTF-8, and with MQTT 5 of content type application/json:

    PREFIX/department/status              {"state":"online","version":…,"since":…}; at a clean stop, and as the last
                                          will, {"state":"offline"}: what else stands is then old
    PREFIX/BED/board                      what the department knows of a bed's alarms: known (false: something may
                                          stand that nobody knows of), doubt and since when (null: none), devices that
                                          are heard or not, how many are present and unknown by priority, the highest
                                          of both (null: none), how many advisories stand (null: not known)
    PREFIX/BED/advisories/RULE            an advisory of our own that stands for the patient who is there: case, level,
                                          since when, the numbers that made it so, text in Chinese and English; an empty
                                          message: it stands no longer

PREFIX, the names of beds and times are as in collector/mqtt_messages.py. Information: it replaces no bedside alarm, and
nobody who gets it may silence or acknowledge anything by it. After each connection everything that stands is told
again. Nothing is told of who the patient is.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

from alarms.advisories import rules
from alarms.board import Presence
from charting.trail.trail import CaseRow
from charting.watch.advice import Standing, text_of
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


def of_bed(prefix: str, state: BedAlarms, advisories: int | None) -> Message:
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
        "highest": min(standing, key=lambda one: one.rank, default=None),
        "advisories": advisories,
    }
    return Message(topic=f"{prefix}/{level(state.bed)}/board", payload=_json(body))


def of_board(prefix: str, board: Board, standing: Callable[[CaseRow], Sequence[Standing] | None]) -> Iterator[Message]:
    """All that is to be at the broker of a department. `standing`: the advisories of an open case; None: not known.

    What is not known is not taken back: it stays at the broker as it was told.
    """
    for state in board.beds.values():
        told = [standing(row) for row in reversed(board.cases(state.bed))]
        found = {each.rule: each for advisories in told for each in advisories or ()}
        unknown = None in told
        yield of_bed(prefix, state, None if unknown else len(found))
        for rule in rules():
            if unknown and rule not in found:
                continue
            topic = f"{prefix}/{level(state.bed)}/advisories/{level(rule)}"
            body = _advisory(state.bed, found[rule]) if rule in found else ""
            yield Message(topic=topic, payload=body)


def _advisory(bed: str, advisory: Standing) -> str:
    return _json({
        "bed": bed,
        "case": advisory.case,
        "rule": advisory.rule,
        "level": advisory.level,
        "since": rfc3339(advisory.since_us),
        "said": dict(advisory.said),
        "text": {"zh": text_of(advisory.rule, advisory.said, "zh"), "en": text_of(advisory.rule, advisory.said, "en")},
    })  # fmt: skip


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


def _json(body: Mapping[str, object]) -> str:
    return _encode(body)
