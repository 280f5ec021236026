"""An updater that is killed at any instant: the gateway works, and the next run brings the update to its end."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from collector.update.state import Result
from collector.update.update import Updater
from tests.update.gateway import BEDS, NEW, OLD, UNITS, Gateway, Health, made

Kill = Callable[[Gateway, int], int]
LEAST, MOST = 25, 100
"""Steps."""
LAST = 13
"""Of an update of two beds, from before the second one is restarted on."""


@pytest.fixture(scope="module")
def kill() -> Iterator[Kill]:
    """Let an updater live for so many steps at most; how many it took, -1: it was killed."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.update.victim"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as victims:
        assert victims.stdin is not None
        assert victims.stdout is not None

        def killed(gateway: Gateway, steps: int) -> int:
            asked = {
                "steps": steps,
                "slots": str(gateway.root),
                "state": str(gateway.section.state),
                "files": str(gateway.files),
                "path": os.environ["PATH"],
            }
            print(json.dumps(asked), file=victims.stdin, flush=True)
            return int(victims.stdout.readline() if victims.stdout else "")

        yield killed


def versions(gateway: Gateway) -> Sequence[str]:
    return [gateway.running(bed) for bed in BEDS]


def works(gateway: Gateway) -> str:
    """The version that starts now."""
    done = subprocess.run([gateway.root / "current/bin/vitalsd"], capture_output=True, text=True, check=True)
    assert done.stdout == f"vitalsd {gateway.version(gateway.current)}\n"
    return gateway.version(gateway.current)


def test_an_update_goes_on(tmp_path: Path, kill: Kill) -> None:
    taken, steps = -1, 0
    while taken < 0:
        (tmp_path / str(steps)).mkdir()
        with made(tmp_path / str(steps)) as gateway:
            gateway.deliver(NEW)
            (gateway.place / f"{UNITS[1]}.state").write_text("inactive\n", encoding="utf-8")
            taken = kill(gateway, steps)
            assert works(gateway) in {OLD, NEW}
            told = Updater(gateway.section, gateway.files).run()
            assert isinstance(told, Result) or taken >= 0 or gateway.running("OR-1") == NEW, steps
            assert (gateway.current, versions(gateway)) == ("b", [NEW, OLD]), steps
            assert Updater(gateway.section, gateway.files).run() is None
            assert sorted(path.name for path in gateway.root.iterdir()) == [
                "a", "b", "current", "package", "package.ready",
            ], steps  # fmt: skip
        steps += 1
    assert LEAST < taken < MOST


def test_a_return_goes_on(tmp_path: Path, kill: Kill) -> None:
    with made(tmp_path) as well:
        well.deliver(NEW)
        steps, taken = kill(well, MOST) - LAST, -1  # until the last bed is judged there is no difference
    while taken < 0:
        (tmp_path / str(steps)).mkdir()
        with made(tmp_path / str(steps)) as gateway:
            gateway.deliver(NEW)
            gateway.of = lambda bed, version: Health(receiving=(bed, version) != ("OR-2", NEW))
            taken = kill(gateway, steps)
            assert works(gateway) in {OLD, NEW}
            told = Updater(gateway.section, gateway.files).run()
            assert isinstance(told, Result), steps
            assert told.returned, steps
            assert (gateway.current, versions(gateway)) == ("a", [OLD, OLD]), steps
        steps += 1
    assert LEAST < taken < MOST
