"""Where it is read what beds tell of themselves: the database server, of all beds at once, or each bed's journal."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from charting.config import ChartingConfig
from charting.filler.sources import ServerSources, SourceError, Sources, sources
from collector.clock import EVER_US
from collector.fleet import BedTold, FleetReader, Server
from collector.health import Health
from collector.model import DeviceIdentity
from collector.normalize import CLOCK_OFFSET
from collector.series import SeriesReader
from collector.technical import GATEWAY


class FleetSources(Protocol):
    """Methods raise SourceError where nothing can be read at all. Calls must not overlap."""

    def told(self) -> Mapping[str, BedTold | None]:
        """Of every bed that is configured or known; None: it cannot be read."""

    def series(self, bed: str) -> SeriesReader | None:
        """Of any of them; its methods raise SourceError."""

    def server(self) -> Server | None:
        """None: there is none, beds are read from their journals."""

    def close(self) -> None: ...


class ServerFleet:
    def __init__(self, source: ServerSources, beds: Sequence[str]) -> None:
        """`beds`: the configured ones."""
        self._source = source
        self._beds = beds

    def told(self) -> Mapping[str, BedTold | None]:
        return {**{bed: BedTold() for bed in self._beds}, **self._source.ask(FleetReader.told)}

    def series(self, bed: str) -> SeriesReader | None:
        del bed
        return self._source.any()

    def server(self) -> Server:
        return self._source.ask(FleetReader.about)

    def close(self) -> None:
        self._source.close()


class JournalFleet:
    """A bed's identities are read once, then what has come since."""

    def __init__(self, source: Sources, beds: Sequence[str]) -> None:
        self._source = source
        self._beds = beds
        self._since_us = dict.fromkeys(beds, 0)
        self._identities: dict[str, dict[str, DeviceIdentity]] = {bed: {} for bed in beds}

    def told(self) -> Mapping[str, BedTold | None]:
        return {bed: self._told(bed) for bed in self._beds}

    def series(self, bed: str) -> SeriesReader | None:
        return self._source.reader(bed)

    def server(self) -> None:
        return None

    def close(self) -> None:
        self._source.close()

    def _told(self, bed: str) -> BedTold | None:
        reader = self._source.reader(bed)
        if reader is None:
            return BedTold()
        try:
            latest, health = reader.latest(bed), reader.latest(bed, tuple(Health))
            identities = reader.identities(bed, self._since_us[bed], EVER_US)
        except SourceError:
            return None
        for each in identities:
            self._since_us[bed] = max(self._since_us[bed], each.time_us)
            if isinstance(each.identity, DeviceIdentity):
                self._identities[bed][each.device] = each.identity
        heard: dict[str, int] = {}
        for reading in latest:
            if GATEWAY not in {reading.series.device, reading.series.channel.source}:
                heard[reading.series.device] = max(reading.time_us, heard.get(reading.series.device, 0))
        offsets = [reading for reading in latest if reading.series.channel == CLOCK_OFFSET]
        return BedTold(heard=heard, own=[*health, *offsets], identities=dict(self._identities[bed]))


def fleet_sources(config: ChartingConfig) -> FleetSources:
    beds, source = [bed.id for bed in config.charting.beds], sources(config)
    return ServerFleet(source, beds) if isinstance(source, ServerSources) else JournalFleet(source, beds)
