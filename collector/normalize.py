"""Device event → stored event: whose it is, when it was, which body site. Pure.

Times follow design §4: the device's own time of an episodic value, corrected by that device's measured clock offset,
else arrival. Values keep the unit, the quality and the form that the device gave them.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from collector.model import (
    AlarmCondition,
    AlarmPhase,
    Channel,
    Condition,
    DeviceClock,
    DeviceIdentity,
    Entry,
    Event,
    Frame,
    Identity,
    Observation,
    PatientIdentity,
    Quality,
    Reading,
    Series,
    Waveform,
    WavePiece,
)
from collector.technical import GATEWAY

EPISODIC_FUTURE_US = 120_000_000
EPISODIC_PAST_US = 366 * 24 * 3_600_000_000
"""A corrected device time outside arrival − 1 year … + 2 min is a wrong clock, not a time: arrival is taken. One of
days ago is a measurement of days ago, which the device still shows."""

EPISODIC_FIRST_US = 946_684_800_000_000
"""So is one before 2000, which no table takes."""

EPISODE_US = 2_000_000
"""A device that is heard anew sends its last measurement again, at a time that moves with its clock's measured offset:
by up to a second where its clock has whole seconds. Two cuff measurements are never so close."""

WAVE_DRIFT_US = 1_500_000
"""A run of samples that has drifted so far from its arrival (the device's crystal) begins anew at arrival.

Wider than the jitter of arrival and than a clock of whole seconds."""

CLOCK_OFFSET = Channel(code="VND_VITALSD_CLOCK_OFFSET", source=GATEWAY, unit="s")
"""The device's clock minus ours, as measured: where the device told its time."""
OFFSET_EVERY_US = 60_000_000
OFFSET_MOVED_US = 2_000_000
"""An offset is stored at most once a minute, but at once if it moved by more: a clock was set. Wider than the jitter of
arrival and a clock of whole seconds together."""


@dataclass(slots=True)
class Normalizer:
    """One device's events, in order, into entries for the journal.

    sites: body site by a channel's source, or by one of its parts ("T1" for "basic.t1.temp").
    demo: everything from this bed is a demonstration. repeats: measurements that came again, and were not marked so.
    """

    bed: str
    device: str
    sites: Mapping[str, str] = field(default_factory=dict)
    demo: bool = False
    clock_offset_us: int | None = None
    repeats: int = 0
    _series: dict[Channel, Series] = field(default_factory=dict)
    _last: dict[Channel, tuple[int, int]] = field(default_factory=dict)
    _wave_ends_us: dict[Channel, int] = field(default_factory=dict)
    _identities: dict[type, DeviceIdentity | PatientIdentity] = field(default_factory=dict)
    _episodes: dict[Series, Reading] = field(default_factory=dict)
    _told: dict[Channel, Observation] = field(default_factory=dict)
    _undated: set[Channel] = field(default_factory=set)
    _standing: dict[str, AlarmCondition] = field(default_factory=dict)
    _recalled: set[Channel] = field(default_factory=set)
    _recalled_offset_us: int | None = None
    _offset_stored: tuple[int, int] | None = None
    _frame: int = 0

    def entries(self, events: Sequence[Event], arrival_us: int) -> Sequence[Entry]:
        """What is to be stored of these events of one frame, which arrived at `arrival_us`."""
        out: list[Entry] = []
        for event in events:
            if isinstance(event, DeviceClock):
                self.clock_offset_us = event.time_us - arrival_us
                out.extend(self._offset(self.clock_offset_us, arrival_us))
        shown = self._shown(events, arrival_us)
        for event in events:
            if isinstance(event, Observation):
                if event in shown:
                    self.repeats += 1
                    self._told[event.channel] = event
                    self._recalled.discard(self._series_of(event.channel).channel)
                elif not event.repeat:
                    out.extend(self._reading(event, arrival_us))
            elif isinstance(event, Waveform):
                out.append(self._piece(event, arrival_us))
            elif isinstance(event, Frame):
                self._frame += 1
            elif isinstance(event, AlarmCondition):
                self._stand(event)
                alarm = replace(event, demo=True) if self.demo else event
                out.append(Condition(bed=self.bed, device=self.device, time_us=arrival_us, alarm=alarm))
            elif isinstance(event, DeviceIdentity | PatientIdentity) and self._identities.get(type(event)) != event:
                self._identities[type(event)] = event
                out.append(Identity(bed=self.bed, device=self.device, time_us=arrival_us, identity=event))
        return out

    @property
    def standing(self) -> Sequence[AlarmCondition]:
        """Conditions of which the device has told no end."""
        return list(self._standing.values())

    def recall(self, readings: Iterable[Reading], conditions: Iterable[Condition] = ()) -> None:
        """Of this device these readings with a value are stored last: one of them that it sends again is nothing new.

        Its clock's offset is among them: a measurement may come before the device tells its clock. conditions: stored
        changes of its alarm conditions, in their order; the last of each is enough.
        """
        for condition in conditions:
            self._stand(replace(condition.alarm, demo=False) if self.demo else condition.alarm)
        for reading in readings:
            self._episodes[reading.series] = reading
            self._recalled.add(reading.series.channel)
            if reading.series.channel == CLOCK_OFFSET and reading.value is not None:
                self.clock_offset_us = self._recalled_offset_us = round(reading.value * 1_000_000)

    def stepped(self, move_us: int) -> None:
        """Our clock was set by so much, the device's was not. Runs of samples begin anew at their arrival."""
        self._wave_ends_us.clear()
        self._offset_stored = None
        self._episodes = {
            series: replace(reading, time_us=reading.time_us + move_us) for series, reading in self._episodes.items()
        }
        if self.clock_offset_us is not None:
            self.clock_offset_us -= move_us
        if self._recalled_offset_us is not None:
            self._recalled_offset_us -= move_us

    def _stand(self, alarm: AlarmCondition) -> None:
        if alarm.phase is AlarmPhase.END:
            self._standing.pop(alarm.source, None)
        else:
            self._standing[alarm.source] = replace(alarm, phase=AlarmPhase.START)

    def _offset(self, offset_us: int, arrival_us: int) -> Sequence[Reading]:
        if self._offset_stored is not None:
            then_us, before_us = self._offset_stored
            if abs(arrival_us - then_us) < OFFSET_EVERY_US and abs(offset_us - before_us) <= OFFSET_MOVED_US:
                return []
        self._offset_stored = arrival_us, offset_us
        series = self._series_of(CLOCK_OFFSET)
        return [
            Reading(
                series=series,
                time_us=arrival_us,
                value=offset_us / 1e6,
                text=None,
                quality=Quality.VALID,
                demo=self.demo,
            )
        ]

    def _shown(self, events: Sequence[Event], arrival_us: int) -> Sequence[Observation]:
        """Measurements without a time that a device shows when it is heard first: those that are what is stored last.

        Those of one group of the device's (a cuff's pressures) are new together, where it gives them one time or none.
        """
        groups: dict[tuple[str, int | None], list[tuple[Observation, bool]]] = {}
        for event in events:
            if isinstance(event, Observation) and not event.repeat and self._stands(event, arrival_us):
                last, now = self._episodes.get(self._series_of(event.channel)), self._made(event, arrival_us)
                same = last is not None and replace(last, time_us=now.time_us) == now
                group = event.channel.source.rpartition(".")[0], event.device_time_us
                groups.setdefault(group, []).append((event, same))
        return [event for told in groups.values() if all(same for _, same in told) for event, _ in told]

    def _stands(self, event: Observation, arrival_us: int) -> bool:
        if event.device_time_us is None:
            return event.standing
        stored = self._series_of(event.channel).channel
        return stored in self._recalled and self._episodic_us(event.device_time_us, arrival_us) is None

    def _made(self, event: Observation, time_us: int) -> Reading:
        value, text, quality = None, None, event.quality
        if isinstance(event.value, str):
            text = event.value
        elif event.value is not None:
            if math.isfinite(event.value):
                value = float(event.value)
            else:
                quality = Quality.INVALID
        return Reading(
            series=self._series_of(event.channel),
            time_us=time_us,
            value=value,
            text=text,
            quality=quality,
            demo=event.demo or self.demo,
        )

    def _reading(self, event: Observation, arrival_us: int) -> Sequence[Reading]:
        channel = event.channel
        device_time_us = None if event.value is None else event.device_time_us  # nothing was measured at that time
        episodic_us = time_us = self._episodic_us(device_time_us, arrival_us)
        if time_us is None:
            time_us = arrival_us
            last_us, last_frame = self._last.get(channel, (arrival_us - 1, 0))
            if time_us <= last_us and self._frame != last_frame and last_us - time_us < 1_000:
                time_us = last_us + 1  # another frame of the same instant is another reading, not the same one again
            self._last[channel] = (time_us, self._frame)
        reading = self._made(event, time_us)
        again = False
        if device_time_us is not None:
            again = self._told.get(channel) == event
            if episodic_us is not None and channel not in self._undated:
                again = again or self._is_last(reading, device_time_us)
            if not again:
                (self._undated.add if episodic_us is None else self._undated.discard)(channel)
            self._told[channel] = event
        self._recalled.discard(reading.series.channel)
        if again:
            self.repeats += 1
            return []
        if event.value is not None:
            self._episodes[reading.series] = reading
        return [reading]

    def _is_last(self, reading: Reading, device_time_us: int) -> bool:
        """Whether a measurement is the one before again: at that time by our clock, or by the device's.

        The device's is asked for one that a last life stored: either clock may have been set meanwhile.
        """
        last = self._episodes.get(reading.series)
        if last is None or replace(reading, time_us=last.time_us) != last:
            return False
        apart_us = [reading.time_us - last.time_us]
        if self._recalled_offset_us is not None and reading.series.channel in self._recalled:
            apart_us.append(device_time_us - self._recalled_offset_us - last.time_us)
        return min(map(abs, apart_us)) <= EPISODE_US

    def _episodic_us(self, device_time_us: int | None, arrival_us: int) -> int | None:
        if device_time_us is None or self.clock_offset_us is None:
            return None
        time_us = device_time_us - self.clock_offset_us
        first_us = max(EPISODIC_FIRST_US, arrival_us - EPISODIC_PAST_US)
        return time_us if first_us <= time_us <= arrival_us + EPISODIC_FUTURE_US else None

    def _piece(self, event: Waveform, arrival_us: int) -> WavePiece:
        end_us = self._wave_ends_us.get(event.channel)
        start_us = arrival_us + event.start_us
        if end_us is not None and event.gap_samples is not None:
            follows_us = end_us + round(event.gap_samples * 1_000_000 / event.rate_hz)
            if abs(follows_us - start_us) <= WAVE_DRIFT_US:
                start_us = follows_us
        n = len(event.data) // 4
        self._wave_ends_us[event.channel] = start_us + round(n * 1_000_000 / event.rate_hz)
        return WavePiece(
            series=self._series_of(event.channel),
            start_us=start_us,
            rate_hz=event.rate_hz,
            data=event.data,
            scale=event.scale,
            offset=event.offset,
            quality=event.quality,
            demo=event.demo or self.demo,
        )

    def _series_of(self, channel: Channel) -> Series:
        series = self._series.get(channel)
        if series is None:
            site = self._site(channel)
            stored = replace(channel, site=site) if site != channel.site else channel
            series = self._series[channel] = Series(bed=self.bed, device=self.device, channel=stored)
        return series

    def _site(self, channel: Channel) -> str:
        parts = {channel.source.lower(), *channel.source.lower().replace(":", ".").replace("/", ".").split(".")}
        for key, site in self.sites.items():
            if key.lower() in parts:
                return site
        return channel.site
