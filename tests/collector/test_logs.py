"""What the log is told."""

import asyncio
import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from structlog.testing import capture_logs

from collector.foreground import run
from collector.logs import Link, logger, setup

NAME = "欧阳慧敏"


@pytest.fixture
def logs(capsys: pytest.CaptureFixture[str]) -> Iterator[pytest.CaptureFixture[str]]:
    """What is written to stderr; afterwards logging is as it was."""
    root, quiet = logging.getLogger(), logging.getLogger("psycopg")
    handlers, level = list(root.handlers), quiet.level
    yield capsys
    root.handlers[:] = handlers
    quiet.setLevel(level)
    structlog.reset_defaults()


def test_a_link_is_lost_once_and_comes_back_with_how_long_it_was() -> None:
    now_s = [100.0]
    with capture_logs() as logs:
        link = Link(logger(sink="timescale"), "store", lambda: now_s[0])
        link.good()
        for reason in ("refused", "timeout"):
            link.lost(reason)
            now_s[0] += 30.04
        for _ in range(2):
            link.good()
        link.lost("refused")
    lost = {"sink": "timescale", "event": "store lost", "log_level": "warning", "reason": "refused"}
    assert logs == [
        lost,
        {"sink": "timescale", "event": "store still lost", "log_level": "debug", "reason": "timeout"},
        {"sink": "timescale", "event": "store back", "log_level": "info", "after_s": 60.1},
        lost,
    ]


def _fail() -> None:
    try:
        int(NAME)
    except ValueError as error:
        raise KeyError(NAME) from error


def test_an_error_is_logged_with_its_kinds_and_places_and_not_with_what_it_says(
    logs: pytest.CaptureFixture[str],
) -> None:
    setup()
    try:
        _fail()
    except KeyError:
        logger(bed="OR-03").exception("driver failed")
    (line,) = map(json.loads, logs.readouterr().err.splitlines())
    assert (line["event"], line["level"], line["bed"]) == ("driver failed", "error", "OR-03")
    value, key = line["exception"].split("\n  ")[1:], line["exception"].splitlines()[-1]
    assert "ValueError" in line["exception"]
    assert key == "KeyError"
    assert all("test_logs.py:" in place for place in value)
    assert NAME not in json.dumps(line, ensure_ascii=False)


def test_what_a_library_logs_is_told_by_its_place(logs: pytest.CaptureFixture[str]) -> None:
    setup()
    logging.getLogger("some.library").warning(f"patient {NAME} refused")  # noqa: G004  as libraries do
    logging.getLogger("some.library").info("nothing")
    (line,) = map(json.loads, logs.readouterr().err.splitlines())
    assert (line["library"], line["level"]) == ("some.library", "warning")
    assert "test_logs.py:" in line["place"]
    assert NAME not in json.dumps(line, ensure_ascii=False)


def test_a_program_that_fails_ends_with_1_and_its_kind_of_error(logs: pytest.CaptureFixture[str]) -> None:
    async def life(_: asyncio.Event) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(asyncio.to_thread(_fail))

    with pytest.raises(SystemExit) as ended:
        run(life)
    assert ended.value.code == 1
    said = logs.readouterr().err
    assert "KeyError" in json.loads(said)["exception"]
    assert NAME not in said
