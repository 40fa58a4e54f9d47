"""What an address of a cloud may be, for the settings of every provider."""

import ipaddress
import re
from typing import Final
from urllib.parse import urlsplit

_HOST: Final = re.compile(r"[0-9a-z._:-]+")
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


def checked_endpoint(address: str, *, allow_plain_http: bool) -> str:
    """`scheme://host[:port]` in lower case, without a port that the scheme implies.

    That is the very text of the `Host` header which an HTTP client sends, so it can be signed.
    Plain HTTP is for this machine, unless `allow_plain_http`.

    Raises:
        ValueError: no such address. The message never quotes it: it may hold credentials.
    """
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        message = "is not a readable address"
        raise ValueError(message) from None
    if "@" in parts.netloc:
        message = "must not hold credentials; they have settings of their own"
        raise ValueError(message)
    if parts.scheme not in _DEFAULT_PORTS or not _HOST.fullmatch(host) or port == 0:
        message = "must be https://host or https://host:port"
        raise ValueError(message)
    if parts.path not in {"", "/"} or set("?#") & set(address):
        message = "must end after the host and port"
        raise ValueError(message)
    if parts.scheme == "http" and not allow_plain_http and not _is_loopback(host):
        message = "must be https, unless the host is this machine or allow_plain_http is true"
        raise ValueError(message)
    bracketed = f"[{host}]" if ":" in host else host
    shown_port = "" if port in {None, _DEFAULT_PORTS[parts.scheme]} else f":{port}"
    return f"{parts.scheme}://{bracketed}{shown_port}"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
