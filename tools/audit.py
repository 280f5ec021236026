"""Known vulnerabilities of everything that the locks pin, as OSV knows them.

Exit status: 0 none; 1 there are some, or the audit itself failed; 3 the service cannot be reached and nothing is known.
"""

import json
import subprocess
import sys
import urllib.request
from pathlib import Path

SERVICE = "https://api.osv.dev/v1/query"
TOP = Path(__file__).parents[1]
LOCKS = ("requirements.lock", "requirements-dev.lock")
NOT_REACHED = 3
_TIMEOUT_S = 15


def main(service: str, locks: list[Path]) -> int:
    reason = unreachable(service)
    if reason:
        sys.stderr.write(
            f"{'!' * 100}\nNOT AUDITED: {service} cannot be reached ({reason}).\n"
            f"Nothing is known of vulnerabilities in: {', '.join(lock.name for lock in locks)}\n{'!' * 100}\n"
        )
        return NOT_REACHED
    pins = [argument for lock in locks for argument in ("--requirement", str(lock))]
    done = subprocess.run(
        [sys.executable, "-m", "pip_audit", *pins, "--disable-pip", "--require-hashes", "--progress-spinner", "off",
         "--vulnerability-service", "osv", "--osv-url", service, "--cache-dir", str(TOP / ".cache" / "audit")],
        check=False,
    )  # fmt: skip
    return 1 if done.returncode else 0


def unreachable(service: str) -> str:
    """Why the service does not answer a question as it should; nothing: it does."""
    question = json.dumps({"package": {"name": "pip", "ecosystem": "PyPI"}, "version": "1.0"}).encode()
    request = urllib.request.Request(service, question, {"content-type": "application/json"})  # noqa: S310  https
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:  # noqa: S310  the same
            json.load(answer)
    except (OSError, ValueError) as error:
        return str(error)
    return ""


if __name__ == "__main__":
    sys.exit(main(SERVICE, [TOP / lock for lock in LOCKS]))
