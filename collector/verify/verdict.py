"""What came of a fault at a bed: its store against its journal, and its journal against what the devices said."""

import asyncio

import numpy as np

from collector.journal import Journal
from collector.verify.accounting import Account
from collector.verify.bed import Bed
from collector.verify.comparison import Comparison, compare
from collector.verify.delivery import deliver
from collector.verify.report import Result
from collector.verify.setting import Setting

VALUES_S, WAVES_S = 0.1, 1.0
"""Received and not yet journaled at a kill, at most (design §7)."""

LINE_S = 0.1
"""What is said is received after its way over the line, and after the turns of two processes."""

STAMP_S = 0.5
"""From a saying to the time that it is kept with, at most: below the second in which a device says the same again."""


async def result_of(setting: Setting, bed: Bed, name: str, promise: str, tried: int) -> Result:
    """After the journal's rest has been delivered."""
    await deliver_rest(setting, bed)
    stored = await asyncio.to_thread(
        lambda: compare([kept.entry for kept in bed.kept], (), setting.scratch.held(bed.id))
    )
    told = await asyncio.to_thread(bed.account)
    figures = {
        "said": float(told.said),
        "way_s": told.ways_s[0],
        "way_max_s": told.ways_s[1],
        "kept_elsewhere": float(told.elsewhere),
        "kept_again": float(told.again),
        "unjournaled_values_ms": told.unjournaled_values_s * 1_000,
        "unjournaled_waves_ms": told.unjournaled_waves_s * 1_000,
    }
    return Result(
        name=name,
        promise=promise,
        tried=tried,
        found=stored + Comparison(lost=told.lost, invented=told.invented),
        judged=told.judged,
        longest_gap_s=max(told.gaps_s[1:], default=None),
        recovered=not bed.broken,
        figures=figures,
        broken=[*bed.broken, *told.odd, *late(told, bed.turns_s)],
    )


async def deliver_rest(setting: Setting, bed: Bed) -> None:
    """A daemon that is stopped does not wait until everything is delivered: the next one goes on."""
    journal = Journal.open(bed.journal)
    try:
        await deliver(setting.dsn, journal)
    finally:
        journal.close()


def late(told: Account, turns_s: list[float]) -> list[str]:
    """What was said and not journaled at an end, and what was kept late, beyond this machine's own slowness."""
    turn_s = float(np.quantile(turns_s, 0.99)) if turns_s else 0.0
    found = [
        f"{what} received {age_s * 1_000:.0f} ms before an end were not journaled: at most {limit_s * 1_000:.0f} ms"
        for what, age_s, limit_s in (
            ("values", told.unjournaled_values_s, VALUES_S),
            ("waves", told.unjournaled_waves_s, WAVES_S),
        )
        if age_s > limit_s + LINE_S + turn_s
    ]
    longest_s = told.ways_s[1]
    if longest_s > STAMP_S + max(turns_s, default=0.0):
        found.append(f"a value was kept with a time {longest_s:.2f} s after it was said: at most {STAMP_S:g} s")
    return found
