"""TLS and CURVE."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from importlib import import_module
from typing import Any, Final

from twisted.internet.interfaces import IReactorSSL

from pyzmtp import (
    AuthenticationFailed,
    CurveClient,
    CurveServer,
    DealerSocket,
    RepSocket,
    ReqSocket,
    RouterSocket,
    curve_keypair,
)

from .case import Absent, Case, Stage
from .conversations import BURST, MESSAGES, carry

__all__ = ["CASES"]

#: Longer than a record of TLS, or what a transport takes at once.
_LARGE: Final = [[bytes(range(256)) * 8192]]


def need(module: str) -> None:
    """Raise :exc:`Absent` if an optional library is not installed."""
    try:
        import_module(module)
    except ImportError as error:
        raise Absent(f"no {module}") from error


@cache
def _authority() -> Any:
    """Who signs the certificates."""
    return import_module("tests.tls_certificates").Authority()


async def _both_ways(stage: Stage, where: Any, reach: Callable[[str], Any], **options: Any) -> None:
    """A ROUTER at ``where`` and a DEALER that gets there through ``reach`` of its address."""
    connect = {name[8:]: value for name, value in options.items() if name.startswith("connect_")}
    bind = {name[5:]: value for name, value in options.items() if name.startswith("bind_")}
    router = stage.open(RouterSocket, **bind)
    dealer = stage.open(DealerSocket, routing_id=b"d", **connect)
    address = await stage.within(router.bind(where), "bind")
    await stage.within(dealer.connect(reach(address)), "connect")
    for messages in (MESSAGES, BURST, _LARGE):
        await carry(stage, dealer, router, messages, (), [b"d"])
        await carry(stage, router, dealer, messages, [b"d"])


async def tls_endpoints(stage: Stage) -> None:
    """Endpoints over TLS that a program has made."""
    need("OpenSSL")
    tls = import_module("tests.tls_certificates")
    server = tls.TLSServer(stage.reactor, tls.server_options(_authority().issue("server")))
    options = tls.client_options(_authority().identity)
    await _both_ways(stage, server, lambda _: tls.TLSClient(stage.reactor, server.port, options))


async def tls_strings(stage: Stage) -> None:
    """Endpoints over TLS as text."""
    need("OpenSSL")
    if not IReactorSSL.providedBy(stage.reactor):
        raise Absent("no IReactorSSL")
    identity = _authority().issue("server")
    pem, roots = stage.directory / "server.pem", stage.directory / "roots"
    pem.write_text(identity.certificate + identity.key)
    roots.mkdir(exist_ok=True)
    (roots / "authority.pem").write_text(_authority().identity.certificate)

    def escape(path: object) -> str:
        return str(path).replace("\\", "\\\\").replace(":", "\\:")

    def reach(address: str) -> str:
        port = address.rpartition(":")[2]
        return f"tls:127.0.0.1:{port}:trustRoots={escape(roots)}"

    where = f"ssl:0:interface=127.0.0.1:privateKey={escape(pem)}:certKey={escape(pem)}"
    await _both_ways(stage, where, reach)


async def wss(stage: Stage) -> None:
    """Websockets over TLS."""
    need("OpenSSL")
    need("wsproto")
    identity = _authority().issue("server")
    await _both_ways(
        stage,
        "wss://127.0.0.1:*/",
        lambda address: address,
        bind_wss_cert_pem=identity.certificate,
        bind_wss_key_pem=identity.key,
        connect_wss_trust_pem=_authority().identity.certificate,
    )


async def curve(transport: str, stage: Stage) -> None:
    """Keys that fit, and one that does not."""
    need("nacl")
    await stage.check_transport(transport)
    keys, client_keys, stranger = curve_keypair(), curve_keypair(), curve_keypair()
    rep = stage.open(RepSocket, security=CurveServer(keys.secret, {client_keys.public}))
    rep.serve(lambda request: request)
    address = await stage.within(rep.bind(stage.somewhere(transport)), "bind")
    req = stage.open(ReqSocket, security=CurveClient(keys.public, client_keys))
    await stage.within(req.connect(address), "connect")
    for message in (*MESSAGES, *BURST[:50], *_LARGE):
        assert await req.request(message, timeout=10) == message
    outsider = stage.open(ReqSocket, security=CurveClient(keys.public, stranger))
    try:
        await stage.within(outsider.connect(address), "connect")
    except AuthenticationFailed:
        pass
    else:
        raise AssertionError("a key that is not allowed was let in")


CASES: Final = [
    Case("TLS endpoints", ("tls",), tls_endpoints),
    Case("TLS endpoint strings", ("tls",), tls_strings),
    Case("REQ REP over wss", ("tls",), wss),
    *(Case(f"CURVE over {one}", ("curve",), partial(curve, one)) for one in ("tcp", "ipc", "ws")),
]
