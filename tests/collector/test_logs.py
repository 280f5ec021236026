"""What the log is told."""

from structlog.testing import capture_logs

from collector.logs import Link, logger


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
