"""Which network addresses requests may go to.

A cloud is out on the internet. A name that leads to this machine, to the network it is in, or to
the metadata service of the cloud that it runs in (169.254.169.254, 100.100.100.200) was mistyped or
has been taken over, and whoever answers there would be sent signed requests. So such addresses are
refused, unless the settings name them or say that they are meant.
"""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final, Self
from urllib.parse import urlsplit

from gateway.transport.errors import NeverSentError

_NAT64: Final = IPv6Network("64:ff9b::/96")  # RFC 6052: the last 32 bits are an IPv4 address
_LAST_32: Final = 0xFFFF_FFFF
_LOCALHOST: Final = "localhost"


def is_address(host: str) -> bool:
    """Tell an address from a name."""
    return _literal(host) is not None


class PrivateAddressError(NeverSentError):
    """The host leads to a private address, so nothing was sent; `setting` would allow it."""

    def __init__(self, setting: str) -> None:
        """Name the `setting`; never the address, which tells of the network."""
        super().__init__(
            "The host leads to a private address, and nothing is sent there. If that is meant (a "
            f"cloud on premises, a private endpoint), set {setting} = true."
        )
        self.setting = setting

    def __reduce__(self) -> tuple[type[Self], tuple[str], dict[str, object]]:
        """Copies are made of the setting, for the text is made of it."""
        return type(self), (self.setting,), self.__dict__


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressRule:
    """Where requests of one backend may go.

    Attributes:
        stated: the host that the settings name; empty for none. If it is an address, requests may
            go there; if it is this machine by whichever name, they may stay here.
        setting: name of the setting that `allow_private` comes from.
        allow_private: any address will do.
    """

    stated: str = ""
    setting: str = "allow_private_addresses"
    allow_private: bool = False

    @classmethod
    def of(
        cls, url: str, *, setting: str = "allow_private_addresses", allow_private: bool = False
    ) -> Self:
        """The rule for a `url` that stands in the settings."""
        return cls(
            stated=urlsplit(url).hostname or "", setting=setting, allow_private=allow_private
        )

    def checked(self, host: str, addresses: tuple[str, ...]) -> tuple[str, ...]:
        """Those of the `addresses` of `host` that requests may go to; one at least.

        Raises:
            PrivateAddressError: there is none.
        """
        allowed = tuple(address for address in addresses if self._allows(host, address))
        if not allowed:
            raise PrivateAddressError(self.setting)
        return allowed

    def _allows(self, host: str, address: str) -> bool:
        meant = _meant_by(address)
        if self.allow_private or _is_public(meant):
            return True
        if _is_this_machine(host):
            return meant.is_loopback and _is_this_machine(self.stated)
        return host == self.stated and is_address(host)


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    if address.is_multicast or address.is_reserved:
        return False
    # Neither private nor shared (100.64.0.0/10, where Alibaba keeps its metadata service).
    return address.is_global and not getattr(address, "is_site_local", False)


def _meant_by(text: str) -> IPv4Address | IPv6Address:
    """The address, or the one of IPv4 that it carries."""
    address = ip_address(text)
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & _LAST_32)
    return address.ipv4_mapped or address.sixtofour or address


def _is_this_machine(host: str) -> bool:
    literal = _literal(host)
    return host == _LOCALHOST if literal is None else literal.is_loopback


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None
