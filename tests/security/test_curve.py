"""Policies and keys of CURVE (DESIGN.md 1, RFC 32): what they take, and what they never show."""

from __future__ import annotations

import copy
import pickle
import sys
from typing import Any

import pytest
from nacl.bindings import crypto_scalarmult_base

from pyzmtp import (
    ALLOW_ANY,
    ZAP,
    AuthenticationRequest,
    CurveClient,
    CurveServer,
    Grant,
    KeyPair,
    LibraryMissing,
    OptionError,
    Policy,
    PullSocket,
    Refusal,
    UsageError,
    curve_keypair,
    curve_public,
    z85_decode,
    z85_encode,
)

from ..sockets.world import World


@pytest.fixture
def server_keys() -> KeyPair:
    return curve_keypair()


@pytest.fixture
def client_keys() -> KeyPair:
    return curve_keypair()


def forms(key: str) -> list[Any]:
    """A key in each form that it may have."""
    return [key, key.encode(), z85_decode(key), bytearray(z85_decode(key))]


def ask(policy: CurveServer, key: str) -> Any:
    check: Any = policy.check
    return check(AuthenticationRequest("CURVE", credentials=(z85_decode(key),)))


def test_z85_has_the_vector_of_rfc_32() -> None:
    data = bytes.fromhex("864fd26fb559f75b")
    assert z85_encode(data) == "HelloWorld"
    assert z85_decode("HelloWorld") == data


def test_key_pairs_belong_together_and_are_new() -> None:
    pair, other = curve_keypair(), curve_keypair()
    assert len(pair.public) == len(pair.secret) == 40
    assert z85_encode(crypto_scalarmult_base(z85_decode(pair.secret))) == pair.public
    assert len({*pair, *other}) == 4
    for secret in forms(pair.secret):
        assert curve_public(secret) == pair.public


def test_curve_public_of_libzmqs_own_test_key() -> None:
    # zmq_curve_public(3), "Example", and tests/testutil_security.hpp
    assert curve_public("D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs") == (
        "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"
    )


def test_keys_may_have_any_form(server_keys: KeyPair, client_keys: KeyPair) -> None:
    for secret in forms(server_keys.secret):
        server: Policy = CurveServer(secret, ALLOW_ANY)
        assert isinstance(server, CurveServer)
        assert server.public_key == server_keys.public
    for key in forms(server_keys.public):
        for public in forms(client_keys.public):
            client: Policy = CurveClient(key, (public, client_keys.secret))
            assert isinstance(client, CurveClient)
            assert client.public_key == client_keys.public
    assert CurveClient(server_keys.public, client_keys).public_key == client_keys.public


def test_a_client_without_a_pair_draws_one(server_keys: KeyPair) -> None:
    first, second = CurveClient(server_keys.public), CurveClient(server_keys.public)
    assert first.public_key != second.public_key


@pytest.mark.parametrize("key", ["", "x" * 39, "x" * 41, "~" * 40, bytes(31), bytes(33), None, 7])
def test_what_is_no_key_is_refused(key: Any, server_keys: KeyPair, client_keys: KeyPair) -> None:
    for make in (
        lambda: CurveServer(key, ALLOW_ANY),
        lambda: CurveServer(server_keys.secret, [key]),
        lambda: CurveServer(server_keys.secret, {key: "me"}),
        lambda: CurveClient(key),
        lambda: CurveClient(server_keys.public, (key, client_keys.secret)),
        lambda: CurveClient(server_keys.public, (client_keys.public, key)),
        lambda: curve_public(key),
    ):
        with pytest.raises(OptionError) as caught:
            make()
        assert not key or repr(key) not in str(caught.value)


def test_a_pair_that_does_not_belong_together_is_refused(
    server_keys: KeyPair, client_keys: KeyPair
) -> None:
    pairs: list[Any] = [
        (client_keys.public, server_keys.secret),
        (client_keys.secret, client_keys.public),
        (client_keys.public,),
        client_keys.public,
    ]
    for pair in pairs:
        with pytest.raises(OptionError) as caught:
            CurveClient(server_keys.public, pair)
        assert client_keys.secret not in str(caught.value)
        assert server_keys.secret not in str(caught.value)


def test_a_collection_lets_its_keys_in(server_keys: KeyPair, client_keys: KeyPair) -> None:
    stranger = curve_keypair().public
    for key in forms(client_keys.public):
        allowed = [key]
        server = CurveServer(server_keys.secret, allowed)
        allowed.clear()  # it was copied
        assert ask(server, client_keys.public) == Grant(client_keys.public)
        assert isinstance(ask(server, stranger), Refusal)
        assert ask(server, stranger).status == 400
    assert isinstance(ask(CurveServer(server_keys.secret, ()), stranger), Refusal)
    generated = CurveServer(server_keys.secret, (key for key in [client_keys.public]))
    for _ in range(2):
        assert ask(generated, client_keys.public) == Grant(client_keys.public)


def test_a_mapping_says_who_they_are(server_keys: KeyPair, client_keys: KeyPair) -> None:
    server = CurveServer(server_keys.secret, {client_keys.public: "admin"})
    assert ask(server, client_keys.public) == Grant("admin")
    assert isinstance(ask(server, server_keys.public), Refusal)
    wrong: Any = {client_keys.public: b"admin"}
    with pytest.raises(OptionError, match="a user id is a str"):
        CurveServer(server_keys.secret, wrong)


def test_a_pair_of_keys_is_no_collection_of_clients(client_keys: KeyPair) -> None:
    """Its secret key would be one that may come in."""
    with pytest.raises(TypeError, match="not one KeyPair"):
        CurveServer(client_keys.secret, client_keys)


def test_keys_of_zeros_are_refused(server_keys: KeyPair) -> None:
    zeros = bytes(32)
    for make in (
        lambda: CurveServer(zeros, ALLOW_ANY),
        lambda: CurveClient(zeros),
        lambda: CurveClient(server_keys.public, (zeros, zeros)),
    ):
        with pytest.raises(OptionError, match="a key of zeros"):
            make()


def test_the_other_ways_to_decide(server_keys: KeyPair) -> None:
    def check(request: AuthenticationRequest) -> bool:
        return True

    assert ask(CurveServer(server_keys.secret, ALLOW_ANY), server_keys.public) == Grant()
    assert CurveServer(server_keys.secret, check).check is check
    assert CurveServer(server_keys.secret, ZAP).check is ZAP
    assert CurveServer(server_keys.secret, domain="inner").domain == "inner"
    for wrong in (server_keys.public, server_keys.public.encode(), 7, object()):
        bad: Any = wrong
        with pytest.raises(TypeError) as caught:
            CurveServer(server_keys.secret, bad)
        assert server_keys.public not in str(caught.value)


def test_a_server_that_says_nowhere_who_may_come_in_is_refused_at_bind(
    world: World, server_keys: KeyPair
) -> None:
    pull = world.make(PullSocket, security=CurveServer(server_keys.secret))
    with pytest.raises(UsageError, match="lets nobody in"):
        world.bind(pull)


def test_nothing_secret_is_shown_or_pickled(server_keys: KeyPair, client_keys: KeyPair) -> None:
    policies: list[Any] = [
        CurveServer(server_keys.secret, ALLOW_ANY),
        CurveClient(server_keys.public, client_keys),
    ]
    for value in (*policies, server_keys, client_keys):
        shown = repr(value) + str(value) + f"{value}"
        for secret in (server_keys.secret, client_keys.secret):
            assert secret not in shown
            assert z85_decode(secret).hex() not in shown
            assert repr(z85_decode(secret)) not in shown
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            with pytest.raises(TypeError):
                pickle.dumps(value, protocol)
    for policy in policies:
        assert copy.copy(policy) is copy.deepcopy(policy) is policy
    assert server_keys.public in repr(policies[0])
    assert client_keys.public in repr(policies[1])


def test_without_pynacl_the_extra_is_named(
    monkeypatch: pytest.MonkeyPatch, server_keys: KeyPair
) -> None:
    monkeypatch.setitem(sys.modules, "nacl", None)
    for make in (
        lambda: CurveServer(server_keys.secret, ALLOW_ANY),
        lambda: CurveClient(server_keys.public),
        curve_keypair,
        lambda: curve_public(server_keys.secret),
    ):
        with pytest.raises(LibraryMissing, match=r"pyzmtp\[curve\]"):
            make()
