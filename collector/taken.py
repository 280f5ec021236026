"""Messages that a device sends until each is acknowledged: which of them have been taken. Pure."""

from collections.abc import Iterable, Mapping

MOST = 256
"""Digests that are remembered, in the journal too: as many messages as one read may bring, whose acknowledgements may
all be lost."""


class Taken:
    """The last messages of one device, by digest.

    name: the device's; inputs: what the journal has, so that they are known again after the process was killed. No
    recording has such a key: there is a time in that.
    """

    def __init__(self, name: str, inputs: Mapping[str, int]) -> None:
        self._key, self._counter = f"{name} message", f"{name} messages"
        self._count = inputs.get(self._counter, 0)
        slots = (self._slot(number) for number in range(self._count, self._count + MOST))
        self._digests = dict.fromkeys(inputs[slot] for slot in slots if slot in inputs)

    def __contains__(self, digest: int) -> bool:
        return digest in self._digests

    def positions(self, digests: Iterable[int]) -> dict[str, int]:
        """What the journal is to keep together with what these messages said; the next ones come after them."""
        found: dict[str, int] = {}
        for digest in digests:
            found[self._slot(self._count)] = digest
            self._count += 1
            found[self._counter] = self._count
        return found

    def add(self, digests: Iterable[int]) -> None:
        """These are kept: from now on each is known."""
        self._digests.update(dict.fromkeys(digests))
        while len(self._digests) > MOST:
            self._digests.pop(next(iter(self._digests)))

    def _slot(self, number: int) -> str:
        return f"{self._key} {number % MOST}"
