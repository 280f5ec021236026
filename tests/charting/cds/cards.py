"""Cards as services write them, and cases that have some."""

from typing import Any

from charting.trail.entries import CardInput, CardLink, CardReason, CardTold

UUID = "8f0e3f1e-6a50-4e6b-8f8e-6b3b5d9b7e01"


def card(**said: Any) -> dict[str, Any]:
    """A good card on the wire, but for what is said."""
    usual = {
        "uuid": UUID,
        "summary": "考虑核对剂量",
        "indicator": "warning",
        "source": {"label": "医院 CDSS", "topic": {"code": "opioid-dose", "version": "1.2"}},
    }
    return {**usual, **said}


def told(number: int = 1, **said: Any) -> CardTold:
    """A card as it is kept."""
    usual: dict[str, Any] = {
        "service": "cdss",
        "endpoint": "dose",
        "card": f"8f0e3f1e-6a50-4e6b-8f8e-6b3b5d9b7e{number:02}",
        "hook": "order-select",
        "reason": f"chosen:{number}",
        "rule": "opioid-dose",
        "version": "1.2",
        "indicator": "warning",
        "summary": f"考虑核对剂量 {number}",
        "source": "医院 CDSS",
        "asked_us": 1_795_501_000_000_000,
        "detail": "每千克 **8.3 µg**，上限 5 µg/kg。",
        "suggestions": ("改用 2 µg/kg",),
        "links": (CardLink(label="指南", url="https://guide.example/opioid"),),
        "reasons": (CardReason(code="tolerated", display="Tolerated before"),),
        "inputs": (CardInput(name="芬太尼", value="0.5 mg", at_us=1_795_500_960_000_000),),
    }
    return CardTold(**{**usual, **said})
