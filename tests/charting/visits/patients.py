"""Patients of a department in memory who have had an anaesthetic, or are to have one."""

from typing import Any

from charting.trail.contents import Attendance, Bolus, Coded, Event, Patient
from tests.charting.web.hospital import Hospital

HOUR_US = 3_600_000_000
MINUTE_US = 60_000_000
NAMES = {"p1": ("张伟", "12"), "p2": ("李娜", "3"), "p3": ("王芳", "28"), "p4": ("赵强", "5")}


def operated(
    hospital: Hospital, case: str, hours: float, *, by: str = "anaesthetist", technique: str = "41", **more: Any
) -> None:
    """Intubated, an hour under general anaesthesia, extubated at its end, so many hours ago."""
    end_us = hospital.clock.at_us - round(hours * HOUR_US)
    name, bed = NAMES[case]
    patient = Patient(
        number=f"2026{case[1:]:0>4}", name=name, sex="female", birth_date="1961-05-02", ward="骨科一病区", ward_bed=bed,
        weight_kg=60.0,
    )  # fmt: skip
    desk, who = hospital.desk, hospital.actor(by)
    start_us = end_us - HOUR_US
    desk.open(
        who, bed="OR-03", area="or", patient=patient, at_us=start_us - 10 * MINUTE_US, case=case, until_us=end_us,
        **more,
    )  # fmt: skip
    events = {
        "t_room_in": start_us - 5 * MINUTE_US, "t_anes_start": start_us, "t_tube_in": start_us + MINUTE_US,
        "t_tube_out": end_us, "t_anes_end": end_us, "t_room_out": end_us,
    }  # fmt: skip
    for key, at_us in events.items():
        details = {"device": "ETT"} if key == "t_tube_in" else {}
        desk.set(who, case, item=key, after=0, content=Event(key=key, at_us=at_us, details=details))
    for use, library, code in (
        ("technique", "techniques", technique), ("procedure", "procedures", "47.0100"), ("asa", "asa", "2"),
    ):  # fmt: skip
        term = hospital.libraries.named(library, code)
        assert term is not None
        desk.set(who, case, item=use, after=0, content=Coded(use=use, term=term))
    staff = Attendance(role="anaesthetist", name=who.name, account=who.account, in_us=start_us, out_us=end_us)
    desk.set(who, case, item="staff", after=0, content=staff)
    desk.start(who, case, template="anaesthesia_record", document=f"{case}-record", start_us=start_us)
    drug = next(c.term for c in hospital.libraries.search("drugs", "丙泊酚"))
    given = Bolus(drug=drug, dose=120.0, unit="mg", route="iv", at_us=start_us)
    desk.set(who, case, document=f"{case}-record", item="drug", after=0, content=given)
