"""Runs `vitalsd` as a person does: a process of its own."""

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

VITALSD = str(Path(sys.executable).with_name("vitalsd"))
TURN_S = 0.01


def run(*arguments: str | Path, timeout_s: float = 120) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [VITALSD, *map(str, arguments)], capture_output=True, text=True, timeout=timeout_s, check=False
    )


def start(*arguments: str | Path) -> subprocess.Popen[str]:
    return subprocess.Popen([VITALSD, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def ends(process: subprocess.Popen[str], within_s: float) -> bool:
    """Whether it ends within so much time as this process gets: while the machine stands still, none goes by."""
    for _ in range(round(within_s / TURN_S)):
        if process.poll() is not None:
            return True
        time.sleep(TURN_S)
    return False


def decoded(driver: str, file: Path) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """What `vitalsd decode` prints: its lines and its summary."""
    done = run("decode", driver, file)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()], json.loads(done.stderr.splitlines()[-1])


def stored_form(lines: Sequence[dict[str, Any]]) -> Counter[tuple[Any, ...]]:
    """The observations of decode's lines that the store must hold, as rows of the view `vitals`."""
    return Counter(
        (
            line["code"],
            line["source"],
            line["role"],
            float(line["value"]) if isinstance(line["value"], int | float) else None,
            line["value"] if isinstance(line["value"], str) else None,
            line["unit"],
            line["quality"],
            line["demo"],
        )
        for line in lines
        if line["kind"] == "observation" and not line["repeat"]
    )
