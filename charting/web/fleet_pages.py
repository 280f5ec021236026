"""The page of the fleet."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from charting.fleet.judge import DISK_BAD, DISK_WARN, OLD_US
from charting.fleet.state import SECOND_US, Heard, Level
from charting.web.api.fleet import BedOut, get_fleet
from charting.web.context import Here
from charting.web.shell import page

router = APIRouter(include_in_schema=False)

FILTERS = ("all", "troubled", "silent", "used", "version")
RUN_OLD_US = {"backup": 26 * 3600 * SECOND_US, "restore_test": 35 * 24 * 3600 * SECOND_US}
"""As the alerts have it: no backup of today; a month without a trial."""
CLIENT_NOW_US = 180 * SECOND_US
"""A browser that was seen so lately has a page open."""

_KB = 1024.0


@router.get("/fleet")
def fleet_page(
    here: Here,
    request: Request,
    show: Annotated[Literal["all", "troubled", "silent", "used", "version"], Query()] = "all",
    text: Annotated[str, Query(max_length=100)] = "",
) -> Response:
    """`show`: only such beds; `text`: in the name of the bed, of a device, or in its version."""
    fleet = get_fleet(here)
    return page(
        here,
        request,
        "fleet.html",
        still=True,
        fleet=fleet,
        beds=[bed for bed in fleet.beds if _is_wanted(bed, show) and text.casefold() in _words(bed)],
        counts={each: sum(_is_wanted(bed, each) for bed in fleet.beds) for each in FILTERS},
        show=show,
        text=text,
        size=size,
        span=span,
        old_s=OLD_US // SECOND_US,
        run_old_us=RUN_OLD_US,
        client_now_us=CLIENT_NOW_US,
        disk_warn=DISK_WARN,
        disk_bad=DISK_BAD,
    )


def _is_wanted(bed: BedOut, show: str) -> bool:
    return {
        "all": True,
        "troubled": bed.level in {Level.BAD, Level.WARN},
        "silent": bed.heard is not Heard.HEARD,
        "used": bed.used,
        "version": bool(bed.gateway.version) and bed.gateway.skew != 0,
    }[show]


def _words(bed: BedOut) -> str:
    devices = (f"{device.name} {device.model}" for device in bed.devices)
    return " ".join([bed.bed, bed.name, bed.gateway.version, *devices]).casefold()


def size(amount: float) -> str:
    """Bytes as people write them."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if amount < _KB:
            return f"{amount:.0f} {unit}" if amount >= 10 or unit == "B" else f"{amount:.1f} {unit}"
        amount /= _KB
    return f"{amount:.1f} TiB"


def span(seconds: float) -> str:
    """A time as its two largest units."""
    whole = round(seconds)
    for unit, long, small, short in (("d", 86_400, "h", 3_600), ("h", 3_600, "min", 60), ("min", 60, "s", 1)):
        if whole >= long:
            rest = whole % long // short
            return f"{whole // long} {unit} {rest} {small}" if rest else f"{whole // long} {unit}"
    return f"{seconds * 1000:.0f} ms" if 0 < seconds < 1 else f"{max(0, whole)} s"
