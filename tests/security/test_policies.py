"""Null, PlainServer and PlainClient as values: what they take, and that they show no secret."""

from __future__ import annotations

import copy
import pickle
from traceback import format_exception
from typing import Any

import attrs
import pytest

from pyzmtp import (
    ZAP,
    AuthenticationRequest,
    Grant,
    Null,
    OptionError,
    PlainClient,
    PlainServer,
    Refusal,
    SocketOptions,
)
from pyzmtp.security.policy import Policy

SECRET = "correct horse battery staple"


def ask(policy: PlainServer, username: bytes, password: bytes) -> Any:
    check: Any = policy.check
    return check(AuthenticationRequest("PLAIN", credentials=(username, password)))


@pytest.mark.parametrize(
    "table",
    [{"ann": "pw", "böb": "x"}, {b"ann": b"pw", "böb".encode(): b"x"}, {"ann": b"pw", "böb": "x"}],
)
def test_a_table_of_passwords_decides(table: Any) -> None:
    policy = PlainServer(table)
    assert ask(policy, b"ann", b"pw") == Grant("ann")
    assert ask(policy, "böb".encode(), b"x") == Grant("böb")
    for username, password in [
        (b"ann", b"x"),
        (b"ann", b""),
        (b"", b""),
        (b"eve", b""),
        (b"eve", b"pw"),
    ]:
        refusal = ask(policy, username, password)
        assert isinstance(refusal, Refusal)
        assert refusal.status == 400


def test_a_name_that_can_be_no_user_id_is_refused() -> None:
    """Else two names could become one user id."""
    with pytest.raises(OptionError, match="UTF-8"):
        PlainServer({b"\xff": b""})
    assert ask(PlainServer({"\\xff": b""}), b"\\xff", b"") == Grant("\\xff")


def test_a_table_is_read_once() -> None:
    table = {"ann": "pw"}
    policy = PlainServer(table)
    table["eve"] = "pw"
    assert isinstance(ask(policy, b"eve", b"pw"), Refusal)


def test_who_may_decide() -> None:
    def check(request: AuthenticationRequest) -> bool:
        return True

    assert PlainServer(check).check is check
    assert PlainServer(ZAP).check is ZAP
    assert PlainServer().check is None
    assert PlainServer({}).check is not None  # nobody is let in, and that was said
    assert Null(check=check).check is check
    assert Null("here").check is ZAP


@pytest.mark.parametrize("policy", [Null(), PlainServer(), PlainClient("", "")], ids=repr)
def test_all_are_policies(policy: Policy) -> None:
    assert isinstance(policy, Policy)
    assert SocketOptions(security=policy).security is policy


@pytest.mark.parametrize("wrong", [SECRET, SECRET.encode(), 5, [SECRET], object()])
def test_who_cannot_decide(wrong: Any) -> None:
    for make in (PlainServer, lambda check: Null(check=check)):
        with pytest.raises(TypeError) as caught:
            make(wrong)
        assert SECRET not in str(caught.value) + repr(caught.value)


@pytest.mark.parametrize(
    "wrong", [None, 5, bytearray(b"x"), "x" * 256, b"x" * 256, "ö" * 128, "\ud800"]
)
def test_what_is_no_name_or_password(wrong: Any) -> None:
    attempts: list[Any] = [
        lambda: PlainClient(wrong, "pw"),
        lambda: PlainClient("ann", wrong),
        lambda: PlainServer({"ann": wrong}),
    ]
    for attempt in attempts:
        with pytest.raises(OptionError, match="255"):
            attempt()


def test_no_error_shows_a_password() -> None:
    long = SECRET * 20
    wrong: Any = [SECRET]
    attempts: list[Any] = [
        lambda: PlainClient("ann", long),
        lambda: PlainClient(wrong, wrong),
        lambda: PlainServer({"ann": long}),
        lambda: PlainClient("ann", SECRET + "\ud800"),
        lambda: SocketOptions(security=SECRET),
        lambda: SocketOptions(security=wrong),
    ]
    for attempt in attempts:
        with pytest.raises(OptionError) as caught:
            attempt()
        error = caught.value
        assert SECRET not in str(error) + repr(error) + repr(vars(error))
        assert SECRET not in "".join(format_exception(error))  # with what led to it


def test_255_bytes_are_taken() -> None:
    PlainClient("x" * 255, b"y" * 255)
    PlainServer({"x" * 255: "ö" * 127})


@pytest.mark.parametrize("wrong", [5, b"here", "x" * 256, "ö" * 128])
def test_what_is_no_domain(wrong: Any) -> None:
    for make in (lambda: Null(wrong), lambda: PlainServer(ZAP, domain=wrong)):
        with pytest.raises(OptionError, match="domain"):
            make()


@pytest.mark.parametrize(
    "policy", [PlainServer({"ann": SECRET}, domain="here"), PlainClient("ann", SECRET)], ids=repr
)
def test_a_policy_with_secrets_is_shared_and_not_pickled(policy: Any) -> None:
    assert copy.copy(policy) is copy.deepcopy(policy) is policy
    options = SocketOptions(security=policy, linger=1.0)
    assert copy.deepcopy(options).security is policy
    evolved = attrs.evolve(options, linger=2.0)
    assert (evolved.security, evolved.linger) == (policy, 2.0)
    for holder in (policy, options, [options]):
        with pytest.raises(TypeError, match="holds secrets, and is not pickled"):
            pickle.dumps(holder)
        assert SECRET not in repr(holder) + str(holder)


def test_the_table_of_a_server_shows_and_gives_away_nothing() -> None:
    check = PlainServer({"ann": SECRET}).check
    assert SECRET not in repr(check)
    with pytest.raises(TypeError, match="secrets"):
        pickle.dumps(check)


def test_options_without_secrets_are_pickled() -> None:
    options = SocketOptions(security=Null("here"))
    assert pickle.loads(pickle.dumps(options)).security.domain == "here"
    assert repr(Null("here")) == "Null(domain='here')"


def test_a_request_shows_no_credentials_and_is_not_pickled() -> None:
    request = AuthenticationRequest("PLAIN", credentials=(b"ann", SECRET.encode()))
    assert (request.username, request.password, request.public_key) == (
        b"ann",
        SECRET.encode(),
        b"",
    )
    assert SECRET not in repr(request) + str(request)
    for attempt in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="secrets"):
            attempt(request)


@pytest.mark.parametrize("part", ["mechanism", "domain", "check", "needs_check", "new_mechanism"])
def test_a_policy_of_ones_own_has_all_the_parts(part: str) -> None:
    class Own:
        mechanism = "OWN"
        domain = None
        check = None
        needs_check = False

        def new_mechanism(self, properties: Any, domain: str) -> Any: ...

    SocketOptions(security=Own())
    delattr(Own, part)
    with pytest.raises(OptionError, match="policy"):
        SocketOptions(security=Own())


def test_what_a_verdict_takes() -> None:
    wrong: Any = 404
    for attempt in (lambda: Refusal(wrong), lambda: Refusal(reason=wrong), lambda: Grant(wrong)):
        with pytest.raises((TypeError, ValueError)):
            attempt()
