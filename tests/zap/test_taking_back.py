"""What becomes of the peers when an Authenticator takes back what it has granted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pyzmtp import (
    ALLOW_ANY,
    Authenticator,
)
from pyzmtp.certificates import create_certificates, load_certificate
from pyzmtp.wire.z85 import z85_decode, z85_encode

from ..sockets.world import World
from .requests import KEY, OTHER_KEY, Curve, Store, is_let_in, logged


def test_a_key_that_is_taken_back(authenticator: Authenticator) -> None:
    authenticator.configure_curve(location=[KEY, OTHER_KEY])
    one, other = Curve(), Curve(OTHER_KEY)
    assert is_let_in(authenticator, one.request)
    assert is_let_in(authenticator, other.request)
    authenticator.revoke_key(z85_encode(KEY))
    assert one.revoked == ["the key is revoked"]
    assert not is_let_in(authenticator, Curve().request)
    authenticator.configure_curve(location=[KEY])
    assert other.revoked == ["the key is unknown"]
    assert len(one.revoked) == 1
    assert not is_let_in(authenticator, Curve().request)


def test_an_address_that_is_denied(authenticator: Authenticator) -> None:
    authenticator.configure_curve(location=ALLOW_ANY)
    here, there = Curve(address="10.0.0.1"), Curve(address="11.0.0.1")
    assert is_let_in(authenticator, here.request)
    assert is_let_in(authenticator, there.request)
    authenticator.deny("10.0.0.0/8")
    assert here.revoked == ["the address is denied"]
    assert there.revoked == []


def test_a_store_is_looked_at_once_in_an_interval(
    world: World, authenticator: Authenticator
) -> None:
    store = Store(KEY)
    authenticator.configure_curve(location=store)
    curve = Curve()
    assert is_let_in(authenticator, curve.request)
    store.now = (OTHER_KEY,)
    assert not is_let_in(authenticator, Curve(OTHER_KEY).request)
    assert store.refreshed == 0
    world.advance(1)
    assert is_let_in(authenticator, Curve(OTHER_KEY).request)
    assert is_let_in(authenticator, Curve(OTHER_KEY).request)
    assert store.refreshed == 1
    assert curve.revoked == ["the key is unknown"]


def test_reload_does_not_wait(authenticator: Authenticator) -> None:
    store = Store(KEY)
    authenticator.configure_curve(location=store)
    curve = Curve()
    assert is_let_in(authenticator, curve.request)
    store.now = ()
    authenticator.reload()
    assert curve.revoked == ["the key is unknown"]


def test_while_it_is_started_a_store_is_looked_at_without_peers(
    world: World, authenticator: Authenticator
) -> None:
    store = Store(KEY)
    authenticator.configure_curve(location=store)
    curve = Curve()
    assert is_let_in(authenticator, curve.request)
    world.run(authenticator.start())
    store.now = ()
    world.advance(0.9)
    assert curve.revoked == []
    world.advance(0.2)
    assert curve.revoked == ["the key is unknown"]


def test_a_store_that_somebody_else_has_refreshed(authenticator: Authenticator) -> None:
    store = Store(KEY)
    authenticator.configure_curve(location=store)
    curve = Curve()
    assert is_let_in(authenticator, curve.request)
    authenticator.reload()
    store.now = ()
    assert store.refresh()
    authenticator.reload()
    assert curve.revoked == ["the key is unknown"]


def test_a_store_that_cannot_say_its_keys_ends_nothing(
    world: World, authenticator: Authenticator
) -> None:
    class Broken(Store):
        broken = False

        def keys(self) -> Any:
            if self.broken:
                raise RuntimeError
            return super().keys()

    store, other = Broken(KEY), Store(OTHER_KEY)
    authenticator.configure_curve(location=store)
    authenticator.configure_curve("other", other)
    curve, second = Curve(), Curve(OTHER_KEY, "other")
    assert is_let_in(authenticator, curve.request)
    assert is_let_in(authenticator, second.request)
    world.run(authenticator.start())
    store.broken, other.now = True, ()
    world.advance(1.5)
    assert (curve.revoked, second.revoked) == ([], ["the key is unknown"])
    store.broken, store.now = False, ()
    world.advance(1)
    assert curve.revoked == ["the key is unknown"]


def test_a_store_that_fails_keeps_its_keys(world: World, authenticator: Authenticator) -> None:
    store = Store(KEY)
    authenticator.configure_curve(location=store)
    authenticator.configure_curve("other", other := Store(OTHER_KEY))
    curve = Curve(OTHER_KEY, "other")
    assert is_let_in(authenticator, curve.request)
    store.fails, other.now = True, ()
    world.run(authenticator.start())
    with logged() as lines:
        world.advance(1.5)
    assert any("OSError" in line for line in lines)
    assert not any("secret path" in line for line in lines)
    assert curve.revoked == ["the key is unknown"]
    store.fails = False
    assert is_let_in(authenticator, Curve().request)


def test_a_certificate_whose_file_is_removed(authenticator: Authenticator, tmp_path: Path) -> None:
    for name, metadata in (("ann", {"email": "ann@x"}), ("bob", {})):
        create_certificates(tmp_path, name, metadata)
    ann, bob = (load_certificate(tmp_path / f"{name}.key") for name in ("ann", "bob"))
    authenticator.configure_curve(location=tmp_path)
    peers = [Curve(z85_decode(each.public_key)) for each in (ann, bob)]
    assert [is_let_in(authenticator, peer.request) for peer in peers] == [True, True]
    (tmp_path / "ann.key").unlink()
    authenticator.reload()
    assert [peer.revoked for peer in peers] == [["the key is unknown"], []]
    assert not is_let_in(authenticator, Curve(z85_decode(ann.public_key)).request)


def test_a_directory_that_is_not_there(authenticator: Authenticator, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="absent"):
        authenticator.configure_curve(location=str(tmp_path / "absent"))
