"""What the fault log refuses, in which words (words.csv)."""

from charting.case.refusals import Impossible
from charting.faults.words import said


class FaultRefusal(Impossible):
    """Nothing was changed. `key` is a row of faults/words.csv."""

    def text(self, lang: str) -> str:
        return said(self.key, lang, **self.params)
