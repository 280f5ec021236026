"""Hamilton Medical ventilators on a serial line: polling protocol, and the block protocol as an experiment."""

import re
from collections.abc import Sequence

from collector.driver import DriverSpec, Evidence, Line, Model
from collector.model import AlarmCondition
from collector.session import Session
from drivers.hamilton import tables
from drivers.hamilton.block import ACTIVATION, BlockSession
from drivers.hamilton.frames import packet
from drivers.hamilton.options import Options
from drivers.hamilton.polling import CLOCK, FAST, FIRST, SLOW, PollingSession
from drivers.hamilton.simulator import Simulator


def _session(options: Options, _: bool, standing: Sequence[AlarmCondition]) -> Session:
    return BlockSession(standing) if options.protocol == "block" else PollingSession(options, standing)


_ASKED = b"".join(re.escape(bytes((one,))) for one in sorted({*FIRST, *FAST, *SLOW, *CLOCK}))

SPEC = DriverSpec(
    name="hamilton",
    vendor="Hamilton Medical",
    title="Hamilton polling (RS-232) and block protocol",
    models=(
        Model(name="Galileo, Raphael, G5 (polling)", evidence=Evidence.OTHER_IMPLEMENTATION),
        Model(name="C1, C2, C3, C6, T1, S1 (polling)", evidence=Evidence.ASSUMED),
        Model(name="C1, C2, C3, C6, T1, newer G5 and S1 (block, experimental)", evidence=Evidence.ASSUMED),
    ),
    parts={
        "frames": Evidence.OTHER_IMPLEMENTATION,
        "dialogue": Evidence.OTHER_IMPLEMENTATION,
        "values": Evidence.OTHER_IMPLEMENTATION,
        "settings": Evidence.OTHER_IMPLEMENTATION,
        "alarms": Evidence.ASSUMED,
        "identity": Evidence.OTHER_IMPLEMENTATION,
    },
    lines=(
        Line(
            scheme="serial",
            settings={"baud": "9600", "bytesize": "8", "parity": "E", "stopbits": "2"},
            speeds=(38400, 19200),
        ),
    ),
    options=Options,
    session=_session,
    simulator=Simulator,
    parameters=tables.parameters(),
    channels=tables.channels,
    brief={"poll_s": 5.0},
    identification=tuple(packet(bytes((one,))) for one in (tables.NUMBER, *tables.SOFTWARE)),
    sends=re.compile(rb"(?:\x02[" + _ASKED + rb"]\x03\r)*|(?:" + re.escape(ACTIVATION) + rb")*", re.DOTALL),
)
