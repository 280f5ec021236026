"""What quality refuses, in which words (words.csv)."""

from charting.case.refusals import Impossible
from charting.quality.words import said


class QualityRefusal(Impossible):
    """Nothing was changed. `key` is a row of quality/words.csv."""

    def text(self, lang: str) -> str:
        return said(self.key, lang, **self.params)
