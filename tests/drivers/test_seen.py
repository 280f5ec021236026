"""A patient as one device of the bed sees him."""

import numpy as np

from drivers.patient import Patient, Seen

AFTER_S = 4100.0
"""Within the hypotension of the scenario, 200 s after an inflation."""


def test_a_patient_from_a_time_on_is_the_same_patient() -> None:
    whole = Patient("anaesthetic", seed=3)
    seen = Seen(whole, AFTER_S)
    assert seen.vitals(60.0) == whole.vitals(AFTER_S + 60.0)
    np.testing.assert_array_equal(seen.wave("art", 1.0, 250, 125.0), whole.wave("art", AFTER_S + 1.0, 250, 125.0))
    beats = seen.beats(np.array([0.0, 60.0]))
    np.testing.assert_array_equal(beats, whole.beats(np.array([AFTER_S, AFTER_S + 60.0])))
    np.testing.assert_array_equal(seen.breaths(np.array([9.0])), whole.breaths(np.array([AFTER_S + 9.0])))


def test_an_inflation_from_before_is_not_told_anew() -> None:
    whole = Patient("anaesthetic")
    seen = Seen(whole, AFTER_S)
    assert seen.cuff(50.0) is None
    found, wanted = seen.cuff(150.0), whole.cuff(AFTER_S + 150.0)
    assert found is not None
    assert wanted is not None
    assert (found.time_s, found.sys_mmhg) == (100.0, wanted.sys_mmhg)


def test_a_device_without_a_cuff_measures_none() -> None:
    assert Seen(Patient(), cuffed=False).cuff(1000.0) is None
