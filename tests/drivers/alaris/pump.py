"""Frames of real pumps and of a simulator, and a CRC of our own."""

import json

from tests.shared import capture

HELD = "!INF^8002-51733^A^HLD^0.00^ml/h^^0.969^ml^530.15^mmHg^00:04:09^EVENT^214725|DB9D\r"
"""A pump that an occlusion has stopped, as github:mdpnp/mdpnp (AlarisMITM.java) prints it, with its CRC."""

POLYNOMIAL = 0x1021


def crc(text: str) -> str:
    """CRC-16/CCITT-FALSE bit by bit, as the fact sheet describes it."""
    register = 0xFFFF
    for byte in text.encode("latin-1"):
        register ^= byte << 8
        for _ in range(8):
            register = (register << 1) ^ (POLYNOMIAL if register & 0x8000 else 0)
            register &= 0xFFFF
    return f"{register:04X}"


def frame(text: str) -> bytes:
    return f"!{text}|{crc(text)}\r".encode("latin-1")


def vectors() -> list[str]:
    """The frames of the capture."""
    loaded = json.loads(capture("small-devices", "alaris_vectors.json").read_text())
    return [one["frame"] for one in loaded if "frame" in one]
