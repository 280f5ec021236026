"""Lines of real instruments, as others printed them. Line ends are the fact sheet's."""

_EMPTY = "SPCO=--.-% SPMET=--.-% DESAT=-- PIDELTA=+--"
RAD_8 = (
    f"02/24/18 04:48:53 SN=0000145838 SPO2=097% BPM=080 PI=04.96% {_EMPTY} ALARM=0000 EXC=000800",
    f"02/24/18 04:48:54 SN=0000145838 SPO2=097% BPM=081 PI=05.04% {_EMPTY} ALARM=0000 EXC=000800",
    f"02/24/18 04:48:55 SN=0000145838 SPO2=097% BPM=081 PI=05.04% {_EMPTY} ALARM=0000 EXC=000800",
)
RADICAL_7 = (
    "03/17/16 19:19:36 SN=---------- SPO2=098% BPM=123 PI=00.55 SPCO=--% SPMET=--.-% SPHB=--.- SPOC=-- RESVD=--- "
    "DESAT=-- PIDELTA=+-- PVI=--- ALARM=000000 EXC=0000C00 EXC1=00000000"
)
RADICAL_7_BLUE = (
    "05/15/07 08:12:21 SN=0000070986 SPO2=---% BPM=--- PI=--.--% SPCO=--.-% SPMET=--.-% DESAT=-- PIDELTA=+-- PVI=--- "
    "ALARM=0000 EXC=000000 "
)


def sent(*lines: str) -> bytes:
    return b"".join(line.encode("ascii") + b"\r\n" for line in lines)


def later(line: str, seconds: int) -> str:
    """The same line some seconds on, within its minute."""
    return line[:15] + f"{int(line[15:17]) + seconds:02d}" + line[17:]
