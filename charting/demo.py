"""What the demo's department begins with: accounts of every role, two anaesthetists, and a case that fills itself."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from charting.accounts.accounts import OPERATOR, Accounts
from charting.accounts.actor import ROLES, Actor
from charting.desk import Desk
from charting.service import Service
from charting.trail.contents import (
    Attendance,
    Bolus,
    Breathing,
    Coded,
    Content,
    Event,
    Infusion,
    Patient,
    Rate,
    Term,
    Volume,
)

_NAMES = {
    "anaesthetist": "演示麻醉医师 Demo Anaesthetist", "anaesthetist2": "演示麻醉医师乙 Demo Anaesthetist B",
    "surgeon": "演示外科医师 Demo Surgeon",
    "or_nurse": "演示手术室护士 Demo OR Nurse", "pacu_nurse": "演示恢复室护士 Demo PACU Nurse",
    "icu_nurse": "演示ICU护士 Demo ICU Nurse", "head": "演示科主任 Demo Head",
    "quality": "演示质控员 Demo Quality", "engineer": "演示工程师 Demo Engineer",
    "administrator": "演示管理员 Demo Administrator",
}  # fmt: skip
PATIENT = Patient(temporary="SIM-0001", name="演示病人 DEMO", sex="male", age="56", height_cm=175.0, weight_kg=70.0)
"""As the simulated monitors know him."""
_ACCOUNTS = {"anaesthetist": "anaesthetist", "anaesthetist2": "anaesthetist", **{role: role for role in ROLES}}
"""Account → its role; the second anaesthetist is there to be handed over to, and to sign beside the first."""
_RECORD = "anaesthesia_record"
_EVENTS = {"induction": "t_anes_start", "intubation": "t_tube_in", "incision": "t_incision"}
_STAFF = {"anaesthetist": "anaesthetist", "circulating_nurse": "or_nurse", "surgeon": "surgeon"}
_CODES = (
    ("diagnosis_before", "diagnoses", "K80.2"), ("planned_procedure", "procedures", "51.2300"),
    ("position", "positions", "supine"), ("asa", "asa", "2"), ("technique", "techniques", "41"),
)  # fmt: skip
"""Uses, libraries and codes of what the demo's patient comes for."""


def prepare(
    service: Service, bed: str, password: str, began_us: int | None = None, done: Mapping[str, int] | None = None
) -> Sequence[str]:
    """Accounts with this password, and an open case in the bed, where there is none. Returns the accounts' names.

    began_us: since when it is open (none: now); done: mark of an anaesthetic (drivers.anaesthetic) → when it was.
    """
    _make_accounts(service.accounts, password)
    if not service.trail.rows(state="open", bed=bed):
        _open_case(service.desk, bed, began_us, done or {})
    return tuple(_ACCOUNTS)


def _make_accounts(accounts: Accounts, password: str) -> None:
    known = {account.account for account in accounts.all(OPERATOR)}
    for account, role in _ACCOUNTS.items():
        if account in known:
            accounts.change(OPERATOR, account, password=password)
        else:
            accounts.create(OPERATOR, account, name=_NAMES[account], roles=[role], password=password)


def _open_case(desk: Desk, bed: str, began_us: int | None, done: Mapping[str, int]) -> None:
    doctor = Actor(account="anaesthetist", name=_NAMES["anaesthetist"], roles=frozenset({"anaesthetist"}))
    case = desk.open(doctor, bed=bed, area="or", patient=PATIENT, is_test=True, at_us=began_us)
    contents: list[Content] = [Event(key="t_room_in", at_us=case.opened_us)]
    contents += [Event(key=_EVENTS[mark], at_us=at_us) for mark, at_us in done.items() if mark in _EVENTS]
    contents += [Attendance(role=r, name=_NAMES[a], account=a, in_us=case.opened_us) for r, a in _STAFF.items()]
    contents += [Coded(use=use, term=_term(desk, library, code)) for use, library, code in _CODES]
    for n, content in enumerate(contents):
        desk.set(doctor, case.id, item=f"demo-{n}", after=0, content=content)
    case = desk.start(doctor, case.id, template=_RECORD)
    (record,) = case.documents
    for n, content in enumerate(_given(desk, case.opened_us, done)):
        desk.set(doctor, case.id, document=record, item=f"given-{n}", after=0, content=content)


def _given(desk: Desk, began_us: int, done: Mapping[str, int]) -> Iterator[Content]:
    """What an anaesthetist would have entered by now."""
    if "intubation" not in done:
        return
    at_us, asleep_us = done["induction"], done["intubation"]
    for code, dose, unit in (("D011", 30.0, "ug"), ("D001", 120.0, "mg"), ("D021", 15.0, "mg")):
        yield Bolus(drug=_term(desk, "drugs", code), dose=dose, unit=unit, route="iv", at_us=at_us)
    yield _run("gas", _term(desk, "gases", "O2"), "L/min", Rate(at_us=at_us, rate=6.0), Rate(at_us=asleep_us, rate=2.0))
    yield _run("vapour", _term(desk, "gases", "SEVO"), "%", Rate(at_us=asleep_us, rate=2.0))
    yield Breathing(at_us=began_us, way="spontaneous")
    yield Breathing(at_us=asleep_us, way="controlled", mode="VCV")
    ringer = _term(desk, "fluids", "F02")
    yield Volume(way="in", group="crystalloid", what=ringer.zh, code=ringer.code, ml=500.0, start_us=began_us)


def _run(what: Literal["gas", "vapour"], drug: Term, unit: str, *rates: Rate) -> Infusion:
    return Infusion(what=what, drug=drug, unit=unit, rates=rates)


def _term(desk: Desk, library: str, code: str) -> Term:
    """Of the samples, which the demo has."""
    term = desk.libraries.named(library, code)
    if term is None:
        raise LookupError(f"{library} {code}")
    return term
