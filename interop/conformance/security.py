"""What secures a socket, in terms that both libraries share. An actor is given one as ``security``."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import zmq
from attrs import field, frozen

import pyzmtp
from pyzmtp.security.policy import Policy

__all__ = ["CurveKeys", "CurveServing", "Keys", "PlainLogin", "PlainServing", "Security"]


class Security(Protocol):
    """One side of a mechanism."""

    def for_libzmq(self) -> list[tuple[int, int | bytes]]:
        """The options of libzmq, by number."""

    def for_pyzmtp(self) -> Policy:
        """The policy."""


class Keys(NamedTuple):
    """A pair of long-term keys, in Z85."""

    public: bytes
    secret: bytes

    @classmethod
    def new(cls) -> Keys:
        """Make a new pair."""
        return cls(*zmq.curve_keypair())


@frozen
class PlainServing:
    """Asks ZAP about names and passwords, or was not told to ask anybody."""

    asks: bool = True

    def for_libzmq(self) -> list[tuple[int, int | bytes]]:
        return [(zmq.PLAIN_SERVER, 1)]

    def for_pyzmtp(self) -> Policy:
        return pyzmtp.PlainServer(pyzmtp.ZAP if self.asks else None)


@frozen
class PlainLogin:
    """Says a name and a password."""

    username: bytes
    password: bytes = field(repr=False)

    def for_libzmq(self) -> list[tuple[int, int | bytes]]:
        return [(zmq.PLAIN_USERNAME, self.username), (zmq.PLAIN_PASSWORD, self.password)]

    def for_pyzmtp(self) -> Policy:
        return pyzmtp.PlainClient(self.username, self.password)


@frozen
class CurveServing:
    """Has a secret key, and asks ZAP about the keys of clients, or was not told to ask anybody."""

    secret: bytes = field(repr=False)
    asks: bool = True

    def for_libzmq(self) -> list[tuple[int, int | bytes]]:
        return [(zmq.CURVE_SERVER, 1), (zmq.CURVE_SECRETKEY, self.secret)]

    def for_pyzmtp(self) -> Policy:
        return pyzmtp.CurveServer(self.secret, pyzmtp.ZAP if self.asks else None)


@frozen
class CurveKeys:
    """Knows a server's public key, and has a pair of its own."""

    server_public: bytes
    public: bytes
    secret: bytes = field(repr=False)

    def for_libzmq(self) -> list[tuple[int, int | bytes]]:
        return [
            (zmq.CURVE_SERVERKEY, self.server_public),
            (zmq.CURVE_PUBLICKEY, self.public),
            (zmq.CURVE_SECRETKEY, self.secret),
        ]

    def for_pyzmtp(self) -> Policy:
        return pyzmtp.CurveClient(self.server_public, (self.public, self.secret))
