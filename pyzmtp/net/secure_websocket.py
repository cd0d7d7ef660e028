"""``wss://``: the TLS below a websocket, by Twisted: :func:`over_tls`, :func:`serving_tls`."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from twisted.internet.interfaces import IOpenSSLClientConnectionCreator
from twisted.internet.protocol import Factory, Protocol, ServerFactory
from zope.interface import implementer

from pyzmtp.errors import LibraryMissing, OptionError, UsageError
from pyzmtp.net.address import WebsocketAddress
from pyzmtp.net.reactor import Reactor
from pyzmtp.options import SocketOptions

if TYPE_CHECKING:
    from OpenSSL.crypto import X509

__all__ = ["over_tls", "serving_tls"]

_CERTIFICATE: Final = re.compile(
    "-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL
)


def over_tls(
    reactor: Reactor,
    place: WebsocketAddress,
    options: SocketOptions,
    build: Callable[[str], Protocol],
) -> Callable[[str], Protocol]:
    """``build`` for a connection to ``place``, with TLS between the protocol and its transport.

    Raises :exc:`LibraryMissing`; :exc:`OptionError` for PEM that is none, and :exc:`UsageError` if
    nothing says whom to trust.
    """
    _check_library()
    from twisted.internet import ssl
    from twisted.protocols.tls import TLSMemoryBIOFactory

    if options.wss_trust_pem is None and not options.wss_trust_system:
        raise UsageError("to connect to wss://, say whom to trust: wss_trust_pem, wss_trust_system")
    host = options.wss_hostname or place.tcp.host.partition("%")[0]
    shown = _shown(options)
    trusted = _trusted(options)

    root = ssl.platformTrust() if options.wss_trust_system else _root(trusted)
    try:
        creator: Any = ssl.optionsForClientTLS(host, root, extraCertificateOptions=shown)
    except UnicodeError:
        problem = "it is no name that a certificate could have"
        raise OptionError("wss_hostname", host, problem) from None
    if options.wss_trust_system and trusted:
        creator = _TrustingMore(creator, trusted)

    def build_over_tls(where: str) -> Protocol:
        inner = Factory.forProtocol(partial(build, where))
        protocol: Protocol | None = TLSMemoryBIOFactory(
            creator, True, inner, reactor
        ).buildProtocol(None)
        assert protocol is not None
        return protocol

    return build_over_tls


def serving_tls(reactor: Reactor, options: SocketOptions, factory: ServerFactory) -> Any:
    """``factory``, with TLS between its protocols and their transports.

    Of clients a certificate is asked for if ``wss_trust_pem`` says who may vouch for it (the system's
    authorities vouch for anybody); one that shows none is the business of the policy.

    Raises as :func:`over_tls`; :exc:`UsageError` without a certificate.
    """
    _check_library()
    from twisted.internet import ssl
    from twisted.protocols.tls import TLSMemoryBIOFactory

    shown = _shown(options)
    if not shown:
        raise UsageError("to bind to wss://, set wss_cert_pem and wss_key_pem")
    trusted = _trusted(options)

    root = _root(trusted) if trusted else None
    contexts = ssl.CertificateOptions(**shown, trustRoot=root)
    contexts.requireCertificate = False
    wrapped: Any = TLSMemoryBIOFactory(contexts, False, factory, reactor)
    return wrapped


def _check_library() -> None:
    try:
        import OpenSSL  # noqa: F401
    except ImportError as error:
        raise LibraryMissing("wss://", "pyOpenSSL", "tls") from error


@implementer(IOpenSSLClientConnectionCreator)
class _TrustingMore:
    """Trusts the system, as Twisted can, and others besides, for which it has no words."""

    def __init__(self, creator: Any, trusted: list[X509]) -> None:
        self._creator = creator
        self._trusted = trusted

    def clientConnectionForTLS(self, tlsProtocol: Any) -> Any:
        connection = self._creator.clientConnectionForTLS(tlsProtocol)
        store = connection.get_context().get_cert_store()
        for certificate in self._trusted:
            store.add_cert(certificate)
        return connection


def _shown(options: SocketOptions) -> dict[str, Any]:
    """Our own certificate, as Twisted wants it; empty without one."""
    from OpenSSL import SSL, crypto
    from twisted.internet import ssl

    if options.wss_cert_pem is None and options.wss_key_pem is None:
        return {}
    if options.wss_cert_pem is None or options.wss_key_pem is None:
        raise UsageError("wss_cert_pem and wss_key_pem go together")
    certificate, *chain = _certificates("wss_cert_pem", options.wss_cert_pem)
    try:
        # Without a passphrase OpenSSL would ask for one on the terminal.
        key = crypto.load_privatekey(crypto.FILETYPE_PEM, options.wss_key_pem.encode(), b"")
    except (crypto.Error, ValueError, TypeError):
        problem = "it takes a private key in PEM, without a passphrase"
        raise OptionError("wss_key_pem", "(secret)", problem) from None
    shown: dict[str, Any] = {"privateKey": key, "certificate": certificate, "extraCertChain": chain}
    try:
        ssl.CertificateOptions(**shown).getContext()  # later nobody would hear of it
    except SSL.Error:
        raise OptionError("wss_key_pem", "(secret)", "it does not belong to wss_cert_pem") from None
    return shown


def _trusted(options: SocketOptions) -> list[X509]:
    pem = options.wss_trust_pem
    return [] if pem is None else _certificates("wss_trust_pem", pem)


def _certificates(name: str, pem: str) -> list[X509]:
    from OpenSSL import crypto

    try:
        found = [
            crypto.load_certificate(crypto.FILETYPE_PEM, one.encode())
            for one in _CERTIFICATE.findall(pem)
        ]
    except (crypto.Error, ValueError):
        found = []
    if not found:
        raise OptionError(name, "(not shown)", "it takes certificates in PEM")
    return found


def _root(trusted: list[X509]) -> Any:
    """Those whom to trust, and nobody else, as Twisted wants it."""
    from twisted.internet import ssl

    return ssl.trustRootFromCertificates(map(ssl.Certificate, trusted))
