"""What a bed's metrics tell of the updater, so that an alarm can be raised where it cannot."""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

STATE = Path("/var/lib/vitalsd-update/state.json")

Series = Mapping[tuple[str, ...], float]


def waiting_s(now_us: int, file: Path = STATE) -> Series:
    """For how long an update that is due has been waiting, 0 where there is none; nothing without an updater."""
    try:
        waiting = json.loads(file.read_text(encoding="utf-8"))["waiting"]
        return {(): now_us / 1e6 - datetime.fromisoformat(waiting["since"]).timestamp() if waiting else 0.0}
    except (OSError, ValueError, TypeError, KeyError):
        return {}


def returned(file: Path = STATE) -> Series:
    """1 while the newest package is refused, because it was tried and returned."""
    try:
        return {(): float(bool(json.loads(file.read_text(encoding="utf-8"))["refused"]))}
    except (OSError, ValueError, TypeError, KeyError):
        return {}
