"""Segments ZMW as runs of samples (fact sheet mindray-and-chinese-hl7 §1.6)."""

from collections.abc import Iterator

from collector.model import Event, Rejected, Waveform
from drivers.mindray_pds import tables
from drivers.mindray_pds.frames import WAVE, Heard
from drivers.mindray_pds.zmw import decode

SECOND_US = 1_000_000


class Waves:
    """Each segment is one second. Nothing numbers them: a wave goes on while it comes each time that others come."""

    def __init__(self) -> None:
        self.seconds = 0
        self._now: set[int] = set()
        self._last: dict[int, tuple[int, int]] = {}

    def events(self, heard: Heard) -> Iterator[Event]:
        at = 0
        for segment in heard.message.all("ZMW"):
            data = WAVE + segment.body
            at = max(at, heard.data.find(data, at))
            wave = decode(segment.body)
            if isinstance(wave, str):
                self.lose()
                yield Rejected(offset=heard.start + at, length=len(data), reason=wave)
            else:
                rate = len(wave.samples)
                kind = tables.waves().get(wave.id)
                channel = kind.channel if kind else tables.unknown(f"wave.{wave.id}")
                yield Waveform(
                    channel=channel,
                    rate_hz=float(rate),
                    data=wave.samples.astype("<i4").tobytes(),
                    offset=kind.offset if kind else 0.0,
                    gap_samples=self._gap(wave.id, rate),
                    start_us=-SECOND_US,
                )
            at += len(data)

    def lose(self) -> None:
        """Bytes were lost: no wave goes on."""
        self._last.clear()

    def _gap(self, number: int, rate: int) -> int | None:
        if number in self._now or not self._now:
            self.seconds += 1
            self._now = set()
        self._now.add(number)
        goes_on = self._last.get(number) == (self.seconds - 1, rate)
        self._last[number] = self.seconds, rate
        return 0 if goes_on else None
