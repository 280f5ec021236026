"""Logs: JSON lines on stderr, a line a happening. Never patient data."""

import logging
import sys
import time
from collections.abc import Callable

import structlog


def setup(level: int = logging.INFO) -> None:
    """Structured lines on stderr; readable ones where stderr is a terminal."""
    logging.getLogger("psycopg").setLevel(logging.CRITICAL)  # what it says, the sink says with its reason
    terminal = sys.stderr.isatty()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.dev.ConsoleRenderer() if terminal else structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


def logger(**context: str) -> structlog.typing.FilteringBoundLogger:
    log: structlog.typing.FilteringBoundLogger = structlog.get_logger(**context)
    return log


class Link:
    """Tells the log how a link to `other` fares: lost WARNING, still lost DEBUG, back INFO, with how long it was."""

    def __init__(
        self,
        log: structlog.typing.FilteringBoundLogger,
        other: str,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._log = log
        self._other = other
        self._monotonic = monotonic
        self._lost_s: float | None = None

    def lost(self, reason: str) -> None:
        """It has failed, for the first time or again."""
        if self._lost_s is None:
            self._lost_s = self._monotonic()
            self._log.warning(f"{self._other} lost", reason=reason)
        else:
            self._log.debug(f"{self._other} still lost", reason=reason)

    def good(self) -> None:
        """It works, as it did or again."""
        if self._lost_s is not None:
            self._log.info(f"{self._other} back", after_s=round(self._monotonic() - self._lost_s, 1))
            self._lost_s = None
