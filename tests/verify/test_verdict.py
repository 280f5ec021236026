"""What a kill may cost, and how long a value may take: beyond that a promise is broken."""

from dataclasses import replace

from collector.verify.accounting import Account
from collector.verify.verdict import late

GOOD = Account(
    said=1_000,
    judged=900,
    lost=0,
    invented=0,
    gaps_s=[1.0],
    unjournaled_values_s=0.19,
    unjournaled_waves_s=1.09,
    ways_s=(0.01, 0.4),
    odd=[],
    again=0,
    elsewhere=0,
)


def test_what_is_late_is_told_and_what_the_machine_is_late_by_is_forgiven() -> None:
    assert late(GOOD, []) == []
    for bad in (
        replace(GOOD, unjournaled_values_s=0.3),
        replace(GOOD, unjournaled_waves_s=1.2),
        replace(GOOD, ways_s=(0.01, 0.6)),
    ):
        assert len(late(bad, [0.0])) == 1
        assert late(bad, [0.2]) == []
