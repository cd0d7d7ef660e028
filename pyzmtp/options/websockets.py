"""What ``wss://`` shows and trusts."""

from __future__ import annotations

from typing import Final

from attrs import frozen

from pyzmtp.constants import SocketType
from pyzmtp.validators import flag, option, or_none, text

__all__ = ["WebsocketOptions"]

_ZMTP: Final = frozenset(kind for kind in SocketType if not kind.is_raw)
#: Bytes of PEM, more than any chain or list of authorities takes.
_MOST: Final = 2**24
#: Characters in a host name (RFC 1035, section 2.3.4).
_MAX_HOST: Final = 253


@frozen(slots=False)
class WebsocketOptions:
    """What ``wss://`` shows and trusts.

    A part of :class:`SocketOptions`.
    """

    wss_cert_pem: str | None = option(
        None,
        or_none(text(1, _MOST), "none"),
        "the certificate to show, in PEM, and what it was signed with; to bind wss:// takes one",
        "ZMQ_WSS_CERT_PEM",
        "none",
        types=_ZMTP,
    )
    wss_key_pem: str | None = option(
        None,
        or_none(text(1, _MOST), "none"),
        "the private key that belongs to wss_cert_pem, in PEM",
        "ZMQ_WSS_KEY_PEM",
        "none",
        types=_ZMTP,
        secret=True,
    )
    wss_trust_pem: str | None = option(
        None,
        or_none(text(1, _MOST), "none"),
        "the authorities, in PEM, that must vouch for the peer's certificate; a bind asks for one then",
        "ZMQ_WSS_TRUST_PEM",
        "none",
        types=_ZMTP,
    )
    wss_trust_system: bool = option(
        False,
        flag,
        "whether the system's authorities may vouch for servers too, when connecting to wss://",
        "ZMQ_WSS_TRUST_SYSTEM",
        "0",
        types=_ZMTP,
    )
    wss_hostname: str | None = option(
        None,
        or_none(text(1, _MAX_HOST), "the host in the address"),
        "the name that a server's certificate must be for, when connecting to wss://",
        "ZMQ_WSS_HOSTNAME",
        "none (any name will do)",
        types=_ZMTP,
    )
