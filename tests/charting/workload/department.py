"""An October of a small department: its cases in a trail, by hand, so that every number can be worked out."""

from charting.trail.contents import Patient
from charting.trail.trail import Trail
from tests.charting.workload.cases import Plan

MONTH = "2026-10"
ALL = ("anaesthesia_record", "or_nursing_record", "pacu_record")
ANN, BEN, NIA, PIA = "anaesthetist", "anaesthetist2", "or_nurse", "pacu_nurse"
"""Accounts of tests.charting.web.hospital."""


def plans() -> list[Plan]:
    """Scores in brackets: ANN 1.5 + 0.5, BEN 4.5 and a half-hour handed over, …; see test_ledger."""
    return [
        # 90 min, ASA III: 1.0 x 1.5 x 1.2 = 1.8; arterial line 0.5. Nurse: level 3, 120 min: 1.0 x 2.0. PACU: 1.5 h
        Plan(
            id="case-a",
            day="2026-10-12",
            bed="OR-03",
            room=("07:50", "09:50"),
            anaesthesia=("08:00", "09:30"),
            pacu=("09:50", "11:20"),
            asa="3",
            people=[
                ("anaesthetist", ANN, "08:00", ""),
                ("circulating_nurse", NIA, "07:50", ""),
                ("pacu_nurse", PIA, "09:50", ""),
            ],
            signed=ALL,
            answers={"anaesthesia_record": {"procedures": ("arterial_line",)}},
            author=ANN,
        ),
        # in parallel, 60 of 120 min: 2.0 x 0.75 = 1.5
        Plan(
            id="case-b",
            day="2026-10-12",
            bed="OR-04",
            anaesthesia=("09:00", "10:10"),
            people=[("anaesthetist", ANN, "09:00", "")],
            procedures=["54.1100"],
            author=ANN,
        ),
        # night and handed over: 180 min from 21:30: 3.0; ANN 90 min (30 evening, 60 night), BEN 90 (night)
        Plan(
            id="case-c",
            day="2026-10-13",
            bed="OR-03",
            anaesthesia=("21:30", "2026-10-14 00:30"),
            people=[("anaesthetist", ANN, "21:30", "23:00"), ("anaesthetist", BEN, "23:00", "2026-10-14 01:00")],
            patient=Patient(number="2", age="83"),
            emergency=True,
            asa="L4E",
            author=BEN,
            rescue="22:00",
        ),
        # not signed
        Plan(
            id="case-d",
            day="2026-10-20",
            bed="OR-03",
            anaesthesia=("08:00", "10:00"),
            people=[("anaesthetist", BEN, "08:00", "")],
            signed=(),
            drafts=("anaesthesia_record",),
            author=BEN,
        ),
        # who has no account
        Plan(
            id="case-e",
            day="2026-10-21",
            bed="OR-04",
            area="offsite",
            anaesthesia=("08:00", "08:20"),
            techniques=["L12"],
            procedures=["44.1300"],
            people=[("anaesthetist", "name:=赵进修", "08:00", "")],
            author=BEN,
        ),
    ]


def put(trail: Trail) -> None:
    for plan in plans():
        plan.put(trail)
