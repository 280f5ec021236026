"""How long to wait before it is tried again."""

from random import uniform

FIRST_S = 0.5
LONGEST_S = 300.0
"""A destination that is back is found within five minutes."""


def pause_s(failures: int) -> float:
    """After so many failures, the first included: 0.5 s, doubled each time up to five minutes; less up to a half, so
    that many do not come at once.
    """
    return min(FIRST_S * 2.0 ** min(failures - 1, 20), LONGEST_S) * uniform(0.5, 1.0)  # noqa: S311  no secret
