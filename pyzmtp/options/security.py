"""Who is let in, and how long finding that out may take."""

from __future__ import annotations

from typing import Any, Final

from attrs import frozen

from pyzmtp import validators
from pyzmtp.constants import SocketType
from pyzmtp.validators import flag, integer, option, or_none, seconds, text

__all__ = ["SecurityOptions"]

_ZMTP: Final = frozenset(kind for kind in SocketType if not kind.is_raw)


@frozen(slots=False)
class SecurityOptions:
    """Who is let in, and how long finding that out may take.

    A part of :class:`SocketOptions`.
    """

    security: Any = option(
        None,
        or_none(validators.policy, "Null()"),
        "the policy: PlainServer, PlainClient, CurveServer, CurveClient or Null (or one's own)",
        "ZMQ_PLAIN_SERVER, ZMQ_PLAIN_USERNAME, ZMQ_PLAIN_PASSWORD, ZMQ_CURVE_SERVER, "
        "ZMQ_CURVE_PUBLICKEY, ZMQ_CURVE_SECRETKEY, ZMQ_CURVE_SERVERKEY",
        "NULL",
        types=_ZMTP,
    )
    zap_domain: str = option(
        "",
        text(0, 255),
        "the domain that ZAP handlers are told; under NULL they are asked only if there is one",
        "ZMQ_ZAP_DOMAIN",
        types=_ZMTP,
    )
    zap_enforce_domain: bool = option(
        True,
        flag,
        "whether a peer is refused if there is a domain, but no ZAP handler",
        "ZMQ_ZAP_ENFORCE_DOMAIN",
        "0",
        types=_ZMTP,
    )
    authentication_timeout: float | None = option(
        10.0,
        or_none(seconds(zero=False), "no limit but that of the handshake"),
        "how long a check or ZAP handler may take to decide on a peer",
        types=_ZMTP,
    )
    max_authentications: int = option(
        100,
        integer(1),
        "peers of one bind or connect that are being decided on at a time; others wait their turn",
        types=_ZMTP,
    )
    reconnect_after_refusal: bool = option(
        False,
        flag,
        "whether a connection is tried again after the peer has refused it for good",
        types=_ZMTP,
    )
