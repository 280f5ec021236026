"""What a bed tells of itself is the same from its journal and from the server that it was delivered to."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from charting.filler.sources import JournalSources, ServerSources, SourceError
from charting.fleet.sources import FleetSources, JournalFleet, ServerFleet
from collector.clock import EVER_US
from collector.fleet import BedTold
from collector.health import Health
from collector.journal import Journal
from collector.migrate import migrate
from collector.model import DeviceIdentity, Entry, Identity, PatientIdentity
from collector.normalize import CLOCK_OFFSET
from collector.timescale import READER
from tests.charting.fleet.gateways import MODELS, VERSION, Gateway
from tests.page.data import NOW_US, SECOND_US, Store
from tests.store.delivering import deliver, rows

BED, OTHER = "OR-01", "ICU-99"
Told = Callable[[Sequence[Entry]], FleetSources]


def entries(bed: str) -> list[Entry]:
    """A monitor and a ventilator, two reports, a clock that is off; a device that has become another one, a patient."""
    store = Store()
    gateway = Gateway(store, bed, NOW_US)
    gateway.values(40.0, "monitor", "ventilator")
    gateway.values(2.0, "monitor")
    gateway.report(320, monitor=(10, 0))
    gateway.report(20, monitor=(17_000, 3))
    gateway.offset("monitor", 75.0)
    first = store.told[0]
    before = replace(first, time_us=first.time_us - SECOND_US, identity=DeviceIdentity(model="another"))
    patient = replace(first, identity=PatientIdentity(ids={"patient_id": "P1"}))
    return [before, *store.told, patient, *store.readings]


class FleetSourcesContract:
    def test_devices_and_gateway_are_told(self, told: Told) -> None:
        found = told(entries(BED)).told()[BED]
        assert isinstance(found, BedTold)
        assert not found.unread
        assert found.heard == {"monitor": NOW_US - 2 * SECOND_US, "ventilator": NOW_US - 40 * SECOND_US}
        assert found.identities == {"monitor": MODELS["monitor"], "ventilator": MODELS["ventilator"]}
        own = {(r.series.channel.code, r.series.channel.source): r for r in found.own}
        version, rejected = own[Health.VERSION, "vitalsd"], own[Health.REJECTED, "monitor"]
        assert (version.text, version.time_us, rejected.value) == (VERSION, NOW_US - 20 * SECOND_US, 3.0)
        (offset,) = (r for r in found.own if r.series.channel == CLOCK_OFFSET)
        assert (offset.series.device, offset.value) == ("monitor", 75.0)

    def test_a_bed_that_has_told_nothing_is_told(self, told: Told) -> None:
        found = told([]).told()[BED]
        assert found is not None
        assert (dict(found.heard), list(found.own), dict(found.identities), found.unread) == ({}, [], {}, False)

    def test_a_device_that_becomes_another_one_is_the_last(self, told: Told) -> None:
        sources = told(entries(BED))
        sources.told()
        changed = Identity(bed=BED, device="monitor", time_us=NOW_US, identity=DeviceIdentity(model="MX850"))
        again = told([changed]).told()[BED]
        assert again is not None
        assert again.identities["monitor"].model == "MX850"


class TestJournalFleet(FleetSourcesContract):
    @pytest.fixture
    def told(self, tmp_path: Path) -> Iterator[Told]:
        with closing(Journal.open(tmp_path / "journal.db")) as journal:
            sources = JournalFleet(JournalSources({BED: tmp_path / "journal.db"}), [BED])

            def keep(entries: Sequence[Entry]) -> FleetSources:
                if entries:
                    journal.append(entries)
                return sources

            yield keep
            sources.close()

    def test_a_bed_whose_journal_is_not_there_is_unread_and_the_others_are_read(
        self, told: Told, tmp_path: Path
    ) -> None:
        told(entries(BED))
        journals = {BED: tmp_path / "journal.db", "OR-02": tmp_path / "none.db"}
        with closing(JournalFleet(JournalSources(journals), [BED, "OR-02", "OR-03"])) as sources:
            found = sources.told()
        assert found["OR-02"] is None
        assert found["OR-03"] == BedTold()
        assert found[BED] is not None


@pytest.mark.parametrize("server", ["timescale"], indirect=True)
class TestServerFleet(FleetSourcesContract):
    @pytest.fixture
    def told(self, database: str, tmp_path: Path) -> Iterator[Told]:
        migrate(database)
        sources = ServerFleet(ServerSources(database, frozenset({BED})), [BED])
        with closing(Journal.open(tmp_path / "journal.db", [READER])) as journal:

            def keep(entries: Sequence[Entry]) -> FleetSources:
                if entries:
                    journal.append(entries)
                    asyncio.run(deliver(database, journal))
                return sources

            yield keep
            sources.close()

    def test_beds_that_nobody_has_configured_are_told_and_can_be_read(self, told: Told) -> None:
        sources = told([*entries(BED), *entries(OTHER)])
        assert list(sources.told()) == [BED, OTHER]
        reader = sources.series(OTHER)
        assert reader is not None
        assert {i.bed for i in reader.identities(OTHER, 0, EVER_US)} == {OTHER}

    def test_a_damaged_row_of_one_bed_is_left_out_and_said(self, told: Told, database: str) -> None:
        sources = told([*entries(BED), *entries(OTHER)])
        damaged = "update vitalsd.channel set role = 'broken' where bed = %s and code = %s returning id"
        rows(database, damaged, BED, Health.DISK_FREE.value)
        found = sources.told()
        one, other = found[BED], found[OTHER]
        assert one is not None
        assert other is not None
        assert (one.unread, other.unread) == (True, False)
        assert len(other.own) == len(one.own) + 1

    def test_the_server_says_what_it_is(self, told: Told, database: str) -> None:
        server = told([]).server()
        assert server is not None
        ((version, size),) = rows(database, "select extversion, pg_database_size(current_database())"
                                            " from pg_extension where extname = 'timescaledb'")  # fmt: skip
        assert (server.timescaledb, server.edition) == (version, "apache")
        assert server.size_bytes == pytest.approx(size, rel=0.1)


def test_a_server_that_is_not_there_is_an_error_of_the_source() -> None:
    dsn = "host=127.0.0.1 port=1 dbname=none password=secret connect_timeout=1"
    with closing(ServerFleet(ServerSources(dsn, frozenset({BED})), [BED])) as sources:
        with pytest.raises(SourceError) as told:
            sources.told()
        assert "secret" not in str(told.value)
        with pytest.raises(SourceError):
            sources.server()
