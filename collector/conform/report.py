"""What the kit found of a driver."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from collector.driver import DriverSpec


class Status(StrEnum):
    """`not_checked`: the driver or this machine lacks what the check needs; the detail says what."""

    HELD = "held"
    FAILED = "failed"
    NOT_CHECKED = "not checked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check: `detail` says what was tried, or what was wrong and where."""

    name: str
    status: Status
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All checks of a driver, beside what it declares of its evidence."""

    spec: DriverSpec
    checks: Sequence[Check]

    @property
    def held(self) -> bool:
        return all(check.status is not Status.FAILED for check in self.checks)

    def text(self) -> str:
        spec = self.spec
        lines = [f"{spec.name}: {spec.vendor}, {spec.title}", "", "  how well each part is known"]
        lines += [f"    {part:<12} {evidence}" for part, evidence in spec.parts.items()]
        lines += ["", "  models"]
        lines += [f"    {model.name}: {model.evidence}" for model in spec.models]
        lines += ["", "  checks"]
        lines += [f"    {check.status:<12} {check.name:<12} {check.detail}" for check in self.checks]
        failed = sum(check.status is Status.FAILED for check in self.checks)
        return "\n".join([*lines, "", f"{len(self.checks)} checks, {failed} failed"])

    def json(self) -> str:
        spec = self.spec
        found = {
            "driver": spec.name,
            "vendor": spec.vendor,
            "title": spec.title,
            "held": self.held,
            "parts": spec.parts,
            "models": [{"name": model.name, "evidence": model.evidence} for model in spec.models],
            "checks": [{"name": one.name, "status": one.status, "detail": one.detail} for one in self.checks],
        }
        return json.dumps(found, ensure_ascii=False, indent=2)
