"""What the reference shows of messages is what others take."""

import json
import re
from decimal import Decimal
from typing import Any

import pytest

from charting.fhir.release import Release
from tests.charting.fhir.test_resources import model
from tools.manuals.parts import cds, fhir, mappings
from tools.manuals.parts.layout import laid
from tools.manuals.words import Words

NESTED = {"a": [{"b": Decimal("36.40"), "c": "三" * 60}, {"d": None, "e": [1, True, []]}], 'quo"te': "x" * 120}


def blocks(text: str) -> list[Any]:
    """The JSON that is shown."""
    return [json.loads(block) for block in re.findall(r"```json\n(.*?)```", text, re.DOTALL)]


def test_json_is_laid_out_and_says_the_same() -> None:
    text = laid(NESTED)
    assert json.loads(text, parse_float=Decimal) == NESTED
    assert "36.40" in text
    assert max(map(len, text.splitlines())) < 140
    assert laid({"a": 1}) == '{"a": 1}'


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_each_type_of_resource_is_shown_and_taken_by_its_model(lang: str) -> None:
    shown = blocks(fhir.examples(Words(lang)))
    for body in shown:
        model(body, Release.R5)
    searched = re.findall(r"^\| `(\w+)`", fhir.capabilities(Words(lang)), re.MULTILINE)
    assert {body["resourceType"] for body in shown} == {*searched, "Bundle"} - {"Binary"}


def test_a_question_of_decision_support_and_its_answer_are_shown() -> None:
    asked, answered, window = blocks(cds.example(Words("en")))
    (draft,) = [entry["resource"] for entry in asked["context"]["draftOrders"]["entry"]]
    assert draft["dosageInstruction"][0]["doseAndRate"][0]["doseQuantity"]["value"] == 400
    assert asked["context"]["selections"] == [f"MedicationRequest/{draft['id']}"]
    assert answered["cards"][0]["summary"].endswith("6.7 µg/kg"), "400 µg of 60 kg"
    assert [(m["signal"], m["median"]) for m in window["medians"]] == [("temp", 35.6)]


def test_signals_leave_under_the_codes_that_the_standards_have() -> None:
    first, _ = mappings.charted(Words("en")).split("\n\n")
    rows = {row.split("`")[1]: row for row in first.splitlines()[2:]}
    for signal, codes in {
        "hr": ("8867-4", "147842^MDC_ECG_HEART_RATE", "264864^MDC_DIM_BEAT_PER_MIN"),
        "nibp_sys": ("8480-6", "150021^MDC_PRESS_BLD_NONINV_SYS", "266016^MDC_DIM_MMHG"),
        "spo2": ("2708-6", "150456^MDC_PULS_OXIM_SAT_O2", "262688^MDC_DIM_PERCENT"),
        "temp": ("8310-5", "150344^MDC_TEMP", "268192^MDC_DIM_DEGC"),
    }.items():
        assert all(code in rows[signal] for code in codes), rows[signal]
