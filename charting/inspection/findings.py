"""What was found: each rule whose condition holds, with its text, its numbers and what to do, in zh and en. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from charting.case.clock import local
from charting.inspection.conditions import CONDITIONS, Hit, Number
from charting.inspection.measured import Measured
from charting.inspection.rules import LANGS, SEVERITIES, Rule, Severity, rules
from charting.inspection.words import said
from collector.codes import by_refid


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """`rule`: its id in rules.toml. `text`, `advice`: language → as they were said then."""

    rule: str
    part: str
    severity: Severity
    bed: str
    device: str
    numbers: Mapping[str, Number]
    text: Mapping[str, str]
    advice: Mapping[str, str]


def findings(measured: Measured, now_us: int, zone: str, *, parts: Sequence[str] = ()) -> Sequence[Finding]:
    """The gravest first. `parts`: rules of these alone. `now_us`: when the report is made."""
    found = [
        _finding(rule, hit, zone)
        for rule in rules()
        if not parts or rule.part in parts
        for hit in CONDITIONS[rule.id](measured, rule.limits, now_us)
    ]
    return sorted(found, key=lambda finding: SEVERITIES.index(finding.severity))


def _finding(rule: Rule, hit: Hit, zone: str) -> Finding:
    told = {lang: _words(hit, lang, zone) for lang in LANGS}
    return Finding(
        rule=rule.id,
        part=rule.part,
        severity=rule.severity,
        bed=hit.bed,
        device=hit.device,
        numbers=hit.numbers,
        text={lang: rule.text[lang].format_map(told[lang]) for lang in LANGS},
        advice={lang: rule.advice[lang].format_map(told[lang]) for lang in LANGS},
    )


def _words(hit: Hit, lang: str, zone: str) -> Mapping[str, Number]:
    """The numbers as a text takes them."""
    told: dict[str, Number] = {"bed": hit.bed, "device": hit.device, **hit.numbers}
    if "cause" in told:
        told["cause"] = cause(str(told["cause"]), lang)
    if "still" in told:
        told["still"] = said("still", lang) if told["still"] else ""
    if "until_us" in told:
        told["until"] = f"{local(int(told['until_us']), zone):%Y-%m-%d}"
    return told


def cause(code: str, lang: str) -> str:
    """What a code of the dictionary is called."""
    known = by_refid().get(code)
    return code if known is None else str(getattr(known, lang))
