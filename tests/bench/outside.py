"""References that are not ours: each runs in a Python environment of its own and prints one JSON object.

`make bench REFERENCES=1` makes the environment of those that PyPI has. The others are a checkout, named by an
environment variable, with what it needs installed into its .venv.
"""

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

TOP = Path(__file__).parents[2]
SCRIPTS = Path(__file__).with_name("references")
PACKAGES = TOP / ".venv-bench"


class NotRunError(Exception):
    """The text says why there is no reference."""


def packaged(script: str, *arguments: str | Path) -> Mapping[str, float]:
    """What a reference from PyPI says. Raises NotRunError."""
    return _answer(PACKAGES / "bin/python", "make bench REFERENCES=1", script, arguments, {})


def checked_out(variable: str, source: str, script: str, *arguments: str | Path) -> Mapping[str, float]:
    """What a reference in the checkout named by an environment variable says. Raises NotRunError."""
    folder = os.environ.get(variable)
    if not folder:
        raise NotRunError(f"reference not run: {variable}=FOLDER of {source}, what it needs in its .venv")
    sources = {"PYTHONPATH": f"{folder}:{folder}/src"}
    return _answer(Path(folder, ".venv/bin/python"), variable, script, arguments, sources)


def _answer(
    python: Path, how: str, script: str, arguments: tuple[str | Path, ...], extra: Mapping[str, str]
) -> Mapping[str, float]:
    if not python.exists():
        raise NotRunError(f"reference not run: no {python.name} in {python.parent} ({how})")
    done = subprocess.run(
        [python, SCRIPTS / script, *arguments],
        env={**os.environ, "PYTHONWARNINGS": "ignore", **extra},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise NotRunError(f"reference failed: {(done.stderr.strip().splitlines() or ['no reason'])[-1]}")
    answer: Mapping[str, float] = json.loads(done.stdout.splitlines()[-1])
    return answer
