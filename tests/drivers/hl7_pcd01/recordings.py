"""Byte streams of HL7 PCD-01 for the shared contract suite."""

from collector.hl7.mllp import frame
from tests.drivers.hl7_pcd01.link import captured
from tests.shared import Recording

NAMES = (
    ("comen", "nc5_spot_check_wire_2026.hl7"),
    ("comen", "nc5_adt_a08.hl7"),
    ("comen", "nc5_qry_r02_patient.hl7"),
    ("mindray-other", "vs8_qbp_zv1_query.hl7"),
    ("ihe-pcd", "draeger_watchdog_pcd04_2019.hl7"),
    ("ihe-pcd", "philips_example_wave_excerpt_2021.hl7"),
    ("mindray-egateway", "oru_r40_alarm_v26_sim.hl7"),
    ("synthetic", "pcd01_monitor.hl7"),
    ("synthetic", "pcd01_wave.hl7"),
    ("synthetic", "pcd04_1_start.hl7"),
    ("synthetic", "pcd04_2_paused.hl7"),
    ("synthetic", "pcd04_3_end.hl7"),
    ("synthetic", "wato_pcd01.hl7"),
)


def _waves() -> bytes:
    """The first half of a message of 29 waves, to its last whole segment."""
    whole = captured("mindray-egateway", "oru_r01_waveform_v26_sim.hl7")
    segments, end, _ = whole[1:20_000].rpartition(b"\r")
    return frame(segments + end)


def recordings() -> list[Recording]:
    return [
        Recording(name="samples", chunks=tuple(captured(*name) for name in NAMES)),
        Recording(name="waves", chunks=(_waves(),)),
    ]
