"""What goes wrong, as an OperationOutcome. Pure."""

from charting.fhir.terms import Json


class Wrong(Exception):  # noqa: N818  an answer, not an error
    """An answer that is not what was asked for. `code`: of FHIR's IssueType; `text`: in English, of no patient."""

    def __init__(self, status: int, code: str, text: str, *, retry_s: int = 0) -> None:
        super().__init__(text)
        self.status = status
        self.code = code
        self.text = text
        self.retry_s = retry_s


def outcome(code: str, text: str, severity: str = "error") -> Json:
    return {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": severity, "code": code, "diagnostics": text}],
    }
