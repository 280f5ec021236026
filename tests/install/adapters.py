"""Serial adapters as the kernel shows them in /sys, for udev to name."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from tests.install.machine import inside

PCI = "devices/pci0000:00/0000:00:14.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapter:
    """An adapter in a socket of a USB controller: "2" or, behind a hub, "2.3"; `ports` of them on one interface."""

    socket: str
    vendor: str
    model: str
    driver: str
    about: dict[str, str]
    ports: int = 1


def names(root: Path, adapters: list[Adapter]) -> list[set[str]]:
    """The links in /dev/vitalsd of each port, by the udev of a root. ModemManager is kept from all of them."""
    sysfs = root / "sys"
    _device(sysfs, PCI, "bus/pci", "xhci_hcd")
    _device(sysfs, f"{PCI}/usb1", "bus/usb", "usb", "DEVTYPE=usb_device", idVendor="1d6b", idProduct="0002")
    ttys: list[str] = []
    for one in adapters:
        place = f"{PCI}/usb1/1-{one.socket}"
        _device(sysfs, place, "bus/usb", "usb", "DEVTYPE=usb_device",
                idVendor=one.vendor, idProduct=one.model, **one.about)  # fmt: skip
        interface = f"{place}/1-{one.socket}:1.0"
        _device(sysfs, interface, "bus/usb", one.driver, "DEVTYPE=usb_interface", bInterfaceNumber="00",
                bInterfaceClass="ff", bInterfaceSubClass="01", bInterfaceProtocol="02")  # fmt: skip
        for port in range(one.ports):
            name = f"ttyUSB{len(ttys)}"
            _device(sysfs, f"{interface}/{name}", "bus/usb-serial", one.driver, port_number=str(port))
            _device(sysfs, f"{interface}/{name}/tty/{name}", "class/tty", "",
                    f"MAJOR=188\nMINOR={len(ttys)}\nDEVNAME={name}")  # fmt: skip
            ttys.append(f"/sys/{interface}/{name}/tty/{name}")
    told = [
        inside(root, "udevadm", "test", "--action=add", tty, env={"SYSTEMD_DEVICE_VERIFY_SYSFS": "0"}) for tty in ttys
    ]
    assert all("ID_MM_DEVICE_IGNORE=1" in text for text in told), told
    return [set(re.findall(r"/dev/vitalsd/([^\s']+)", text)) for text in told]


def _device(sysfs: Path, place: str, subsystem: str, driver: str, event: str = "", **about: str) -> None:
    folder, kind = sysfs / place, sysfs / subsystem
    for path in (folder, kind):
        path.mkdir(parents=True, exist_ok=True)
    (folder / "subsystem").symlink_to(os.path.relpath(kind, folder))
    if driver:
        handler = kind / "drivers" / driver
        handler.mkdir(parents=True, exist_ok=True)
        (folder / "driver").symlink_to(os.path.relpath(handler, folder))
    (folder / "uevent").write_text(f"{event}\n")
    for name, value in about.items():
        (folder / name).write_text(f"{value}\n")
