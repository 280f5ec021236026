"""Where a subscriber may be told: only at places that the configuration names. Pure."""

import re
from collections.abc import Collection
from urllib.parse import urlsplit

_PLAIN = re.compile(r"[!-~]{1,500}")
"""Printable ASCII without a blank: what is read alike by all who read it."""
_PORTS = {"https": 443, "http": 80}


def origin(url: str) -> str:
    """scheme://host:port of a URL, the usual port left out; "" for what is no plain http or https URL."""
    if not _PLAIN.fullmatch(url) or "\\" in url:
        return ""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return ""
    if parts.scheme not in _PORTS or not host or "@" in parts.netloc or parts.fragment:
        return ""
    named = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{named}" + ("" if port in {None, _PORTS[parts.scheme]} else f":{port}")


def allowed(url: str, places: Collection[str]) -> bool:
    return bool(origin(url)) and origin(url) in places
