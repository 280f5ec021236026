"""What a document says is still given: without a time of stopping. Pure."""

from collections.abc import Iterator

from charting.case.state import Case, Document, Item
from charting.templates.template import Template
from charting.trail.contents import Infusion, Volume, Warming

_THEATRE = frozenset({"or", "offsite"})


Given = Infusion | Volume | Warming


def running(document: Document) -> Iterator[tuple[Item, Given]]:
    """Infusions, gases and vapours without a stop, what flows in or warms without an end: an output is of a moment."""
    for item in document.items.values():
        match item.content:
            case Infusion(stop_us=None) | Volume(way="in", end_us=None) | Warming(end_us=None) as content:
                yield item, content


def due_us(case: Case, template: Template | None) -> int | None:
    """When what an anaesthetic's document says was given ended at the latest: as the anaesthesia did. None: not told,
    or another document, as an ICU's, in which it may go on.
    """
    if template is None or template.grid is None or _THEATRE.isdisjoint(template.grid.areas):
        return None
    ended = case.event("t_anes_end")
    return ended.at_us if ended else None


def last_us(content: Given) -> int:
    """Until when it is known to have been given."""
    if isinstance(content, Infusion):
        return max((rate.at_us for rate in content.rates), default=0)
    return content.start_us
