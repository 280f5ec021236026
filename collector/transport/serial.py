"""Serial lines. The only file that opens a serial port."""

import asyncio
import contextlib
import termios

import serial
import serial_asyncio_fast

from collector.errors import LinkError
from collector.transport.base import READ_BYTES, Port, Transport

_DEFAULTS = {"baud": "9600", "parity": "N", "bytesize": "8", "stopbits": "1", "rtscts": "0"}


class SerialTransport:
    """A serial line, opened exclusively. Flow control by bytes stays off: XON and XOFF are data to some protocols."""

    datagrams = False

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def read(self) -> bytes:
        try:
            return await self._reader.read(READ_BYTES)
        except (OSError, serial.SerialException, termios.error) as error:
            raise LinkError(f"the serial adapter has gone: {error}") from error

    async def write(self, data: bytes) -> None:
        try:
            self._writer.write(data)
            await self._writer.drain()
        except (OSError, serial.SerialException, termios.error) as error:
            raise LinkError(f"the serial adapter has gone: {error}") from error

    async def close(self) -> None:
        with contextlib.suppress(OSError, serial.SerialException, termios.error):
            line = self._writer.transport
            if not line.is_closing():  # a device that holds CTS takes nothing more: what it did not take is dropped
                line.get_extra_info("serial").reset_output_buffer()
                line.abort()
            await self._writer.wait_closed()


async def open_serial(port: Port) -> Transport:
    """Open with the port's settings over 9600 8N1. Raises LinkError."""
    settings = {**_DEFAULTS, **port.settings}
    try:
        reader, writer = await serial_asyncio_fast.open_serial_connection(
            url=port.path,
            baudrate=int(settings["baud"]),
            bytesize=int(settings["bytesize"]),
            parity=settings["parity"],
            stopbits=float(settings["stopbits"]),
            rtscts=settings["rtscts"] == "1",
            exclusive=True,
        )
    except (OSError, ValueError, serial.SerialException, termios.error) as error:
        raise LinkError(_why(port.path, error)) from error
    return SerialTransport(reader, writer)


def _why(path: str, error: Exception) -> str:
    text = str(error)
    if "No such file" in text:
        return f"{path} is not there: adapter unplugged, or another name under /dev/serial/by-id"
    if "Permission denied" in text:
        return f"{path}: no permission: is the user in the group dialout?"
    if "lock" in text or "busy" in text:
        return f"{path} is in use by another program"
    return f"{path}: {text}"
