"""Two services on one database: what one has given away the other does not give again."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from charting.case.refusals import Impossible
from charting.store.database import Database
from charting.store.migrate import open_database
from charting.store.trail import DatabaseTrail
from charting.trail.contents import Patient
from tests.charting.clock import Clock
from tests.charting.desk.scenes import ANN, PATIENT, desk_on


def test_no_temporary_name_and_no_bed_is_given_twice(charting: Database, charting_dsn: str, clock: Clock) -> None:
    other = open_database(charting_dsn)
    desks = [desk_on(DatabaseTrail(database, clock.now_us), clock) for database in (charting, other)]
    together = Barrier(2)

    def opens(which: int) -> list[str]:
        found = []
        for n in range(8):
            together.wait()
            nobody = desks[which].open(ANN, bed=f"E-{which}-{n}", area="or", patient=Patient(), emergency=True)
            found.append(nobody.patient.temporary)
            together.wait()
            try:
                desks[which].open(ANN, bed=f"OR-{n}", area="or", patient=PATIENT)
            except Impossible as refusal:
                found.append(refusal.key)
        return found

    with ThreadPoolExecutor(2) as pool:
        said = [name for names in pool.map(opens, range(2)) for name in names]
    other.close()
    assert said.count("bed_taken") == 8
    assert len(set(said)) == 16 + 1
