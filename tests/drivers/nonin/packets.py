"""Packets written out by the table of the fact sheet (small-devices §5), without the driver."""

PLACES = {"spo2": 2, "firmware": 3, "flags": 7, "spo2_d": 8, "fast": 9, "beat": 10, "spo2_8": 15, "spo2_8_d": 16}
RATES = {"hr": (0, 1), "hr_8": (13, 14), "hr_d": (19, 20), "hr_8_d": (21, 22)}


def packet(
    *,
    status: int = 0x02,
    pleth: int = 0x8000,
    spo2: int = 97,
    rate: int = 72,
    flags: int = 0x20,
    timer: tuple[int, int] = (0, 0),
    reserved: int = 0,
    statuses: dict[int, int] | None = None,
    variables: dict[str, int] | None = None,
) -> bytes:
    """25 frames; `statuses`: bits of single frames; `variables`: single values by their names in PLACES and RATES."""
    values = {
        **dict.fromkeys(("spo2", "spo2_d", "fast", "beat", "spo2_8", "spo2_8_d"), spo2),
        **dict.fromkeys(("hr", "hr_8", "hr_d", "hr_8_d"), rate),
        "firmware": 18,
        "flags": flags,
        **(variables or {}),
    }
    said = [0] * 25
    said[5], said[6] = timer
    said[11] = reserved
    for name, value in values.items():
        if name in RATES:
            high, low = RATES[name]
            said[high], said[low] = value // 128, value % 128
        else:
            said[PLACES[name]] = value
    out = b""
    for n in range(25):
        bits = 0x80 | (statuses or {}).get(n, status) | (1 if n == 0 else 0)
        sample = pleth + n
        frame = bytes((bits, sample // 256, sample % 256, said[n]))
        out += frame + bytes((sum(frame) % 256,))
    return out
