"""Updaters that are killed: for each line {"steps", "slots", "state", "files", "path"} one that is after so many steps.

A step is whatever changes a file, a link or a unit. Answers how many there were where it had ended before, else -1.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from collector.update import update
from tests.update.gateway import Time, section

STEPS = ("link", "mkdir", "rmdir", "unlink", "rename", "replace", "symlink", "fsync", "sync", "utime", "chmod")
"""Of module os; Path and shutil call them."""


def live(asked: dict[str, Any]) -> int:
    """Steps taken."""
    taken = 0

    def step(what: Callable[..., Any]) -> Callable[..., Any]:
        def take(*arguments: Any, **options: Any) -> Any:
            nonlocal taken
            if taken == asked["steps"]:
                os.kill(os.getpid(), signal.SIGKILL)
            taken += 1
            return what(*arguments, **options)

        return take

    os.environ["PATH"] = asked["path"]
    for name in STEPS:
        setattr(os, name, step(getattr(os, name)))
    subprocess.run = step(subprocess.run)
    vars(update)["time"] = Time()
    update.Updater(section(Path(asked["slots"]), Path(asked["state"])), Path(asked["files"])).run()
    return taken


def main() -> None:
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            os._exit(live(json.loads(line)))
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        print(-1 if status == -signal.SIGKILL else status, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
