"""Who acts: a signed-in person."""

from dataclasses import dataclass

ROLES = (
    "anaesthetist", "surgeon", "or_nurse", "pacu_nurse", "icu_nurse", "head", "quality", "engineer", "administrator",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """`account` is what the audit trail keeps, `name` what people read; `roles` are names of ROLES."""

    account: str
    name: str
    roles: frozenset[str]
