"""What a person is asked about before he signs a document or closes a case: what still runs."""

import json
from collections.abc import Iterable, Mapping, Sequence

from charting.case.authority import may_edit
from charting.case.running import Given, due_us, last_us, running
from charting.case.state import Case, Document, Item
from charting.trail.contents import Infusion
from charting.trail.entries import content_json
from charting.web.context import Context
from charting.web.quick import NOW


def still_running(here: Context, case: Case, documents: Iterable[Document]) -> Sequence[Mapping[str, object]]:
    """One line for each: `stop` ends it as the anaesthesia ended, or now (`at_us` None); "" where he may not."""
    found: list[Mapping[str, object]] = []
    for document in documents:
        template = here.template(document)
        due = due_us(case, template)
        for item, content in running(document):
            at_us = due if due is not None and due >= last_us(content) else None
            found.append(
                {
                    "id": item.id,
                    "document": document.id,
                    "title": here.words.of(template),
                    "text": here.say.content(content),
                    "at_us": at_us,
                    "stop": stop_body(item, content, at_us)
                    if may_edit(here.actor, case, document, template, item)
                    else "",
                }
            )
    return found


def stop_body(item: Item, content: Given, at_us: int | None = None) -> str:
    """The request that ends it; None: when it is sent."""
    name = "stop_us" if isinstance(content, Infusion) else "end_us"
    ended = {**content_json(content), name: NOW if at_us is None else at_us}
    return json.dumps({"after": item.number, "content": ended}, ensure_ascii=False)
