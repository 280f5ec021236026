"""Who is asked, and of whom it is so: the 26, the 17 and the 23 as clinical.md §1.1, §1.2 and §1.5 print them.

Codes: those of edition 2022, 2015-NN and T-NN in the order of print; /group where an indicator is told apart, @variant
where the text asks for another reading beside it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from charting.department.answers import Answers
from charting.department.three import Three, both, either, equal, negated

SUSPECTS: Mapping[str, str] = {
    "AQI-IRA-12": "aspiration", "AQI-IUA-13": "airway_unplanned", "AQI-ICA-14": "arrest", "AQI-ISA-15": "allergy",
    "AQI-IUR-19": "reintubation", "2015-09": "reintubation", "2015-11": "arrest", "2015-13": "allergy",
    "T-11": "airway_unplanned", "T-12": "reintubation", "T-14": "arrest", "T-16": "allergy", "T-20": "aspiration",
}  # fmt: skip
"""Code, without a variant → the finding that device data may suggest for it (level SEMI): it is never counted so."""

Ask = Callable[[Answers], Three]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """`unit`: C cases, P patients, H heads. `above`, `below`: figures that stand in for numerator and denominator."""

    code: str
    unit: str
    population: Ask
    event: Ask
    is_count: bool = False
    above: str = ""
    below: str = ""


def rules() -> Sequence[Rule]:
    return (*_edition_2022(), *_edition_2015(), *_tender())


def _performed(a: Answers) -> Three:
    return a.performed


def _ga(a: Answers) -> Three:
    return both(a.performed, a.ga)


def _masked(a: Answers) -> Three:
    """Intubated general anaesthesia: a laryngeal mask counts."""
    return both(a.performed, a.ga, a.airway)


def _tubed(a: Answers) -> Three:
    return both(a.performed, a.ga, a.tube)


def _regional(a: Answers) -> Three:
    return both(a.performed, a.regional)


def _entered(a: Answers) -> Three:
    return both(a.entered, either(a.cancelled, a.performed))


def _pacu(a: Answers) -> Three:
    return a.pacu


def _extubated(a: Answers) -> Three:
    return both(a.performed, a.extubated)


def _measured(a: Answers) -> Three:
    return both(a.performed, a.core_monitored)


def _cancelled_before(a: Answers) -> Three:
    return both(a.cancelled, negated(a.performed))


def _cancelled_after(a: Answers) -> Three:
    return both(a.cancelled, negated(a.incised))


def _hypothermic(a: Answers) -> Three:
    return both(a.hypothermic, negated(a.cooled))


def _icu_unplanned(a: Answers) -> Three:
    return both(a.icu, negated(a.icu_planned))


def _hoarse(a: Answers) -> Three:
    return both(a.hoarse, negated(a.throat))


def _nobody(a: Answers) -> Three:
    del a
    return False


def _edition_2022() -> Iterator[Rule]:
    def rule(code: str, unit: str, population: Ask, event: Ask, *, above: str = "", below: str = "") -> Rule:
        return Rule(code=f"AQI-{code}", unit=unit, population=population, event=event, above=above, below=below)

    yield rule("DNR-01", "H", _performed, _nobody, above="anaesthesia_nurses", below="anaesthesia_doctors")
    yield rule("ACC-02", "C", _performed, _performed, below="anaesthesia_doctors")
    yield rule("PAO-03", "C", _performed, lambda a: a.offsite)
    yield rule("PVR-04", "C", lambda a: both(a.performed, a.elective), lambda a: a.visited)
    yield rule("CRB-05", "C", _entered, _cancelled_before)
    yield rule("CRA-06", "C", _performed, _cancelled_after)
    yield rule("TMR-07", "C", _ga, lambda a: a.monitored)
    yield rule("AWR-08", "C", _ga, lambda a: a.warmed)
    yield rule("ATR-09", "P", lambda a: both(a.performed, a.transfused), lambda a: a.autologous)
    yield rule("IHT-10", "P", _measured, _hypothermic)
    yield rule("IDI-11", "C", _masked, lambda a: a.tooth)
    yield rule("IRA-12", "C", _performed, lambda a: a.aspiration_severe)
    yield rule("IUA-13", "P", _performed, lambda a: a.airway_unplanned)
    yield rule("ICA-14", "P", _performed, lambda a: a.arrest)
    yield rule("ISA-15", "C", _performed, lambda a: a.allergy)
    yield rule("IAG-16", "C", _ga, lambda a: a.awareness)
    yield rule("IHP-17", "P", _pacu, lambda a: a.pacu_below(36.0))
    yield rule("IDP-18", "P", _pacu, lambda a: a.stayed_over(2))
    yield rule("IUR-19", "P", _extubated, lambda a: a.reintubated)
    yield rule("IUI-20", "P", _performed, _icu_unplanned)
    yield rule("ASR-21", "P", lambda a: a.analgesia, lambda a: None if a.vas is None else a.vas <= 3)
    yield rule("ISN-22", "C", _regional, lambda a: a.nerve)
    yield rule("IHE-23", "C", _tubed, _hoarse)
    yield rule("INC-24", "C", lambda a: both(a.performed, a.ga, negated(a.cranial)), lambda a: a.coma)
    yield rule("TPM-25", "P", _performed, lambda a: a.died_after)
    yield rule("EPD-26", "P", _performed, lambda a: a.vaginal_birth, below="vaginal_births")


def _edition_2015() -> Iterator[Rule]:
    def rule(code: str, unit: str, population: Ask, event: Ask, *, above: str = "") -> Rule:
        return Rule(code=f"2015-{code}", unit=unit, population=population, event=event, above=above)

    yield rule("01", "H", _performed, _nobody, above="anaesthesia_doctors")
    yield from (rule(f"02/{n}", "P", _performed, _of_class(n)) for n in "123456")
    yield rule("03", "C", _performed, lambda a: negated(a.elective))
    for name in ("neuraxial", "intubated", "unintubated", "combined", "other"):
        yield rule(f"04/{name}", "C", _performed, _of_technique(name))
    yield rule("05", "C", _performed, _cancelled_after)
    yield rule("06", "P", _pacu, lambda a: a.stayed_over(3))
    yield rule("07", "P", _pacu, lambda a: a.pacu_below(35.5))
    yield rule("08", "P", lambda a: both(a.performed, a.icu), lambda a: negated(a.icu_planned))
    yield rule("09", "P", _extubated, lambda a: a.reintubated)
    yield rule("10", "P", _performed, lambda a: a.died_from_start)
    yield rule("11", "P", _performed, lambda a: a.arrest_24h)
    yield rule("12", "P", lambda a: both(a.performed, a.blood_from(400)), lambda a: a.own_blood_from(400))
    yield rule("13", "C", _performed, lambda a: a.allergy)
    yield rule("14", "C", lambda a: both(a.performed, a.neuraxial), lambda a: a.nerve)
    yield rule("15", "C", lambda a: both(a.performed, a.central_line), lambda a: a.central_line_harm)
    yield rule("16", "C", _tubed, _hoarse)
    yield rule("17", "C", _performed, lambda a: a.coma)


def _of_class(n: str) -> Ask:
    return lambda a: equal(a.asa, n)


def _of_technique(name: str) -> Ask:
    return lambda a: equal(a.technique, name)


def _tender() -> Iterator[Rule]:
    def rule(code: str, unit: str, event: Ask, population: Ask = _performed) -> Rule:
        return Rule(code=f"T-{code}", unit=unit, population=population, event=event, is_count=True)

    yield rule("01", "C", _performed)
    yield rule("02", "C", lambda a: a.offsite)
    yield rule("02@without_labour", "C", lambda a: both(a.offsite, negated(a.labour)))
    yield rule("03", "P", lambda a: a.vaginal_birth)
    yield rule("04", "C", lambda a: a.monitored, _ga)
    yield rule("04@all", "C", lambda a: a.monitored)
    yield rule("05", "P", _hypothermic, _measured)
    yield rule("06", "P", lambda a: a.pacu_below(36.0), _pacu)
    yield rule("06@measured", "P", lambda a: a.pacu_measured, _pacu)
    yield rule("06@35.5", "P", lambda a: a.pacu_below(35.5), _pacu)
    yield rule("07", "C", _cancelled_before, _entered)
    yield rule("08", "C", _cancelled_after)
    yield rule("09", "P", lambda a: a.stayed_over(2), _pacu)
    yield rule("09@3h", "P", lambda a: a.stayed_over(3), _pacu)
    yield rule("09@24h", "P", lambda a: a.stayed_over(24), _pacu)
    yield rule("10", "P", _icu_unplanned)
    yield rule("11", "P", lambda a: a.airway_unplanned)
    yield rule("12", "P", lambda a: a.reintubated, _extubated)
    yield rule("13", "P", lambda a: a.died_from_start)
    yield rule("13@end", "P", lambda a: a.died_after)
    yield rule("14", "P", lambda a: a.arrest)
    yield rule("14@24h", "P", lambda a: a.arrest_24h)
    yield rule("15", "P", lambda a: a.autologous)
    yield rule("16", "C", lambda a: a.allergy)
    yield rule("17", "C", lambda a: a.nerve, _regional)
    yield rule("18", "C", lambda a: a.regional)
    yield rule("19", "C", _hoarse, _tubed)
    yield rule("20", "C", lambda a: a.aspiration)
    yield rule("20@severe", "C", lambda a: a.aspiration_severe)
    yield rule("21", "C", lambda a: a.awareness, _ga)
    yield rule("22", "C", lambda a: a.cranial, _ga)
    yield rule("23", "C", lambda a: a.tooth, _masked)
