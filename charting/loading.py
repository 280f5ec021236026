"""The site's libraries, and the mappings between two of them: as its folder has them, and as people load more."""

from hashlib import sha256
from pathlib import Path

from charting.accounts.actor import Actor
from charting.charges.catalogue import LIBRARY as CHARGES
from charting.charges.catalogue import check as check_catalogue
from charting.charges.catalogue import own
from charting.codes.mapping import Crosswalk, Crosswalks
from charting.library.library import MAPPING, Libraries, Library, LibraryError, NowhereToKeepError
from charting.trail.entries import LibraryLoaded
from charting.trail.trail import Trail
from collector.errors import UsageError


def libraries_of(folder: Path | None) -> Libraries:
    """Raises UsageError."""
    try:
        made = Libraries.of(folder)
        versions = own(made.versions(CHARGES))
        for n, library in enumerate(versions):
            check_catalogue(library, versions[:n])
    except LibraryError as error:
        raise UsageError(*str(error).splitlines()) from None
    return made


def crosswalks_of(folder: Path | None) -> Crosswalks:
    """Raises UsageError."""
    try:
        return Crosswalks.of(folder)
    except LibraryError as error:
        raise UsageError(*str(error).splitlines()) from None


class Loading:
    """Keeps a file in the folder, in the audit trail too, then makes what it says current."""

    def __init__(self, folder: Path | None, trail: Trail, libraries: Libraries, crosswalks: Crosswalks) -> None:
        self._folder = folder
        self._trail = trail
        self._libraries = libraries
        self._crosswalks = crosswalks

    def library(self, library: Library, text: str, by: Actor) -> None:
        """Raises LibraryError, StoreError."""
        self._libraries.check(library)
        before = [each for each in self._libraries.versions(CHARGES) if not each.sample]
        check_catalogue(library, before)
        self._keep(library.name, library.version, len(library.codings), text, by)
        self._libraries.add(library)

    def mapping(self, mapping: Crosswalk, text: str, by: Actor) -> None:
        """Raises LibraryError, StoreError."""
        self._crosswalks.check(mapping)
        self._keep(f"{MAPPING}{mapping.source}-{mapping.target}", mapping.version, len(mapping.rows), text, by)
        self._crosswalks.add(mapping)

    def _keep(self, name: str, version: str, terms: int, text: str, by: Actor) -> None:
        if self._folder is None:
            raise NowhereToKeepError("charting.libraries names no folder")
        data = text.encode()
        file = self._folder / f"{name}-{version}.csv"
        fresh = file.with_name(f"{file.name}.new")
        loaded = LibraryLoaded(library=name, version=version, terms=terms, digest=sha256(data).hexdigest())
        try:
            fresh.write_bytes(data)
            self._trail.append(by.account, "", [loaded])
            fresh.replace(file)
        except OSError as error:
            raise LibraryError(f"{self._folder}: {error.strerror}") from error
