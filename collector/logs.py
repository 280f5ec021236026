"""Logs: JSON lines on stderr, a line a happening. Never patient data.

What an error says may quote a device or a person: of one that nobody expected only its kind and its places are logged.
"""

import logging
import sys
import time
import traceback
from collections.abc import Callable

import structlog


def setup(level: int = logging.INFO) -> None:
    """Structured lines on stderr; readable ones where stderr is a terminal."""
    logging.getLogger("psycopg").setLevel(logging.CRITICAL)  # what it says, the sink says with its reason
    logging.basicConfig(handlers=[_Libraries(logging.WARNING)], force=True)
    terminal = sys.stderr.isatty()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.ExceptionRenderer(lambda info: places(info[1])),
            structlog.dev.ConsoleRenderer() if terminal else structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


def logger(**context: str) -> structlog.typing.FilteringBoundLogger:
    log: structlog.typing.FilteringBoundLogger = structlog.get_logger(**context)
    return log


def places(error: BaseException | None) -> str:
    """A traceback without what its errors say and without lines of code: kinds and places, in the order of time."""
    if error is None:
        return ""
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    inside = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    frames = [f"  {f.filename}:{f.lineno} {f.name}" for f in traceback.extract_tb(error.__traceback__)]
    kind = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
    return "\n".join(filter(None, [places(before), *map(places, inside), *frames, kind]))


class _Libraries(logging.Handler):
    """That a library has something to say, and where in its code: what it says may quote anything."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        told = {"place": f"{record.pathname}:{record.lineno}", **({"exception": places(error)} if error else {})}
        structlog.get_logger(library=record.name).log(record.levelno, "a library tells of something", **told)


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
