"""After an outage: a value or a sample that has lost its quality or its scale is not what was said."""

from dataclasses import replace

import numpy as np
import pytest

from collector.model import Quality, WavePiece
from collector.series import Points
from collector.verify.outage import as_said, is_as_said
from collector.verify.script import Script
from tests.journal.entries import T0_US

SCRIPT = Script("B", T0_US)
VALUES = np.array([1.0, np.nan, 3.0])
POINTS = Points(
    series=SCRIPT.channels[0],
    time_us=np.array([1, 2, 3], np.int64),
    value=VALUES,
    quality=np.array(["valid", "not_available", "valid"]),
    demo=np.zeros(3, np.bool_),
)


def test_values_keep_their_quality() -> None:
    assert as_said(POINTS)[0].tolist() == [1, 2, 3]
    assert as_said(replace(POINTS, quality=np.array(["valid", "valid", "valid"])))[0].tolist() == [1, 3]
    assert as_said(replace(POINTS, quality=np.array(["invalid", "not_available", "valid"])))[1].tolist()[1:] == [3.0]
    assert as_said(replace(POINTS, demo=np.array([False, False, True])))[0].tolist() == [1, 2]


@pytest.mark.parametrize("fields", [{"scale": 0.05}, {"offset": 0.0}, {"quality": Quality.INVALID}, {"demo": True}])
def test_samples_keep_what_gives_them_a_meaning(fields: dict[str, object]) -> None:
    (piece, *_) = (entry for entry in SCRIPT.series(0) if isinstance(entry, WavePiece))
    assert is_as_said(piece)
    assert not is_as_said(replace(piece, **fields))  # type: ignore[arg-type]
