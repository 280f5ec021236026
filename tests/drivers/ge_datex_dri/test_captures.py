"""What an independent decoder read in the captures."""

import json
from functools import cache

import pytest

from collector.model import Event, Observation
from tests.drivers.ge_datex_dri.records import fed, observed
from tests.shared import capture


def test_every_field_of_the_independently_decoded_frame() -> None:
    vector = json.loads(capture("datex-dri", "vectors_b650_level10.json").read_text())[0]
    events = fed(bytes.fromhex(vector["wire_hex"]))
    told = {e.channel.source: e.value for e in events if isinstance(e, Observation) and not isinstance(e.value, str)}
    names = {
        "flow": "flow_vol", "co": "co_wedge", "ecgx": "ecg_extra", "spo2.spo2": "spo2.SpO2", "svo2.spo2": "spo2.SvO2",
        "tvi": "tv_insp", "tve": "tv_exp", "compl": "compliance", "mve": "mv_exp", "amb": "amb_press", "mac": "mac_sum",
        "tblood": "blood_temp",
    }  # fmt: skip
    expected: dict[str, float | None] = {}
    for key, value in vector["basic"].items():
        part, _, field = key.partition(".")
        if not field or field in {"status", "label", "ptc"}:
            continue
        active = vector["basic"]["ecg.status" if part == "ecgx" else f"{part}.status"] & 3 == 3
        if active:
            field = {"spo2": "SpO2", "svo2": "SvO2"}.get(field, field) if part == "spo2" else names.get(field, field)
            expected[f"basic.{names.get(part, part)}.{field}"] = value if value > -32001 else None
    expected["basic.flow_vol.ppeak"] = expected["basic.flow_vol.peep"] = None
    for quiet in ("basic.spo2.SvO2", "basic.ecg.st2", "basic.ecg.st3"):
        assert expected.pop(quiet) is None
    assert {source: value for source, value in told.items() if source.startswith("basic.")} == expected
    entropy = {"eeg_ent": 82.0, "emg_ent": 92.0, "bsr_ent": 0.0}
    assert {source: told[source] for source in told if "entropy" in source} == {
        f"ext2.entropy.{name}": value for name, value in entropy.items()
    }


@cache
def recording() -> list[Event]:
    return fed(capture("datex-dri", "db00.raw").read_bytes())


class TestRecording:
    """The figures of db00.raw, counted by an independent decoder."""

    @pytest.mark.parametrize(
        ("source", "count", "total", "missing"),
        [
            ("basic.ecg.hr", 1760, 142_359.0, 0),
            ("basic.ecg.imp_rr", 1760, 32_155.0, 0),
            ("basic.spo2.SpO2", 1760, 175_879.44, 0),
            ("basic.spo2.pr", 1705, 138_611.0, 55),
            ("ext2.entropy.eeg_ent", 1538, None, 222),
            ("ext2.entropy.emg_ent", 1538, None, 222),
            ("ext2.entropy.bsr_ent", 1538, 0.0, 222),
        ],
    )
    def test_values(self, source: str, count: int, total: float | None, missing: int) -> None:
        found = observed(recording(), source)
        numbers = [one.value for one in found if isinstance(one.value, float)]
        assert (len(numbers), len(found) - len(numbers)) == (count, missing)
        assert total is None or sum(numbers) == pytest.approx(total)

    def test_ten_cuff_readings(self) -> None:
        for field in ("sys", "dia", "mean"):
            found = observed(recording(), f"basic.nibp.{field}")
            assert len(found) == 1760
            assert sum(not one.repeat for one in found) == 10
        new = [one.value for one in observed(recording(), "basic.nibp.sys") if not one.repeat]
        assert new == [87.0, 86.0, 91.0, 79.0, 94.0, 90.0, 85.0, 84.0, 90.0, 81.0]

    def test_what_is_not_measured_has_neither_a_value_nor_a_zero(self) -> None:
        silent = ("basic.co2", "basic.aa", "basic.t", "basic.p1", "basic.p2", "basic.o2", "basic.flow_vol", "ext3")
        assert not [
            e
            for e in recording()
            if isinstance(e, Observation) and e.channel.source.startswith(silent) and not isinstance(e.value, str)
        ]
