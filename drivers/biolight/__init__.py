"""Biolight patient monitors, HL7 2.3.1 on TCP port 51000."""

from collector.driver import DriverSpec, Evidence, Line, Model
from drivers.biolight import tables
from drivers.biolight.options import Options
from drivers.biolight.session import SENDS, BiolightSession
from drivers.biolight.simulator import Simulator

SPEC = DriverSpec(
    name="biolight",
    vendor="Biolight",
    title="Biolight monitors (HL7 2.3.1)",
    models=(
        Model(name="Q5", evidence=Evidence.OTHER_IMPLEMENTATION),
        Model(name="P series (P15)", evidence=Evidence.ASSUMED),
    ),
    parts={
        "frames": Evidence.OTHER_IMPLEMENTATION,
        "dialogue": Evidence.OTHER_IMPLEMENTATION,
        "values": Evidence.OTHER_IMPLEMENTATION,
        "alarms": Evidence.ASSUMED,
        "identity": Evidence.OTHER_IMPLEMENTATION,
    },
    lines=(Line(scheme="tcp", port=51000),),
    options=Options,
    session=lambda options, _datagrams, standing: BiolightSession(options, standing),
    simulator=lambda simulated: Simulator(patient=simulated.patient, epoch_us=simulated.epoch_us),
    channels=tables.every,
    sends=SENDS,
)
