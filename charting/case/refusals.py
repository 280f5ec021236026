"""What the desk refuses, and in which words. The words never hold a patient's data."""

from collections.abc import Mapping, Sequence

from charting.case.state import Version
from charting.case.words import said


class Refusal(Exception):  # noqa: N818  no error of the program: a person is told
    """Nothing was changed. `key` is a row of words.csv, `params` what its text names."""

    def __init__(self, key: str, **params: str) -> None:
        super().__init__(key)
        self.key = key
        self.params: Mapping[str, str] = params

    def text(self, lang: str) -> str:
        """What a person reads, in zh or en."""
        return said(self.key, lang, self.params)


class NotAllowed(Refusal):
    """The actor has not the right; the attempt is kept in the audit trail."""


class Unknown(Refusal):
    """No such case, document, item, template."""


class Locked(Refusal):
    """The document is signed: only an approved unlock opens it again."""


class Impossible(Refusal):
    """What was told cannot be so, or not now."""


class Conflict(Refusal):
    """Somebody has changed the item since the writer saw it. `current`: its present version, None: there is none."""

    def __init__(self, current: Version | None, **params: str) -> None:
        super().__init__("conflict", **params)
        self.current = current


class Incomplete(Refusal):
    """A signature on a record that lacks what it must hold: `lacking` are keys (see charting.case.completeness)."""

    def __init__(self, lacking: Sequence[str], names: Mapping[str, str]) -> None:
        """`names`: language → the lacking things as people call them."""
        super().__init__("incomplete")
        self.lacking = tuple(lacking)
        self.names = names

    def text(self, lang: str) -> str:
        return said(self.key, lang, {"names": self.names[lang]})
