"""Certificates that are made for a test, and endpoints over TLS that show and want them."""

from __future__ import annotations

import datetime
import ipaddress
from collections.abc import Sequence
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from twisted.internet import ssl
from twisted.internet.endpoints import TCP4ClientEndpoint, TCP4ServerEndpoint
from twisted.internet.interfaces import IStreamClientEndpoint, IStreamServerEndpoint
from twisted.protocols.tls import TLSMemoryBIOFactory
from zope.interface import implementer

HOST = "server.example"

USAGES = (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH)
_DAY = datetime.timedelta(days=1)
_KEY = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()


class Identity(NamedTuple):
    """A certificate and its key, both in PEM."""

    certificate: str
    key: str

    @property
    def fingerprint(self) -> bytes:
        """SHA-256 of the certificate."""
        return self.x509.fingerprint(hashes.SHA256())

    @property
    def x509(self) -> x509.Certificate:
        """The certificate, taken apart."""
        return x509.load_pem_x509_certificate(self.certificate.encode())

    @property
    def der(self) -> bytes:
        """The certificate in DER."""
        return self.x509.public_bytes(serialization.Encoding.DER)

    @property
    def private(self) -> ssl.PrivateCertificate:
        """Both as Twisted has them."""
        private: ssl.PrivateCertificate = ssl.PrivateCertificate.loadPEM(
            (self.certificate + self.key).encode()
        )
        return private

    @property
    def trust(self) -> Any:
        """What trusts it, and what it has signed."""
        return ssl.trustRootFromCertificates([ssl.Certificate.loadPEM(self.certificate.encode())])


class Authority:
    """Signs certificates; its own is signed by itself, or by another authority.

    :ivar identity: its own certificate.
    """

    def __init__(self, name: str = "authority", issuer: Authority | None = None) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name([name])
        self.identity = (issuer or self)._sign(self._key, self._name, authority=True)

    def issue(
        self, *names: str, days: int = 1, usages: Sequence[x509.ObjectIdentifier] = USAGES
    ) -> Identity:
        """A certificate with these common names: for a client and server, or for other ``usages``."""
        key = ec.generate_private_key(ec.SECP256R1())
        return self._sign(key, _name(list(names)), days=days, usages=usages)

    def _sign(
        self,
        key: Any,
        subject: x509.Name,
        authority: bool = False,
        days: int = 1,
        usages: Sequence[x509.ObjectIdentifier] = (),
    ) -> Identity:
        now = datetime.datetime.now(datetime.timezone.utc)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - 3 * _DAY)
            .not_valid_after(now + days * _DAY)
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        )
        if not authority:
            address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
            names = x509.SubjectAlternativeName([x509.DNSName(HOST), address])
            if usages:
                builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
            builder = builder.add_extension(names, critical=False)
        certificate = builder.sign(self._key, hashes.SHA256())
        return Identity(
            certificate.public_bytes(serialization.Encoding.PEM).decode(),
            key.private_bytes(*_KEY).decode(),
        )


def _name(names: list[str]) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name) for name in names])


def server_options(identity: Identity, trust: Identity | None = None) -> ssl.CertificateOptions:
    """What a server shows; with ``trust`` it wants a certificate signed by that."""
    private = identity.private
    return ssl.CertificateOptions(
        privateKey=private.privateKey.original,
        certificate=private.original,
        trustRoot=None if trust is None else trust.trust,
    )


def client_options(trust: Identity, identity: Identity | None = None, host: str = HOST) -> Any:
    """What a client trusts, and what it shows."""
    shown = None if identity is None else identity.private
    return ssl.optionsForClientTLS(host, trust.trust, shown)


@implementer(IStreamServerEndpoint)
class TLSServer:
    """Listens over TLS on a port of any reactor. Twisted's own endpoint needs the global one's clock.

    :ivar port: the real port, once it listens.
    """

    def __init__(self, reactor: Any, options: Any) -> None:
        self._reactor = reactor
        self._options = options
        self.port = 0

    def listen(self, factory: Any) -> Any:
        wrapped = TLSMemoryBIOFactory(self._options, False, factory, self._reactor)
        endpoint = TCP4ServerEndpoint(self._reactor, 0, interface="127.0.0.1")
        return endpoint.listen(wrapped).addCallback(self._listening)

    def _listening(self, port: Any) -> Any:
        self.port = port.getHost().port
        return port


@implementer(IStreamClientEndpoint)
class TLSClient:
    """Connects to a port over TLS."""

    def __init__(self, reactor: Any, port: int, options: Any) -> None:
        self._reactor = reactor
        self._endpoint = TCP4ClientEndpoint(reactor, "127.0.0.1", port)
        self._options = options

    def connect(self, factory: Any) -> Any:
        return self._endpoint.connect(
            TLSMemoryBIOFactory(self._options, True, factory, self._reactor)
        )
