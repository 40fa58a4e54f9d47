"""Refuses to open the gateway to a network by accident."""

import ipaddress

from gateway.settings.access import AccessSettings
from gateway.settings.section import SettingsError


def check_exposure(host: str, access: AccessSettings) -> None:
    """Let the gateway listen on `host` if that is safe, or meant.

    It is safe if callers sign in, or if only this machine reaches `host`. A name other than
    `localhost` counts as reachable: who resolves it, and to what, is not known here.

    Raises:
        SettingsError: everybody who reaches `host` could do everything; says what to do.
    """
    if access.signs_in or access.anonymous or _is_loopback(host):
        return
    problem = (
        f"server.host: on {host} everybody who can reach the gateway could read and change every "
        "fleet, for nobody has to sign in. Set up [access.keys.<id>] (`ota-gateway key` makes one) "
        "or [access.jwt]; or listen on 127.0.0.1; or, if open is what you want, set "
        "access.anonymous = true"
    )
    raise SettingsError([problem])


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
