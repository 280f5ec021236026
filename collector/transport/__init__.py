"""Ways that bytes come and go. Each opens its own kind of port; the runner does not know which."""

from collector.transport.base import Port, Transport
from collector.transport.net import open_tcp, open_tcp_listen, open_udp
from collector.transport.serial import open_serial

_OPEN = {"serial": open_serial, "tcp": open_tcp, "tcp-listen": open_tcp_listen, "udp": open_udp}


async def open_port(port: Port) -> Transport:
    """Open a live port. Raises LinkError with a cause that an engineer can act on."""
    return await _OPEN[port.scheme](port)
