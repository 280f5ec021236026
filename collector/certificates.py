"""When the certificates expire that a configuration names. The only file that imports the library that reads them."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

EVERY_S = 3600.0
"""How often files are looked at that may be replaced while the program runs."""

_SYSTEM = "system"
"""What libpq takes for the authorities of the system: no file of the hospital's."""


def of_database(section: str, dsn: str) -> Mapping[str, Path]:
    """What a server's DSN names: the authorities that it trusts, and the client's own certificate."""
    said = conninfo_to_dict(dsn)
    files = {key: str(said[key]) for key in ("sslrootcert", "sslcert") if said.get(key)}
    return {f"{section}.{key}": Path(file) for key, file in files.items() if file != _SYSTEM}


def expiries(files: Mapping[str, Path]) -> Mapping[str, float]:
    """Seconds since 1970 by what names the file; a file that cannot be read is left out.

    Of a certificate with its chain the first to expire counts; of authorities (…sslrootcert, ….ca) the last one: the
    new one stands beside the old one before that goes.
    """
    if not files:
        return {}
    from cryptography.x509 import load_pem_x509_certificates  # noqa: PLC0415  eleven megabytes that few beds need

    found: dict[str, float] = {}
    for what, file in files.items():
        with suppress(OSError, ValueError):
            ends = [each.not_valid_after_utc.timestamp() for each in load_pem_x509_certificates(file.read_bytes())]
            found[what] = max(ends) if what.endswith((".sslrootcert", ".ca")) else min(ends)
    return found
