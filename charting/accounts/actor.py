"""Who acts: a signed-in person."""

from dataclasses import dataclass

INTERFACE = "interface"
"""The role of the hospital's other systems: no account has it."""

ROLES = (
    "anaesthetist", "surgeon", "or_nurse", "pacu_nurse", "icu_nurse", "head", "quality", "engineer", "administrator",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """`account` is what the audit trail keeps, `name` what people read; `roles` are names of ROLES."""

    account: str
    name: str
    roles: frozenset[str]


HIS = Actor(account="his", name="HIS", roles=frozenset({INTERFACE}))
"""Who acts when a message of the hospital does."""
