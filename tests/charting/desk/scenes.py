"""People, a desk, and things to put into a record."""

from charting.accounts.actor import Actor
from charting.case.state import Case, cell_item
from charting.desk import Desk
from charting.fill.types import Cell, CellState
from charting.library.library import Libraries
from charting.templates.loader import Templates
from charting.trail.contents import Bolus, Charted, Patient, Term
from charting.trail.entries import Filled
from charting.trail.trail import Trail
from tests.charting.clock import Clock
from tests.journal.entries import T0_US

TEMPLATES = Templates.load()
LIBRARIES = Libraries.sample()
MINUTE_US = 60_000_000

ANN = Actor(account="ann", name="Ann", roles=frozenset({"anaesthetist"}))
BEN = Actor(account="ben", name="Ben", roles=frozenset({"anaesthetist"}))
NED = Actor(account="ned", name="Ned", roles=frozenset({"or_nurse"}))
HAL = Actor(account="hal", name="Hal", roles=frozenset({"head"}))
SUE = Actor(account="sue", name="Sue", roles=frozenset({"surgeon"}))
EVE = Actor(account="eve", name="Eve", roles=frozenset({"engineer"}))
QUE = Actor(account="que", name="Que", roles=frozenset({"quality"}))

PATIENT = Patient(number="10023456", name="王小明", sex="male", weight_kg=70.0)
RECORD = "record"


def desk_on(trail: Trail, clock: Clock) -> Desk:
    return Desk(trail, TEMPLATES, LIBRARIES, clock.now_us, "Asia/Shanghai")


def begun(desk: Desk, emergency: bool = False) -> Case:
    """A case in OR-1 with Ann's anaesthesia record."""
    case = desk.open(ANN, bed="OR-1", area="or", patient=PATIENT, emergency=emergency)
    return desk.start(ANN, case.id, template="anaesthesia_record", document=RECORD)


def term(library: str, code: str) -> Term:
    found = LIBRARIES.term(library, "2026.1", code)
    assert found is not None
    return found


def mark(n: int) -> int:
    return T0_US + n * 5 * MINUTE_US


def cell(n: int) -> str:
    return cell_item("hr", mark(n))


def charted(n: int, value: float) -> Charted:
    return Charted(signal="hr", mark_us=mark(n), time_us=mark(n), value=value, unit="/min")


def captured(n: int, value: float | None, state: CellState = CellState.CHARTED) -> Cell:
    return Cell(signal="hr", mark_us=mark(n), time_us=mark(n), value=value, unit="/min", state=state, filter="f1")


def filled(*cells: Cell) -> Filled:
    return Filled(document=RECORD, since_us=T0_US, until_us=mark(100), cells=cells, gaps=(), excursions=())


def bolus(dose: float, at_us: int = T0_US) -> Bolus:
    return Bolus(drug=term("drugs", "D001"), dose=dose, unit="mg", route="iv", at_us=at_us)
