"""Getinge (Maquet) Servo ventilators: the computer interface (CIE) of Servo-i and Servo-s, and its descendants."""

import re

from collector.driver import DriverSpec, Evidence, Line, Model
from drivers.servo import tables
from drivers.servo.alarms import HIGH, SILENCED_ALARMS
from drivers.servo.decoder import PHASE, STATE
from drivers.servo.options import Options
from drivers.servo.session import ServoSession
from drivers.servo.simulator import ServoSimulator

_EXTENDED = rb"RCTY|RHVE|SPVE\d{3}|RCCO|RSEN|RSWV|RTIM|RPAI|SDAD[CBSE](?:\d{3}){0,50}|RADA[BSE]|RADC|RALO"

SPEC = DriverSpec(
    name="servo",
    vendor="Getinge (Maquet)",
    title="Getinge / Maquet Servo computer interface (CIE)",
    models=(
        Model(name="Servo-i, Servo-s (stream of flow, rate, peak pressure, O2)", evidence=Evidence.REAL_CAPTURE),
        Model(name="Servo-i, Servo-s", evidence=Evidence.VENDOR_DOCUMENT),
        Model(name="Servo-u, Servo-n, Servo-air (SCI), Flow-i (FCI)", evidence=Evidence.ASSUMED),
    ),
    parts={
        "frames": Evidence.REAL_CAPTURE,
        "dialogue": Evidence.VENDOR_DOCUMENT,
        "values": Evidence.REAL_CAPTURE,
        "settings": Evidence.VENDOR_DOCUMENT,
        "alarms": Evidence.VENDOR_DOCUMENT,
        "waves": Evidence.REAL_CAPTURE,
        "identity": Evidence.VENDOR_DOCUMENT,
    },
    lines=(
        Line(
            scheme="serial",
            settings={"baud": "9600", "bytesize": "8", "parity": "E", "stopbits": "1"},
            speeds=(19200,),
        ),
    ),
    options=Options,
    session=lambda options, _, standing: ServoSession(options, standing),
    simulator=ServoSimulator,
    silence_s=10.0,
    parameters=tables.parameters(),
    channels=lambda: (*tables.channels(), STATE, PHASE, HIGH, SILENCED_ALARMS),
    brief={"waves": ()},
    identification=(b"\x1bHO\x04", b"RCTY1C\x04", b"RSEN0A\x04", b"HO\x04"),
    sends=re.compile(rb"(?:\x1b|HO\x04|(?:" + _EXTENDED + rb")[0-9A-F]{2}\x04)*", re.DOTALL),
)
