"""What may be sent to pumps: seven commands that read, and the courtesies of the link. There is nothing else.

Every outgoing byte of this driver is made here, from members of these enumerations (small-devices §13).
"""

import re
from collections.abc import Sequence
from enum import Enum

from drivers.fresenius.frames import encode


class Command(Enum):
    """The commands that a logger may use. MO, PO, PR, PB, RV, EP and the others that set are not here."""

    CONNECT = b"DC"
    DISCONNECT = b"FC"
    READ = b"LE"
    READ_FIXED = b"LF"
    REPORT = b"DE"
    REPORT_NOTHING = b"AE"
    READ_DRUG = b"LP"


class Courtesy(Enum):
    """Answers to the device: it was right; the check was wrong; I am alive."""

    ACK = b"\x06"
    NAK_CHECK = b"\x152"
    ALIVE = b"\x14"


class Address(Enum):
    """Whom a frame is for: a pump without a base has no address."""

    ALONE = b""
    BASE = b"0"
    MODULE_1 = b"1"
    MODULE_2 = b"2"
    MODULE_3 = b"3"
    MODULE_4 = b"4"
    MODULE_5 = b"5"
    MODULE_6 = b"6"
    MODULE_7 = b"7"
    MODULE_8 = b"8"

    @property
    def text(self) -> str:
        return self.value.decode()


class Variable(Enum):
    ALARM = b"a"
    MODULES_OR_TYPE = b"b"
    RATE = b"d"
    ERROR = b"e"
    BOLUS_RATE = b"k"
    MODE = b"m"
    VOLUME = b"r"
    BOLUS_VOLUME = b"s"


MODULES = (
    Address.MODULE_1, Address.MODULE_2, Address.MODULE_3, Address.MODULE_4, Address.MODULE_5, Address.MODULE_6,
    Address.MODULE_7, Address.MODULE_8,
)  # fmt: skip
"""In the order of the bits of variable b."""


def framed(command: Command, address: Address, variables: Sequence[Variable] = ()) -> bytes:
    """A command's frame. Raises ValueError for variables of a command that takes none, and the other way round."""
    if bool(variables) != (command in {Command.READ, Command.READ_FIXED, Command.REPORT}):
        raise ValueError(f"{command} takes {'no ' * bool(variables)}variables")
    body = address.value + command.value
    if variables:
        body += b";" + b"".join(variable.value for variable in variables)
    return encode(body)


def acknowledgement(address: Address) -> bytes:
    """The answer to a spontaneous message E of that address."""
    return encode(address.value + b"E")


SENDS = re.compile(rb"(?:\x02[0-8]?(?:DC|FC|AE|LP|E|LF;b|(?:LE|DE);[abdeikmrs]+)[0-9A-F]{2}\x03|\x06|\x152|\x14)*")
IDENTIFICATION = (
    framed(Command.CONNECT, Address.BASE),
    framed(Command.READ, Address.BASE, (Variable.MODULES_OR_TYPE,)),
    framed(Command.CONNECT, Address.ALONE),
    framed(Command.READ_FIXED, Address.ALONE, (Variable.MODULES_OR_TYPE,)),
)
