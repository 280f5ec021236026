"""A tiny HIS that is billed. It knows nothing of ours: python-hl7 reads for it, and it books as HIS do.

A message of a known MSH-10 is acknowledged again and not booked again. A transaction id that was there before, a credit
of what was never charged, and one of another quantity or time than its charge are what no HIS may be sent: it says so.
"""

from collections import defaultdict
from decimal import Decimal

import hl7


class His:
    def __init__(self) -> None:
        self.seen: set[str] = set()
        self.lines: dict[str, tuple[str, str, Decimal]] = {}
        """Transaction → (patient, item, quantity, below 0 of a credit)."""
        self.times: dict[str, str] = {}
        """Transaction → when the service was."""
        self.wrong: list[str] = []
        self._merged: dict[str, str] = {}

    def take(self, body: bytes) -> None:
        message = hl7.parse(body.decode("utf-8"))
        control = str(message.segment("MSH")[10])
        if control in self.seen:
            return
        self.seen.add(control)
        patient = str(message.segment("PID")[3]).split("^")[0]
        for line in message.segments("FT1"):
            id_, kind, item, quantity = str(line[2]), str(line[6]), str(line[7]).split("^")[0], Decimal(str(line[10]))
            if id_ in self.lines:
                self.wrong.append(f"{id_} is there already")
            if kind == "CD":
                original = self.lines.get(id_.rpartition("R")[0])
                later = self.times.get(id_.rpartition("R")[0]) != str(line[4])
                if (
                    original is None
                    or later
                    or (self.owner(original[0]), *original[1:])
                    != (
                        self.owner(patient),
                        item,
                        quantity,
                    )
                ):
                    self.wrong.append(f"{id_} takes back what is not there")
            self.times[id_] = str(line[4])
            self.lines[id_] = (patient, item, quantity if kind == "CG" else -quantity)

    def merge(self, old: str, new: str) -> None:
        self._merged[old] = new

    def owner(self, patient: str) -> str:
        while patient in self._merged:
            patient = self._merged[patient]
        return patient

    def bill(self) -> dict[str, dict[str, Decimal]]:
        """Patient → item → quantity, without what is 0."""
        found: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
        for patient, item, quantity in self.lines.values():
            found[self.owner(patient)][item] += quantity
        plain = {who: {item: q for item, q in items.items() if q} for who, items in found.items()}
        return {who: items for who, items in plain.items() if items}
