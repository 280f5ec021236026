"""What a token allows: SMART scopes of version 2, version 1 accepted. Pure.

`system/Observation.rs` all patients', `patient/Observation.rs` those of the one whom the token is bound to; `*` every
type. `.read` is `.rs`, `.write` is `.cud`. `inbox.write`: to send the hospital's events to the inbox.
"""

import re
from collections.abc import Collection

from charting.fhir.kinds import KINDS

INBOX = "inbox.write"
TYPES = (*KINDS, "Binary", "Subscription", "SubscriptionTopic")
_V1 = {"read": "rs", "write": "cud", "*": "cruds"}
_FORM = re.compile(r"(system|patient)/([A-Za-z]+|\*)\.(\*|read|write|c?r?u?d?s?)")
MOST = 100
"""Scopes of a token."""


def wrong(scopes: Collection[str]) -> list[str]:
    """Those that mean nothing here."""
    return [scope for scope in scopes if scope != INBOX and not _readable(scope)]


def allows(scopes: Collection[str], kind: str, act: str) -> bool:
    """`act`: c, r, u, d or s (search)."""
    for scope in scopes:
        found = _FORM.fullmatch(scope)
        if found and found[2] in {kind, "*"} and act in _V1.get(found[3], found[3]):
            return True
    return False


def bound(scopes: Collection[str]) -> bool:
    """Whether they need a patient to be bound to."""
    return any(scope.startswith("patient/") for scope in scopes)


def _readable(scope: str) -> bool:
    found = _FORM.fullmatch(scope)
    return found is not None and bool(found[3]) and found[2] in {*TYPES, "*"}
