"""What an Authenticator decides (pyzmq's zmq.auth; PARITY 3.3)."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.defer import Deferred

from pyzmtp import (
    ALLOW_ANY,
    AuthenticationRequest,
    Authenticator,
    Grant,
    OptionError,
    Refusal,
    UsageError,
)
from pyzmtp.wire.z85 import z85_encode

from ..sockets.world import Outcomes, World
from .requests import KEY, OTHER_KEY, Curve, Store, is_let_in, logged, null, plain


def test_without_settings_null_may_come_in_and_nobody_else(authenticator: Authenticator) -> None:
    assert authenticator(null()) == Grant()
    assert not is_let_in(authenticator, plain(b"admin", b"secret"))
    assert not is_let_in(authenticator, Curve().request)
    gssapi = AuthenticationRequest("GSSAPI", credentials=(b"principal",))
    assert not is_let_in(authenticator, gssapi)


def test_allow(authenticator: Authenticator) -> None:
    authenticator.allow("10.0.0.0/8", "::1")
    authenticator.allow("127.0.0.1", "localhost:1000")
    hosts = ["10.1.2.3", "::1", "127.0.0.1", "::ffff:10.1.2.3", "localhost:1000:5:7"]
    assert all(is_let_in(authenticator, null(host)) for host in hosts)
    others = ["11.0.0.1", "::2", "127.0.0.2", "localhost:10000:5:7", "localhost:0:0:1", "", "x"]
    assert not any(is_let_in(authenticator, null(host)) for host in others)


def test_deny(authenticator: Authenticator) -> None:
    authenticator.deny("10.0.0.0/8", "localhost")
    assert is_let_in(authenticator, null("127.0.0.1"))
    for host in ("10.1.2.3", "::ffff:10.1.2.3", "localhost:0:0:1"):
        assert not is_let_in(authenticator, null(host))


def test_an_address_that_is_allowed_has_to_pass_its_mechanism(authenticator: Authenticator) -> None:
    authenticator.allow("127.0.0.1")
    assert not is_let_in(authenticator, plain(b"admin", b"secret"))
    authenticator.configure_plain(passwords={"admin": "secret"})
    assert is_let_in(authenticator, plain(b"admin", b"secret"))


def test_allow_and_deny_exclude_each_other(world: World) -> None:
    reactor: Any = world.network.reactor()
    authenticator = Authenticator(reactor)
    authenticator.allow("127.0.0.1")
    with pytest.raises(UsageError):
        authenticator.deny("10.0.0.1")
    authenticator = Authenticator(reactor)
    authenticator.deny("127.0.0.1")
    with pytest.raises(UsageError):
        authenticator.allow("10.0.0.1")


@pytest.mark.parametrize("wrong", ["example.com", "", "10.0.0.0/33", "localhosts", 3, b"127.0.0.1"])
def test_what_is_no_address(authenticator: Authenticator, wrong: Any) -> None:
    with pytest.raises(UsageError):
        authenticator.deny("127.0.0.1", wrong)
    assert is_let_in(authenticator, null("127.0.0.1"))  # nothing of it was taken


def test_plain(authenticator: Authenticator) -> None:
    passwords = {"admin": "secret"}
    authenticator.configure_plain(passwords=passwords)
    passwords["eve"] = "x"
    assert authenticator(plain(b"admin", b"secret")) == Grant("admin")
    for name, password in ((b"admin", b"secre"), (b"admin", b""), (b"eve", b"x"), (b"", b"")):
        assert not is_let_in(authenticator, plain(name, password))


def test_a_domain_with_settings_of_its_own_does_without_those_of_all(
    authenticator: Authenticator,
) -> None:
    authenticator.configure_plain(passwords={"admin": "secret"})
    authenticator.configure_plain("own", {"ann": "pass"})
    for domain in ("", "*", "any"):
        assert is_let_in(authenticator, plain(b"admin", b"secret", domain))
    assert not is_let_in(authenticator, plain(b"admin", b"secret", "own"))
    assert is_let_in(authenticator, plain(b"ann", b"pass", "own"))
    authenticator.configure_curve("own", [KEY])
    assert is_let_in(authenticator, Curve(domain="own").request)
    assert not is_let_in(authenticator, Curve(domain="any").request)
    assert not is_let_in(authenticator, Curve().request)


def test_keys(authenticator: Authenticator) -> None:
    authenticator.configure_curve(location=[z85_encode(KEY)])
    assert authenticator(Curve().request) == Grant(z85_encode(KEY))
    assert not is_let_in(authenticator, Curve(OTHER_KEY).request)
    authenticator.configure_curve(location={KEY: "Ann"})
    assert authenticator(Curve().request) == Grant("Ann")
    assert not is_let_in(authenticator, Curve(OTHER_KEY).request)
    authenticator.configure_curve(location=ALLOW_ANY)
    assert authenticator(Curve(OTHER_KEY).request) == Grant(z85_encode(OTHER_KEY))


def test_what_is_no_collection_of_keys(authenticator: Authenticator) -> None:
    with pytest.raises(OptionError):
        authenticator.configure_curve(location=[b"short"])
    wrong: Any
    for wrong in (KEY, 3):
        with pytest.raises(TypeError):
            authenticator.configure_curve(location=wrong)
    with pytest.raises(TypeError):
        authenticator.configure_curve_callback()
    assert not is_let_in(authenticator, Curve().request)


def test_a_domain_that_was_left_out(authenticator: Authenticator) -> None:
    wrong: Any = {"ann": "secret"}
    with pytest.raises(OptionError, match=r"domain='\(dict\)'"):
        authenticator.configure_plain(wrong)
    with pytest.raises(TypeError, match="not NoneType"):
        authenticator.configure_curve("/a/directory")


def test_user_ids_of_ones_own(world: World) -> None:
    class Named(Authenticator):
        def curve_user_id(self, public_key: bytes) -> str:
            return f"key {public_key[0]}"

    reactor: Any = world.network.reactor()
    named = Named(reactor)
    named.configure_curve(location=[KEY])
    assert named(Curve().request) == Grant("key 0")


def test_what_a_certificate_says_becomes_metadata(authenticator: Authenticator) -> None:
    authenticator.configure_curve(location=Store(KEY))
    assert authenticator(Curve().request) == Grant(z85_encode(KEY), {"name": b"Ann"})


# A callback


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (True, Grant(z85_encode(KEY))),
        ("Ann", Grant("Ann")),
        (Grant("Ann", {"X-Role": b"op"}), Grant("Ann", {"X-Role": b"op"})),
        (False, Refusal(400)),
        (Refusal(300, "later"), Refusal(300, "later")),
    ],
)
@pytest.mark.parametrize("form", ["plain", "deferred", "coroutine"])
def test_a_callback(
    world: World, authenticator: Authenticator, form: str, answer: Any, verdict: Any
) -> None:
    asked: list[AuthenticationRequest] = []
    waiting: Deferred[Any] = Deferred()

    async def decide() -> Any:
        return await waiting

    def provider(request: AuthenticationRequest) -> Any:
        asked.append(request)
        return {"plain": lambda: answer, "deferred": lambda: waiting, "coroutine": decide}[form]()

    authenticator.configure_curve_callback(provider=provider)
    request = Curve(domain="d").request
    result = authenticator(request)
    assert isinstance(result, Deferred)
    outcome = Outcomes(result)
    assert outcome.pending == (form != "plain")
    waiting.callback(answer)
    assert outcome == [verdict]
    assert asked == [request]


def test_a_callback_that_raises_refuses_and_tells_no_secret(
    authenticator: Authenticator,
) -> None:
    def provider(request: AuthenticationRequest) -> bool:
        raise RuntimeError(f"cannot look up {request.public_key.hex()}")

    authenticator.configure_curve_callback(provider=provider)
    with logged() as lines:
        result = authenticator(Curve().request)
        assert isinstance(result, Deferred)
        [verdict] = Outcomes(result)
    assert isinstance(verdict, Refusal)
    assert verdict.status == 500
    assert any("RuntimeError" in line for line in lines)
    assert not any(KEY.hex() in line or "cannot look up" in line for line in lines)


def test_what_changes_while_a_callback_decides(authenticator: Authenticator) -> None:
    waiting: Deferred[bool] = Deferred()
    authenticator.configure_curve_callback(provider=lambda request: waiting)
    result = authenticator(Curve().request)
    assert isinstance(result, Deferred)
    outcome = Outcomes(result)
    authenticator.revoke_key(KEY)
    waiting.callback(True)
    [verdict] = outcome
    assert isinstance(verdict, Refusal)
