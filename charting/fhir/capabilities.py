"""What can be asked, as a CapabilityStatement: from the tables that answer it. Pure."""

from collections.abc import Mapping

from charting.fhir.kinds import COMMON, KINDS, Param
from charting.fhir.records import MOST, RECENT_US
from charting.fhir.release import Release
from charting.fhir.scopes import TYPES
from charting.fhir.subscription import JSON
from charting.fhir.terms import HL7, Json, coding, concept
from charting.fhir.topics import TOPICS

INTERACTIONS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(KINDS, ("read", "search-type")),
    "Binary": ("read",),
    "Subscription": ("read", "search-type", "create", "delete"),
    "SubscriptionTopic": ("read", "search-type"),
}
OPERATIONS: Mapping[str, tuple[str, ...]] = {
    "Observation": ("lastn",),
    "Patient": ("everything",),
    "Encounter": ("everything",),
    "Subscription": ("status", "events"),
}
_DEFINED = {
    "lastn": "http://hl7.org/fhir/OperationDefinition/Observation-lastn",
    "everything": "http://hl7.org/fhir/OperationDefinition/{kind}-everything",
    "status": "http://hl7.org/fhir/OperationDefinition/Subscription-status",
    "events": "http://hl7.org/fhir/OperationDefinition/Subscription-events",
}
_HOURS = RECENT_US // 3_600_000_000
_ABOUT = (
    f"Cases of an anaesthesia department; values as they are charted. Each case has a Patient of its own; the same "
    f"person has the same identifier. A search without patient, encounter or date looks at cases of the last {_HOURS} "
    f"hours, at most {MOST}. What is not known in a search is left out and said so; with Prefer: handling=strict it "
    f"is an error."
)


def statement(release: Release, *, base: str, site: str, version: str, date: str) -> Json:
    resources = [_resource(name) for name in INTERACTIONS]
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": date,
        "kind": "instance",
        "software": {"name": "vitalsd charting", "version": version},
        "implementation": {"description": site, "url": base},
        "fhirVersion": release.full,
        "format": [JSON, "json"],
        "rest": [
            {
                "mode": "server",
                "documentation": _ABOUT,
                "security": {
                    "cors": False,
                    "service": [concept(coding(f"{HL7}/restful-security-service", "OAuth"))],
                    "description": "A bearer token that an administrator makes, with SMART scopes: "
                    + ", ".join(f"system/{name}.rs" for name in TYPES[:2])
                    + ", …",
                },
                "resource": resources,
            }
        ],
    }


def smart() -> Json:
    """`.well-known/smart-configuration`: there is no authorization server; tokens are made by people."""
    return {
        "grant_types_supported": [],
        "scopes_supported": [f"system/{name}.{'cruds' if name == 'Subscription' else 'rs'}" for name in TYPES],
        "capabilities": ["permission-v1", "permission-v2"],
    }


def _resource(name: str) -> Json:
    told: Json = {"type": name, "interaction": [{"code": code} for code in INTERACTIONS[name]]}
    kind = KINDS.get(name)
    if kind is not None:
        told["versioning"] = "no-version"
        told["searchInclude"] = [f"{name}:{param.name}" for param in kind.params if param.kind == "reference"]
        told["searchParam"] = [each for param in (*COMMON, *kind.params) for each in _params(param)]
        if not told["searchInclude"]:
            del told["searchInclude"]
    if name == "SubscriptionTopic":
        told["documentation"] = "; ".join(f"{topic.url}: {topic.about}" for topic in TOPICS.values())
    operations = [{"name": each, "definition": _DEFINED[each].format(kind=name)} for each in OPERATIONS.get(name, ())]
    if operations:
        told["operation"] = operations
    return told


def _params(param: Param) -> list[Json]:
    names = (param.name, *param.also)
    return [{"name": name, "type": param.kind, "documentation": param.about} for name in names]
