"""A TimescaleDB of the Community edition: PGlite, which is PostgreSQL in WebAssembly.

It takes one connection at a time, has no background workers (jobs run by `call run_job`), and COPY ends it.
"""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

FOLDER = Path(__file__).parent
WITHIN_S = 60


@pytest.fixture
def community() -> Iterator[str]:
    """The DSN of an empty database, the test's own. Not to be had is a failure where CI=true, else a skip."""
    if not (FOLDER / "node_modules/installed.json").exists():
        reason = "no PGlite: npm could not fetch it (tools/setup.sh dev says why)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    with TemporaryDirectory(prefix="pglite-") as folder:
        command = ["node", str(FOLDER / "server.js"), f"{folder}/.s.PGSQL.5432"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout is not None
            assert server.stdin is not None
            assert server.stdout.readline() == "ready\n"
            # whoever, with any password: it has only one user
            yield f"host={folder} user=postgres password=any dbname=postgres sslmode=disable gssencmode=disable"
            server.stdin.close()
            assert server.wait(WITHIN_S) == 0
