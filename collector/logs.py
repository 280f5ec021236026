"""Logs: JSON lines on stderr, a line a happening. Never patient data."""

import logging
import sys

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
