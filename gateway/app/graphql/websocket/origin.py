"""Whether a browser's page may open a WebSocket: browsers ask no one, so the gateway has to.

Source: RFC 6455, section 10.2.
"""

from collections.abc import Set as AbstractSet

from gateway.app.graphql.replies import Refused, Why
from gateway.app.graphql.request_head import RequestHead


def check_origin(head: RequestHead, allowed: AbstractSet[str]) -> None:
    """Let the gateway's own pages connect, those of `allowed`, and whatever is no page.

    `allowed` holds origins as browsers write them: scheme, host, and port unless it is the usual.

    Raises:
        Refused: it is a page of somebody else.
    """
    if head.origin is None or head.origin in allowed:
        return
    scheme, _, host = head.origin.partition("://")
    if scheme not in {"http", "https"} or host != (head.host or "").lower():
        raise Refused(Why.ORIGIN)
