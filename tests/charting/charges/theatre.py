"""A department with a case in theatre that is to be charged."""

from typing import Any

from charting.trail.contents import Bolus, Coded, Consumable, Event
from tests.charting.charges.scenes import term
from tests.charting.web.hospital import MINUTE_US, Hospital

SUFENTANIL = "D011"


def recorded(**more: Any) -> Hospital:
    """A record of 45 min that can be signed: sufentanil 60 ug, two tubes, a set that no catalogue has."""
    made = Hospital(**more)
    made.recorded(emergency=True)
    ann, at_us = made.actor("anaesthetist"), made.clock.at_us - 50 * MINUTE_US

    def put(document: str, item: str, content: Any) -> None:
        made.desk.set(ann, "c1", document=document, item=item, after=0, content=content)

    put("", "t", Coded(use="technique", term=term("techniques", "1")))
    put("", "s", Event(key="t_anes_start", at_us=at_us))
    put("", "e", Event(key="t_anes_end", at_us=at_us + 45 * MINUTE_US))
    for n, dose in enumerate((20.0, 40.0)):
        put("d1", f"b{n}", Bolus(drug=term("drugs", SUFENTANIL), dose=dose, unit="ug", route="iv", at_us=at_us))
    put("d1", "m", Consumable(term=term("consumables", "M01"), n=2, at_us=at_us))
    put("d1", "x", Consumable(term=term("consumables", "M20"), n=1, at_us=at_us))
    return made
