"""A certificate authority of the tests' own, made with openssl as an administrator would."""

import subprocess
from pathlib import Path


class Authority:
    """Lives in `folder` for some days; `certificate` is what a client trusts."""

    def __init__(self, folder: Path, name: str, *, days: int = 2) -> None:
        self.certificate = folder / f"{name}.crt"
        self._folder = folder
        self._key = folder / f"{name}.key"
        _openssl(
            *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-days", str(days), "-subj", f"/CN={name}", "-addext", "keyUsage=critical,keyCertSign"),
            *("-keyout", self._key, "-out", self.certificate),
        )

    def issue(self, host: str) -> tuple[Path, Path]:
        """A certificate of a server that is called `host`, and its key."""
        key, request, certificate = (self._folder / f"{host}.{ending}" for ending in ("key", "csr", "crt"))
        extensions = self._folder / f"{host}.ext"
        extensions.write_text(f"subjectAltName=DNS:{host}\n")
        _openssl(
            *("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-subj", f"/CN={host}", "-keyout", key, "-out", request),
        )
        _openssl(
            *("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self._key, "-CAcreateserial"),
            *("-days", "2", "-extfile", extensions, "-out", certificate),
        )
        return certificate, key


def _openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)
