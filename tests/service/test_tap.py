"""zmtp-proxy: its options, the service that they make, and what is wrong with some of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from twisted.application.service import IServiceMaker
from twisted.plugin import IPlugin
from twisted.python import usage
from zope.interface.verify import verifyObject

from pyzmtp import (
    AuthenticationFailed,
    CurveClient,
    CurveServer,
    DealerSocket,
    KeyPair,
    PlainClient,
    PlainServer,
    ProxyService,
    PubSocket,
    PullSocket,
    PushSocket,
    RepSocket,
    ReqSocket,
    RouterSocket,
    SocketType,
    SubSocket,
    XPubSocket,
    XSubSocket,
    curve_keypair,
)
from pyzmtp.certificates import create_certificates, load_certificate
from pyzmtp.tap import ProxyOptions, make_service
from twisted.plugins import pyzmtp_plugin

from ..sockets.world import Outcomes, World

FRONT, BACK, CAPTURE = (f"tcp://127.0.0.1:{port}" for port in (5551, 5552, 5553))


def parsed(*arguments: str) -> ProxyOptions:
    """Options, as twist parses them."""
    options = ProxyOptions()
    usage.Options.parseOptions(options, list(arguments))
    return options


def service_of(world: World, *arguments: str) -> ProxyService:
    """A service that runs, on a host of its own."""
    reactor: Any = world.network.reactor()
    service = make_service(reactor, parsed(*arguments))
    service.startService()
    return service


def stop(world: World, service: ProxyService) -> None:
    """Stop a service."""
    stopped = Outcomes(service.stopService())
    world.settle()
    assert stopped == [None]


def problem(*arguments: str) -> str:
    """What is wrong with options."""
    with pytest.raises(usage.UsageError) as raised:
        parsed(*arguments)
    return str(raised.value)


def sockets(service: ProxyService) -> list[Any]:
    """The sockets of a service."""
    services: list[Any] = list(service)
    return [each.socket for each in services]


@pytest.fixture
def keys(tmp_path: Path) -> Any:
    """Makes certificates, by name."""

    def make(name: str, directory: str = ".") -> tuple[str, KeyPair]:
        (tmp_path / directory).mkdir(exist_ok=True)
        _, path = create_certificates(tmp_path / directory, name)
        certificate = load_certificate(path)
        assert certificate.secret_key is not None
        return str(path), KeyPair(certificate.public_key, certificate.secret_key)

    return make


def test_requests_and_replies(world: World) -> None:
    service = service_of(world, "--frontend", FRONT, "--backend", BACK)
    assert [type(socket) for socket in sockets(service)] == [RouterSocket, DealerSocket]
    rep, req = world.make(RepSocket), world.make(ReqSocket)
    Outcomes(rep.serve(lambda request: request))
    world.run(rep.connect(BACK), 1)
    world.run(req.connect(FRONT), 1)
    assert world.run(req.request(b"x"), 1) == [b"x"]
    stop(world, service)


def test_types_capture_and_connects(world: World) -> None:
    pub, sub, watcher = world.make(PubSocket), world.make(SubSocket), world.make(SubSocket)
    world.run(pub.bind(FRONT))
    world.run(watcher.bind(CAPTURE))
    service = service_of(
        world,
        *("--frontend", f">{FRONT}", "--frontend-type", "xsub"),
        *("--backend", f"@{BACK}", "--backend", "inproc://more", "--backend-type", "XPUB"),
        *("--capture", f">{CAPTURE}"),
    )
    kinds = [type(socket) for socket in sockets(service)]
    assert kinds == [XSubSocket, XPubSocket, PubSocket]
    for each in (sub, watcher):
        each.subscribe(b"")
    world.run(sub.connect(BACK), 1)
    world.run(pub.wait_subscribed(b"x"), 1)
    world.advance(1)
    pub.send(b"x")
    world.advance(1)
    assert world.drain(sub) == [[b"x"]]
    assert [b"x"] in world.drain(watcher)
    stop(world, service)


def test_socket_options(world: World) -> None:
    service = service_of(
        world,
        *("--frontend", FRONT, "--backend", BACK),
        *("-o", "frontend.receive_hwm=7", "--option", "linger=None"),
        *("-o", "backend.ipv6=True", "-o", "backend.hello_message=b'hello'"),
        *("-o", "backend.socks_proxy=127.0.0.1:1080", "--drain-timeout", "0.5"),
    )
    front, back = sockets(service)
    assert (front.options.receive_hwm, back.options.receive_hwm) == (7, 1000)
    assert (front.options.linger, back.options.linger) == (None, None)
    assert (front.options.ipv6, back.options.ipv6) == (False, True)
    assert (back.options.hello_message, back.options.socks_proxy) == (b"hello", "127.0.0.1:1080")
    stop(world, service)


# Security


def test_curve_server_and_client(world: World, keys: Any, tmp_path: Path) -> None:
    ours, pair = keys("proxy")
    _, friend = keys("friend", "friends")
    theirs, server = keys("server")
    service = service_of(
        world,
        *("--frontend", FRONT, "--frontend-curve-key", ours),
        *("--frontend-curve-clients", str(tmp_path / "friends")),
        *("--backend", f">{BACK}", "--backend-curve-key", ours, "--backend-curve-server", theirs),
    )
    rep = world.make(RepSocket, security=CurveServer(server.secret, [pair.public]))
    Outcomes(rep.serve(lambda request: request))
    world.run(rep.bind(BACK))
    req = world.make(ReqSocket, security=CurveClient(pair.public, friend))
    world.run(req.connect(FRONT), 1)
    assert world.run(req.request(b"x"), 1) == [b"x"]
    stranger = world.make(ReqSocket, security=CurveClient(pair.public, curve_keypair()))
    refused = Outcomes(stranger.connect(FRONT))
    world.advance(1)
    assert isinstance(refused.error, AuthenticationFailed)
    stop(world, service)


def test_curve_for_anybody(world: World, keys: Any) -> None:
    ours, pair = keys("proxy")
    arguments = ("--frontend-curve-key", ours, "--frontend-curve-clients", "any")
    service = service_of(world, "--frontend", FRONT, "--backend", BACK, *arguments)
    req = world.make(ReqSocket, security=CurveClient(pair.public))
    world.run(req.connect(FRONT), 1)
    stop(world, service)


def test_plain_server_and_client(world: World, tmp_path: Path) -> None:
    (tmp_path / "passwords").write_text("anne:s3:cret\n\nbob:\n")
    (tmp_path / "login").write_text("proxy:pass word")
    service = service_of(
        world,
        *("--frontend", FRONT, "--frontend-plain-passwords", str(tmp_path / "passwords")),
        *("--backend", f">{BACK}", "--backend-plain-login", str(tmp_path / "login")),
        *("--frontend-type", "pull", "--backend-type", "push"),
    )
    pull = world.make(PullSocket, security=PlainServer({"proxy": "pass word"}))
    world.run(pull.bind(BACK))
    for name, password in (("anne", "s3:cret"), ("bob", "")):
        push = world.make(PushSocket, security=PlainClient(name, password))
        world.run(push.connect(FRONT), 1)
        push.send(name.encode())
        world.advance(1)
        assert world.drain(pull) == [[name.encode()]]
    stop(world, service)


# What is wrong


def test_wrong_options(keys: Any, tmp_path: Path) -> None:
    ours, _ = keys("proxy")
    public = ours.removesuffix("_secret")
    passwords = tmp_path / "passwords"
    passwords.write_text("anne:one\nanne:two\n")
    both = ("--frontend", FRONT, "--backend", BACK)
    for arguments, text in [
        (("--frontend", FRONT), "--backend: give an address"),
        ((*both, "--backend", ">tcp://x:99999"), "backend: address 'tcp://x:99999'"),
        ((*both, "--frontend-type", "PAIRS"), "there is no type PAIRS"),
        ((*both, "-o", "linger"), "it takes [frontend.]NAME=VALUE"),
        ((*both, "-o", "capture.linger=0"), "it takes [frontend.]NAME=VALUE"),
        ((*both, "-o", "backend.linger=soon"), "backend: option linger='soon'"),
        ((*both, "-o", "backend.linger={[]: 1}"), "backend: option linger="),
        ((*both, "-o", "backend.linger=" + "(" * 1000), "backend: option linger="),
        ((*both, "-o", "nonesuch=1"), "there is no option nonesuch"),
        ((*both, "-o", "xpub_verbose=True"), "does nothing on a ROUTER"),
        ((*both, "--drain-timeout", "soon"), "soon"),
        ((*both, "--drain-timeout", "-1"), "a timeout is seconds from 0 up"),
        ((*both, "--frontend-curve-key", ours), "give one of"),
        ((*both, "--frontend-curve-clients", "any"), "curve-clients needs curve-key"),
        ((*both, "--backend-curve-server", "/nowhere"), "No such file"),
        ((*both, "--backend-curve-server", str(passwords)), "no public-key"),
        ((*both, "--backend-plain-passwords", str(passwords)), "line 2"),
        (
            (*both, *("--backend-curve-key", public), *("--backend-curve-clients", "any")),
            "no secret key",
        ),
    ]:
        assert text in problem(*arguments), arguments


def test_wrong_combinations_of_security(keys: Any, tmp_path: Path) -> None:
    ours, _ = keys("proxy")
    users = tmp_path / "users"
    users.write_text("anne:s3cret\nbob:s3cret\n")
    both = ("--frontend", FRONT, "--backend", BACK)
    key, file = ("--frontend-curve-key", ours), str(users)
    for arguments, text in [
        (
            (*key, "--frontend-curve-clients", "any", "--frontend-curve-server", ours),
            "give one of",
        ),
        ((*key, "--frontend-plain-passwords", file), "of no use with PLAIN"),
        (("--frontend-plain-login", file), "one name and password"),
        ((*key, "--frontend-curve-clients", str(tmp_path / "none")), "No such file"),
    ]:
        said = problem(*both, *arguments)
        assert text in said, arguments
        assert "s3cret" not in said


def test_the_plugin() -> None:
    maker = pyzmtp_plugin.proxy
    assert verifyObject(IServiceMaker, maker)
    assert verifyObject(IPlugin, maker)
    options = maker.options()
    assert isinstance(options, ProxyOptions)
    usage.Options.parseOptions(options, ["--frontend", "inproc://a", "--backend", "inproc://b"])
    assert isinstance(maker.makeService(options), ProxyService)
    assert {SocketType[options[f"{end}-type"]] for end in ("frontend", "backend")} == {
        SocketType.ROUTER,
        SocketType.DEALER,
    }
