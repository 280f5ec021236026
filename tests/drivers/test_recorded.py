"""Records of numbers as patients: read as the wfdb package reads them, and refused where they are something else."""

from pathlib import Path

import numpy as np
import pytest
import wfdb

from collector.errors import UsageError
from drivers.patient import Patient
from drivers.recorded import Recorded, patient, read
from tests.shared import capture

RECORD = "s00001-2896-10-10-00-31n"
FIELDS = {
    "HR": "ecg_rate_per_min",
    "ABPSys": "art_sys_mmhg",
    "ABPDias": "art_dia_mmhg",
    "ABPMean": "art_mean_mmhg",
    "PULSE": "pulse_rate_per_min",
    "RESP": "resp_rate_per_min",
    "SpO2": "spo2_pct",
}
LINE = "x.dat 16 10/bpm 16 0 0 0 0 HR"


def known() -> tuple[Recorded, dict[str, np.ndarray]]:
    """The real record, and its columns by the package; NaN: no value (0 too, by its SOURCES.md)."""
    file = capture("waveforms", f"{RECORD}.hea").with_suffix("")
    told = wfdb.rdrecord(str(file))
    columns = {
        name: np.where(told.p_signal[:, n] == 0, np.nan, told.p_signal[:, n]) for n, name in enumerate(told.sig_name)
    }
    found = patient(f"wfdb:{file}")
    assert isinstance(found, Recorded)
    return found, columns


@pytest.mark.parametrize("within_s", [0.0, 0.1, 59.9])
def test_each_number_holds_for_its_minute(within_s: float) -> None:
    found, columns = known()
    shown = [found.vitals(60.0 * minute + within_s) for minute in range(1936)]
    for name, field in FIELDS.items():
        np.testing.assert_allclose([getattr(v, field) for v in shown], columns[name], err_msg=name)
    missing = {name: int(np.isnan(columns[name]).sum()) for name in ("HR", "RESP", "SpO2")}
    assert missing == {"HR": 46, "RESP": 45, "SpO2": 363}
    assert all(np.isnan([v.temp_core_cel, v.etco2_pct, v.tidal_volume_ml, v.art_rate_per_min]).all() for v in shown)
    assert np.isnan(found.vitals(1936 * 60.0).ecg_rate_per_min)


def test_each_cuff_pressure_was_measured_in_its_own_minute_and_stays_the_last_one() -> None:
    found, columns = known()
    measured: dict[int, tuple[float, float, float]] = {}
    assert found.cuff(0.0) is None
    for minute in range(1936):
        cuff = found.cuff(60.0 * minute + 59.9)
        if cuff is not None:
            assert cuff.time_s % 60 == 30
            measured.setdefault(int(cuff.time_s // 60), (cuff.sys_mmhg, cuff.dia_mmhg, cuff.mean_mmhg))
    cuffs = np.stack([columns[name] for name in ("NBPSys", "NBPDias", "NBPMean")], axis=1)
    assert len(measured) == 152
    assert measured == {int(n): tuple(cuffs[n]) for n in np.flatnonzero(~np.isnan(cuffs).all(axis=1))}


@pytest.mark.parametrize(("record", "told"), [("03700181", "waves"), ("100", "waves"), ("none", "No such file")])
def test_other_records_are_refused(record: str, told: str) -> None:
    folder = capture("waveforms")
    with pytest.raises(UsageError, match=told) as caught:
        patient(f"wfdb:{folder / record}")
    assert record in str(caught.value)


@pytest.mark.parametrize(
    ("header", "data", "told"),
    [
        ("", b"", "not the header"),
        ("\x89PNG", b"", "not the header"),
        ("x 1 0.0166 2\nx.dat 16 0/bpm 16 0 0 0 0 HR", b"", "not the header"),
        ("x 1 0.0166 1000000000000\n" + LINE, b"", "1 signals of 1000000000000 samples"),
        ("x 3 0.0166 2\n" + LINE, b"", "1 signals of 2 samples"),
        ("x 1 0.0166 2\n" + LINE.replace(" 16 10", " 212 10"), b"", "format 16"),
        ("x 2 0.0166 2\n" + LINE + "\n" + LINE.replace("x.dat", "y.dat"), b"", "one file"),
        ("x 1 0.0166 2\n" + LINE.replace("HR", "EEG"), b"", "no signal that can be played"),
        ("x 1 0.0166 2\n" + LINE, b"123", "3 bytes; its header says 4"),
        ("x 1 0.0166 2\n" + LINE.replace("x.dat", "/etc/none.dat"), b"1234", "none.dat: No such file"),
    ],
)
def test_what_is_no_record_of_numbers_is_refused(tmp_path: Path, header: str, data: bytes, told: str) -> None:
    (tmp_path / "x.hea").write_text(header, encoding="latin-1")
    (tmp_path / "x.dat").write_bytes(data)
    with pytest.raises(UsageError, match=told):
        read(tmp_path / "x")


def test_gain_and_baseline_are_the_headers(tmp_path: Path) -> None:
    (tmp_path / "x.hea").write_text("x 1 0.1/125 3\nx.dat 16 4(-100)/bpm 16 7 0 0 0 HR\n# note\n", encoding="utf-8")
    (tmp_path / "x.dat").write_bytes(np.array([100, 0, -32768], "<i2").tobytes())
    numbers = read(tmp_path / "x.hea")
    assert numbers.period_s == 10.0
    np.testing.assert_array_equal(numbers.signals["HR"], [50.0, np.nan, np.nan])


def test_a_scenario_is_a_simulated_patient() -> None:
    assert type(patient("bleeding", 3)) is Patient
    with pytest.raises(UsageError, match="wfdb:FILE"):
        patient("no such")
