"""What the panels of config/grafana ask, with their variables filled in as Grafana fills them."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DASHBOARDS = sorted((Path(__file__).parent.parent.parent / "config/grafana/dashboards").glob("*.json"))
_PERIOD = "now() - interval '1 hour'", "now() + interval '1 minute'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """`sql` is for TimescaleDB, else it is PromQL."""

    panel: str
    text: str
    sql: bool

    def of(self, bed: str) -> str:
        """The query about a bed, of the last hour and of rates over four seconds."""
        text = self.text.replace("$bed", bed).replace("$__rate_interval", "4s")
        first, last = _PERIOD
        text = re.sub(r"\$__timeFilter\((\w+)\)", rf"\1 between {first} and {last}", text)
        text = text.replace("$__timeFrom()", first).replace("$__timeTo()", last)
        text = re.sub(r"\$__timeGroup\((\w+), *'(\w+)'\)", r"time_bucket('\2', \1)", text)
        assert "$" not in text, f"{self.panel}: a variable that is not filled in: {text}"
        return text


def load(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


def asked() -> Iterator[Asked]:
    """By all panels of all dashboards."""
    for file in DASHBOARDS:
        for panel in load(file)["panels"]:
            for target in panel.get("targets", ()):
                sql = "rawSql" in target
                text = target["rawSql"] if sql else target["expr"]
                yield Asked(panel=f"{file.stem}: {panel['title']}", text=text, sql=sql)
