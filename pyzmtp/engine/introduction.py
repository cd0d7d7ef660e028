"""What a peer says of itself in the handshake, and whether it will do (RFC 37, "Metadata")."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pyzmtp.constants import MAX_IDENTITY, SocketType, compatible
from pyzmtp.errors import IncompatibleSocketType, MechanismMismatch, MetadataError, RoleMismatch
from pyzmtp.mechanisms.base import Mechanism
from pyzmtp.wire.greeting import Greeting

__all__ = ["check_identity", "check_mechanism", "introduction", "numbered_type", "public_metadata"]

# Names of which the application hears as fields of a peer, if at all: as metadata they are dropped.
_RESERVED: Final = frozenset({"user-id", "peer-address", "socket-type", "identity"})


def check_mechanism(ours: Mechanism, theirs: Greeting) -> None:
    """Raise :exc:`MechanismMismatch`, or :exc:`RoleMismatch`, if the handshake cannot succeed.

    libzmq's servers do not say that they are servers, so that only two of ours are told apart here.
    """
    name = ours.name.decode("ascii")
    if theirs.mechanism != ours.name.ljust(20, b"\0"):
        other = theirs.mechanism.rstrip(b"\0").decode("ascii", "backslashreplace")
        raise MechanismMismatch(name, other)
    if theirs.as_server and ours.as_server:
        raise RoleMismatch(name, "server")


def introduction(
    ours: SocketType, properties: Mapping[str, bytes]
) -> tuple[SocketType | None, bytes]:
    """The socket type and the identity of a peer that says these ``properties``.

    Raises :exc:`IncompatibleSocketType`, :exc:`MetadataError`.
    """
    by_name = {name.lower(): value for name, value in properties.items()}
    theirs = _named_type(ours, by_name.get("socket-type"))
    return theirs, check_identity(ours, by_name.get("identity", b""))


def _named_type(ours: SocketType, announced: bytes | None) -> SocketType | None:
    """The type in a ``Socket-Type``. Raises :exc:`IncompatibleSocketType`."""
    if announced is None:
        return None  # libzmq accepts a READY that does not say, and so do we
    name = announced.decode("ascii", "backslashreplace")
    try:
        return _check_compatible(ours, SocketType(name))
    except ValueError:
        raise IncompatibleSocketType(ours, name) from None


def numbered_type(ours: SocketType, announced: int | None) -> SocketType | None:
    """The type in a greeting of ZMTP 2.0. Raises :exc:`IncompatibleSocketType`.

    As in libzmq, a number that nobody knows is none.
    """
    for theirs in SocketType:
        if theirs.number == announced:
            return _check_compatible(ours, theirs)
    return None


def _check_compatible(ours: SocketType, theirs: SocketType) -> SocketType:
    if not compatible(ours, theirs):
        raise IncompatibleSocketType(ours, theirs.value)
    return theirs


def check_identity(ours: SocketType, identity: bytes, source: str = "READY") -> bytes:
    """``identity``, if a ROUTER may call the peer so. Raises :exc:`MetadataError`, naming ``source``."""
    # RFC 37: only a ROUTER has a use for it.
    if ours is SocketType.ROUTER:
        if len(identity) > MAX_IDENTITY:
            problem = f"an Identity of {len(identity)} bytes, at most {MAX_IDENTITY} allowed"
            raise MetadataError(source, problem)
        if identity.startswith(b"\0"):
            # Such ids are ours to give: a peer that claimed one could take another's place.
            raise MetadataError(source, "an Identity may not begin with a zero byte")
    return identity


def public_metadata(
    properties: Mapping[str, bytes], granted: Mapping[str, bytes]
) -> dict[str, bytes]:
    """What the application may see: what was ``granted``, and of the peer's own ``properties`` what has
    another name, in whatever case.
    """
    granted = _free(granted)
    taken = {name.lower() for name in granted}
    own = _free(properties).items()
    return {name: value for name, value in own if name.lower() not in taken} | granted


def _free(properties: Mapping[str, bytes]) -> dict[str, bytes]:
    """Those whose names neither the handshake nor the socket has a meaning for."""
    return {
        name: value
        for name, value in properties.items()
        if not name.startswith("__") and name.lower() not in _RESERVED
    }
