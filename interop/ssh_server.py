"""An SSH server on the loopback that lets a user in by key, and opens TCP connections for him."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from attrs import define, field
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from twisted.conch.avatar import ConchUser
from twisted.conch.error import ValidPublicKey
from twisted.conch.interfaces import IConchUser
from twisted.conch.ssh.factory import SSHFactory
from twisted.conch.ssh.forwarding import openConnectForwardingClient
from twisted.conch.ssh.keys import Key
from twisted.conch.ssh.transport import SSHServerTransport
from twisted.cred.checkers import ICredentialsChecker
from twisted.cred.credentials import ISSHPrivateKey
from twisted.cred.error import UnauthorizedLogin
from twisted.cred.portal import IRealm, Portal
from twisted.internet.defer import maybeDeferred
from twisted.python.failure import Failure
from zope.interface import implementer

from interop.reactor import reactor, until

__all__ = ["USER", "SSHServer", "new_key", "ssh_server"]

USER = "anne"


def new_key() -> Key:
    """Make a key pair."""
    return Key(Ed25519PrivateKey.generate())


@implementer(IRealm)
class _Realm:
    """Users who may open channels to TCP addresses, and nothing else."""

    def requestAvatar(self, avatarId: object, mind: object, *interfaces: object) -> Any:
        user = ConchUser()
        user.channelLookup[b"direct-tcpip"] = openConnectForwardingClient
        return IConchUser, user, lambda: None


@implementer(ICredentialsChecker)
class _KeyChecker:
    """Lets the user in who can sign with the key. (Conch's own brings a module that is deprecated.)"""

    credentialInterfaces = (ISSHPrivateKey,)

    def __init__(self, key: Key) -> None:
        self._key = key

    def requestAvatarId(self, credentials: Any) -> Any:
        if credentials.username != USER.encode() or credentials.blob != self._key.blob():
            raise UnauthorizedLogin
        if credentials.signature is None:
            raise ValidPublicKey
        if not self._key.verify(credentials.signature, credentials.sigData):
            raise UnauthorizedLogin
        return credentials.username


@define(eq=False)
class SSHServer:
    """A server, its key, and that of its user.

    :ivar connections: those that there are.
    """

    port: int = 0
    host_key: Key = field(factory=new_key)
    user_key: Key = field(factory=new_key)
    connections: list[SSHServerTransport] = field(factory=list)

    def factory(self) -> Any:
        """What to listen with."""
        factory: Any = SSHFactory()
        factory.publicKeys = {b"ssh-ed25519": self.host_key.public()}
        factory.privateKeys = {b"ssh-ed25519": self.host_key}
        factory.portal = Portal(_Realm(), [_KeyChecker(self.user_key.public())])
        server = self

        class Transport(SSHServerTransport):
            def connectionMade(self) -> None:
                server.connections.append(self)
                SSHServerTransport.connectionMade(self)

            def connectionLost(self, reason: Failure | None = None) -> None:
                server.connections.remove(self)
                SSHServerTransport.connectionLost(self, reason)

        factory.protocol = Transport
        return factory

    def cut(self) -> None:
        """Lose all connections."""
        for connection in list(self.connections):
            transport: Any = connection.transport
            transport.abortConnection()


@asynccontextmanager
async def ssh_server() -> AsyncIterator[SSHServer]:
    """Run a server."""
    server = SSHServer()
    listening: Any = reactor.listenTCP(0, server.factory(), interface="127.0.0.1")
    server.port = listening.getHost().port
    try:
        yield server
    finally:
        server.cut()
        await maybeDeferred(listening.stopListening)
        await until(lambda: not server.connections, "the end of all SSH connections")
