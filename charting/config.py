"""The charting service's configuration file: TOML, checked whole, every mistake named at once with its key."""

import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from charting.cds.config import CdsSection
from charting.charges.config import ChargesSection
from charting.faults.config import FaultsSection
from charting.fhir.config import FhirSection
from charting.inbox.config import InboxSection
from charting.inspection.holidays import holidays
from charting.outbox.config import Destination
from charting.results.config import ResultsSection
from charting.watch.messages import DEPARTMENT
from charting.workload.scheme import scheme
from collector.certificates import of_database
from collector.config import (
    AbsolutePath,
    ListenSection,
    MqttSection,
    Name,
    Section,
    Zone,
    checked,
    read,
    with_password,
)
from collector.dsn import server, sqlite_file
from collector.errors import UsageError


def _database(value: str) -> str:
    try:
        file = sqlite_file(value)
        if file is not None and not file.is_absolute():
            raise ValueError("expected an absolute path: sqlite:////var/lib/vitalsd/charting.db")
        return value if file is not None else server(value)
    except UsageError as error:
        raise ValueError(str(error)) from None


def _file(value: Path) -> Path:
    if not value.is_file():
        raise ValueError(f"{value} is not a file")
    return value


def _folder(value: Path) -> Path:
    if not value.is_dir():
        raise ValueError(f"{value} is not a folder")
    return value


class Bed(Section):
    """A bed of the department. `kind`: its area. `journal`: where its series are when the database is SQLite."""

    id: Name
    kind: Literal["or", "pacu", "icu", "ward", "offsite"] = "or"
    name: str = ""
    journal: AbsolutePath | None = None


class ChartingSection(ListenSection):
    """`site`: the hospital's name, as printed. `day_hour`: local hour at which an ICU day begins.

    `idle_minutes`: after so long without a touch a session is locked; `theatre_idle_minutes`: one of an anaesthetist or
    OR nurse, whose hands are at the patient. `libraries`: a folder of code libraries as CSV.
    """

    database: Annotated[str, AfterValidator(_database), Field(repr=False)]
    site: Annotated[str, Field(min_length=1)]
    zone: Zone = "Asia/Shanghai"
    idle_minutes: Annotated[int, Field(ge=1, le=720)] = 10
    theatre_idle_minutes: Annotated[int, Field(ge=1, le=720)] = 30
    day_hour: Annotated[int, Field(ge=0, le=23)] = 7
    libraries: Annotated[AbsolutePath, AfterValidator(_folder)] | None = None
    beds: tuple[Bed, ...]
    demo: bool = False

    @field_validator("beds")
    @classmethod
    def _reachable(cls, value: tuple[Bed, ...], info: ValidationInfo) -> tuple[Bed, ...]:
        ids = [bed.id for bed in value]
        reasons = [] if ids else ["expected at least one bed"]
        reasons += [f"two beds are called {id_!r}" for id_ in dict.fromkeys(ids) if ids.count(id_) > 1]
        if "database" in info.data:
            embedded = sqlite_file(info.data["database"]) is not None
            reasons += [f"bed {bed.id!r} needs a journal: SQLite holds no series" for bed in value
                        if embedded and bed.journal is None]  # fmt: skip
            reasons += [f"bed {bed.id!r} has a journal, but the database server has its series" for bed in value
                        if not embedded and bed.journal is not None]  # fmt: skip
        if reasons:
            raise ValueError("\n".join(reasons))
        return value

    @property
    def full_database(self) -> str:
        """With the password of the systemd credential, where there is one."""
        return self.database if sqlite_file(self.database) is not None else with_password(self.database)


class TlsSection(Section):
    """`cert`: the certificate with its chain, PEM; `key`: its private key, without a passphrase."""

    cert: Annotated[AbsolutePath, AfterValidator(_file)]
    key: Annotated[AbsolutePath, AfterValidator(_file)]

    @field_validator("key")
    @classmethod
    def _fits(cls, value: Path, info: ValidationInfo) -> Path:
        if "cert" in info.data:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            try:
                context.load_cert_chain(info.data["cert"], value, password=_no_passphrase)
            except (OSError, ValueError) as error:
                raise ValueError(f"does not fit the certificate: {getattr(error, 'reason', None) or error}") from None
        return value


class SymbolsSection(Section):
    """`file`: a table of the record's symbols in place of the built-in one."""

    file: Annotated[AbsolutePath, AfterValidator(_file)]


class QualitySection(Section):
    """`catalogue`: a file of the site's own indicators and parameters, over those that come with the program."""

    catalogue: Annotated[AbsolutePath, AfterValidator(_file)] | None = None

    @field_validator("catalogue")
    @classmethod
    def _reads(cls, value: Path | None) -> Path | None:
        from charting.quality.loader import load as load_catalogue  # noqa: PLC0415  most files have none

        try:
            load_catalogue(value)
        except UsageError as error:
            raise ValueError("\n".join(error.reasons)) from None
        return value


def _scheme(value: Path) -> Path:
    try:
        scheme(value)
    except UsageError as error:
        raise ValueError("\n".join(error.reasons)) from None
    return value


class WorkloadSection(Section):
    """`scheme`: how a site scores work, in place of the built-in charting/workload/scheme.toml."""

    scheme: Annotated[AbsolutePath, AfterValidator(_file), AfterValidator(_scheme)] | None = None


class BackupSection(Section):
    """`folder`: where backups are kept. `database`: by which login they are made, without: by the charting's.

    Of so many days, weeks and months (UTC) the last backup stays.
    """

    folder: AbsolutePath
    database: Annotated[Annotated[str, AfterValidator(_database)] | None, Field(repr=False)] = None
    keep_daily: Annotated[int, Field(ge=1)] = 7
    keep_weekly: Annotated[int, Field(ge=0)] = 5
    keep_monthly: Annotated[int, Field(ge=0)] = 12

    @field_validator("database")
    @classmethod
    def _server(cls, value: str | None) -> str | None:
        if value is not None and sqlite_file(value) is not None:
            raise ValueError("is for the login of a server; a file is copied by whoever may read it")
        return value


def _holidays(value: Path) -> Path:
    try:
        holidays(value)
    except UsageError as error:
        raise ValueError("\n".join(error.reasons)) from None
    return value


class InspectionSection(Section):
    """`folder`: where `vitalsd inspect --due` writes its reports as PDF. `holidays`: the public ones, in place of the
    built-in charting/inspection/holidays.csv.
    """

    folder: Annotated[AbsolutePath, AfterValidator(_folder)] | None = None
    holidays: Annotated[AbsolutePath, AfterValidator(_file), AfterValidator(_holidays)] | None = None


class ChartingConfig(Section):
    """The charting service's file."""

    charting: ChartingSection
    tls: TlsSection | None = None
    symbols: SymbolsSection | None = None
    workload: WorkloadSection = WorkloadSection()
    quality: QualitySection = QualitySection()
    mqtt: MqttSection | None = None
    metrics: ListenSection | None = None
    backup: BackupSection | None = None
    inspection: InspectionSection = InspectionSection()
    destination: tuple[Destination, ...] = ()
    inbox: InboxSection = InboxSection()
    results: ResultsSection = ResultsSection()
    charges: ChargesSection = ChargesSection()
    fhir: FhirSection = FhirSection()
    cds: CdsSection = CdsSection()
    faults: FaultsSection = FaultsSection()

    @field_validator("destination")
    @classmethod
    def _named_once(cls, value: tuple[Destination, ...]) -> tuple[Destination, ...]:
        names = [each.name for each in value]
        twice = [f"two destinations are called {name!r}" for name in dict.fromkeys(names) if names.count(name) > 1]
        billed = [each.name for each in value if "charges" in each.takes]
        if len(billed) > 1:
            twice.append(f"{' and '.join(billed)} take charges: expected one destination that does")
        if twice:
            raise ValueError("\n".join(twice))
        return value

    @property
    def backup_database(self) -> str:
        """What is backed up, with the password of the systemd credential, where there is one."""
        login = self.backup.database if self.backup else None
        return self.charting.full_database if login is None else with_password(login)

    @property
    def certificates(self) -> Mapping[str, Path]:
        """Files of certificates by what names them."""
        database = self.charting.database
        files = dict(of_database("charting.database", database) if sqlite_file(database) is None else {})
        files |= {"tls.cert": self.tls.cert} if self.tls else {}
        files |= {f"destination.{each.name}.ca": each.ca for each in self.destination if each.ca}
        return files | ({"mqtt.ca": self.mqtt.ca} if self.mqtt and self.mqtt.ca else {})

    @model_validator(mode="after")
    def _places(self) -> Self:
        """What the hospital tells of a bed is a bed of ours."""
        beds = {bed.id for bed in self.charting.beds}
        wrong = [f"inbox.place: there is no bed {row.bed!r}" for row in self.inbox.place if row.bed not in beds]
        if wrong:
            raise ValueError("\n".join(dict.fromkeys(wrong)))
        return self

    @model_validator(mode="after")
    def _told_apart(self) -> Self:
        """A bed and the department do not publish under one name."""
        if self.mqtt is not None and any(bed.id == DEPARTMENT for bed in self.charting.beds):
            raise ValueError(f"with [mqtt] no bed can be called {DEPARTMENT!r}")
        return self

    @model_validator(mode="after")
    def _secret(self) -> Self:
        """Passwords and patients do not travel readable."""
        host, _ = self.charting.address
        if self.tls is None and host not in {"localhost", "::1"} and not host.startswith("127."):
            raise ValueError("charting.listen is reached from other machines: it needs [tls], or 127.0.0.1 and a proxy")
        return self


def is_charting(data: Mapping[str, Any]) -> bool:
    """Whether a file's TOML is meant for the charting service."""
    return "charting" in data


def load(path: Path) -> ChartingConfig:
    """Read and check the file. Raises UsageError with every mistake: file, key, what was expected."""
    return checked(path, read(path), ChartingConfig)


def _no_passphrase() -> str:
    raise ValueError("has a passphrase")
