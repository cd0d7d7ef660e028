"""ZeroMQ over TLS, where both sides show certificates: a server that answers to those whom it knows.

    python examples/tls.py certify certificates server anne bob
    python examples/tls.py serve certificates 9000 anne
    python examples/tls.py ask certificates 9000 anne "How are you?"
    python examples/tls.py ask certificates 9000 bob "May I come in?"

The first command makes an authority, and certificates that it has signed, each with its key in a file. TLS
itself keeps out whom the authority does not know, and the policy all but those who are named: bob is
refused. It needs ``pyzmtp[tls]``. libzmq has no TLS: for its programs there is CURVE.
"""

from __future__ import annotations

import sys
from datetime import datetime, timedelta, timezone
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from twisted.internet.endpoints import SSL4ServerEndpoint, quoteStringArgument
from twisted.internet.ssl import Certificate, PrivateCertificate
from twisted.internet.task import react

from pyzmtp import (
    AuthenticationFailed,
    Event,
    HandshakeFailed,
    RepSocket,
    ReqSocket,
    TLSClientCertificate,
)
from pyzmtp.net.reactor import Reactor

HOST = "127.0.0.1"


def certify(directory: Path, *names: str) -> None:
    """Make an authority, and certificates for these names."""
    trusted = directory / "authority"  # Twisted wants trust roots in a directory of their own
    trusted.mkdir(parents=True)
    authority = ec.generate_private_key(ec.SECP256R1())  # it signs no others: nobody keeps it
    (trusted / "authority.pem").write_bytes(sign("authority", authority, authority))
    for name in names:
        key = ec.generate_private_key(ec.SECP256R1())
        secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        file = directory / f"{name}.pem"
        file.touch(mode=0o600)
        file.write_bytes(sign(name, key, authority) + secret)


def sign(
    name: str, key: ec.EllipticCurvePrivateKey, authority: ec.EllipticCurvePrivateKey
) -> bytes:
    """Make a certificate that is good for a day."""
    now = datetime.now(timezone.utc)
    builder = x509.CertificateBuilder(
        issuer_name=x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority")]),
        subject_name=x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]),
        public_key=key.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=now - timedelta(hours=1),
        not_valid_after=now + timedelta(days=1),
    ).add_extension(x509.BasicConstraints(ca=key is authority, path_length=None), critical=True)
    if key is not authority:
        usage = ExtendedKeyUsageOID.CLIENT_AUTH  # so that no client can pass for the server
        if name == "server":
            usage = ExtendedKeyUsageOID.SERVER_AUTH
        host = x509.SubjectAlternativeName([x509.IPAddress(ip_address(HOST))])
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        builder = builder.add_extension(host, critical=False)
    return builder.sign(authority, hashes.SHA256()).public_bytes(Encoding.PEM)


async def serve(reactor: Reactor, directory: Path, port: int, *names: str) -> None:
    """Answer to those names, for ever."""
    authority = Certificate.loadPEM((directory / "authority" / "authority.pem").read_bytes())
    server = PrivateCertificate.loadPEM((directory / "server.pem").read_bytes())
    # Clients must show what the authority has signed. An ``ssl:`` string could not say that.
    endpoint = SSL4ServerEndpoint(reactor, port, server.options(authority), interface=HOST)
    async with RepSocket(reactor, security=TLSClientCertificate(names)) as rep:
        print("the server is at", await rep.bind(endpoint), flush=True)
        while True:
            peer, frames = await rep.receive_from()
            question = b" ".join(frames).decode(errors="replace")
            print(f"{peer.user_id} asks: {question}", flush=True)
            await rep.send(f"Fine, {peer.user_id}.".encode())


async def ask(reactor: Reactor, directory: Path, port: int, name: str, question: str) -> None:
    """Ask the server something, by that name."""
    trusted = quoteStringArgument(str(directory / "authority"))
    shown = quoteStringArgument(str(directory / f"{name}.pem"))
    where = f"tls:{HOST}:{port}:trustRoots={trusted}:certificate={shown}:privateKey={shown}"
    async with ReqSocket(reactor) as req:
        req.on_event(complain)
        try:
            await req.connect(where)  # and again, unless the answer is no
        except AuthenticationFailed:
            raise SystemExit(f"{name} is not let in") from None
        [answer] = await req.request(question.encode())
        print(answer.decode())


def complain(event: Event) -> None:
    if isinstance(event, HandshakeFailed):
        print(event.error, file=sys.stderr, flush=True)


async def main(reactor: Reactor, role: str, directory: str, *arguments: str) -> None:
    if role == "certify":
        certify(Path(directory), *arguments)
    else:
        port, *others = arguments
        await (serve if role == "serve" else ask)(reactor, Path(directory), int(port), *others)


if __name__ == "__main__":
    react(main, sys.argv[1:])
