"""Philips IntelliVue monitors over UDP and RS-232 (fact sheet philips-intellivue)."""

from collector.driver import DriverSpec, Evidence, Line, Model
from drivers.philips_intellivue.codes import channels, parameters
from drivers.philips_intellivue.options import Options
from drivers.philips_intellivue.session import IntelliVueSession
from drivers.philips_intellivue.simulator import IntelliVueSimulator

SPEC = DriverSpec(
    name="philips-intellivue",
    vendor="Philips",
    title="IntelliVue Data Export",
    models=(
        Model(name="IntelliVue M8000 series", evidence=Evidence.REAL_CAPTURE),
        Model(name="IntelliVue MX800", evidence=Evidence.OTHER_IMPLEMENTATION),
        Model(name="IntelliVue MX and X series", evidence=Evidence.OTHER_IMPLEMENTATION),
    ),
    parts={
        "frames": Evidence.REAL_CAPTURE,
        "dialogue": Evidence.REAL_CAPTURE,
        "values": Evidence.REAL_CAPTURE,
        "alarms": Evidence.VENDOR_DOCUMENT,
        "waves": Evidence.REAL_CAPTURE,
        "identity": Evidence.REAL_CAPTURE,
    },
    lines=(
        Line(scheme="serial", settings={"baud": "115200", "bytesize": "8", "parity": "N", "stopbits": "1"}),
        Line(scheme="udp", port=24105),
    ),
    options=Options,
    session=IntelliVueSession,
    simulator=IntelliVueSimulator,
    parameters=parameters(),
    channels=channels,
    brief={
        "waves": (),
        "numerics": (
            "00024182",
            "0002500A",
            "00024A04",
            "00024A14",
            "00024BB8",
            "00024822",
            "00024BB0",
            "00024B60",
            "000250AC",
            "00025012",
        ),
    },
)
