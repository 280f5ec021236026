"""What workload refuses, in which words (words.csv)."""

from charting.case.refusals import Impossible
from charting.workload.words import said


class WorkloadRefusal(Impossible):
    """Nothing was changed. `key` is a row of workload/words.csv."""

    def text(self, lang: str) -> str:
        return said(self.key, lang, **self.params)
