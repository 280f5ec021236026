"""The examples of the interface reference are messages that others read, of every kind that we send."""

from charting.results.examples import examples
from tests.oracles.hl7 import parsed


def test_each_example_is_read_by_both() -> None:
    read = {name: parsed(body) for name, body in examples().items()}
    assert {name: each.type for name, each in read.items()} == {
        "vitals_raw": "ORU^R01^ORU_R01",
        "vitals_corrected": "ORU^R01^ORU_R01",
        "vitals_final": "ORU^R01^ORU_R01",
        "alarm_start": "ORU^R40^ORU_R40",
        "alarm_end": "ORU^R40^ORU_R40",
        "advisory_start": "ORU^R40^ORU_R40",
        "advisory_end": "ORU^R40^ORU_R40",
        "document_new": "MDM^T02^MDM_T02",
        "document_replacement": "MDM^T10^MDM_T02",
        "document_cancelled": "MDM^T11^MDM_T01",
        "codes_offered": "ADT^A08^ADT_A01",
        "codes_taken_back": "ADT^A08^ADT_A01",
    }
    assert len({each.control for each in read.values()}) == len(read)
    assert [each.text("OBX", 11, which=2) for name, each in read.items() if name.startswith("vitals")] == [
        "R",
        "C",
        "F",
    ]
