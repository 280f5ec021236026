"""What the demo's department begins with: an account for every role, and a case whose record fills itself."""

from collections.abc import Sequence

from charting.accounts.accounts import OPERATOR, Accounts
from charting.accounts.actor import ROLES, Actor
from charting.desk import Desk
from charting.service import Service
from charting.trail.contents import Event, Patient
from charting.trail.trail import Trail

_NAMES = {
    "anaesthetist": "演示麻醉医师 Demo Anaesthetist", "surgeon": "演示外科医师 Demo Surgeon",
    "or_nurse": "演示手术室护士 Demo OR Nurse", "pacu_nurse": "演示恢复室护士 Demo PACU Nurse",
    "icu_nurse": "演示ICU护士 Demo ICU Nurse", "head": "演示科主任 Demo Head",
    "quality": "演示质控员 Demo Quality", "engineer": "演示工程师 Demo Engineer",
    "administrator": "演示管理员 Demo Administrator",
}  # fmt: skip
PATIENT = Patient(temporary="SIM-0001", name="演示病人 DEMO", sex="male", age="56", height_cm=175.0, weight_kg=70.0)
"""As the simulated monitors know him."""
_RECORD = "anaesthesia_record"


def prepare(service: Service, bed: str, password: str) -> Sequence[str]:
    """Accounts with this password, and an open case in the bed, where there is none. Returns the accounts' names."""
    _make_accounts(service.accounts, password)
    _open_case(service.desk, service.trail, bed)
    return ROLES


def _make_accounts(accounts: Accounts, password: str) -> None:
    known = {account.account for account in accounts.all(OPERATOR)}
    for role in ROLES:
        if role in known:
            accounts.change(OPERATOR, role, password=password)
        else:
            accounts.create(OPERATOR, role, name=_NAMES[role], roles=[role], password=password)


def _open_case(desk: Desk, trail: Trail, bed: str) -> None:
    if trail.rows(state="open", bed=bed):
        return
    doctor = Actor(account="anaesthetist", name=_NAMES["anaesthetist"], roles=frozenset({"anaesthetist"}))
    case = desk.open(doctor, bed=bed, area="or", patient=PATIENT, is_test=True)
    desk.set(doctor, case.id, item="t_room_in", after=0, content=Event(key="t_room_in", at_us=case.opened_us))
    desk.start(doctor, case.id, template=_RECORD)
