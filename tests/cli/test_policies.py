"""``--plain-...`` and ``--curve-...``: the policies that they make, and what they cannot be."""

from __future__ import annotations

import os
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import click
import pytest

from pyzmtp import (
    AuthenticationRequest,
    CurveClient,
    CurveServer,
    Grant,
    PlainClient,
    PlainServer,
    Refusal,
    RepSocket,
    ReqSocket,
    UsageError,
    curve_keypair,
)
from pyzmtp.certificates import create_certificates, load_certificate
from pyzmtp.cli.policies import SECURITY_OPTIONS, read_security, security_options
from tests.cli.stage import DONE, FAILED, HERE, Stage, read_task
from tests.sockets.world import Outcomes, World


@pytest.fixture
def keys(tmp_path: Path) -> dict[str, Path]:
    """Certificates, as ``keygen`` writes them: by name, the public file and the secret one."""
    files: dict[str, Path] = {}
    for name in ("server", "anne", "bob", "carl"):
        files[name], files[f"{name}_secret"] = map(Path, create_certificates(tmp_path, name))
    return files


@pytest.fixture
def password(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a password can be without being on the command line."""
    monkeypatch.setenv("PYZMTP_PLAIN_PASSWORD", "secret")


def public_key(path: Path) -> str:
    return load_certificate(path).public_key


def test_none() -> None:
    assert read_security({})(None) is None


class TestPlain:
    def test_a_client(self, password: None) -> None:
        policy = read_security({"plain_username": "admin"})(None)
        assert isinstance(policy, PlainClient)
        assert "secret" not in repr(policy)

    def test_its_password_is_typed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        class Terminal:
            def isatty(self) -> bool:
                return True

        asked: list[tuple[str, dict[str, Any]]] = []

        def prompt(text: str, **settings: Any) -> str:
            asked.append((text, settings))
            return "typed"

        with monkeypatch.context() as patch:
            patch.setattr(sys, "stderr", Terminal())
            patch.setattr(click, "prompt", prompt)
            policy = read_security({"plain_username": "admin"})(None)
        assert isinstance(policy, PlainClient)
        assert asked == [("Password of admin", {"hide_input": True, "err": True})]

    @pytest.mark.parametrize("stderr", [None, StringIO()])
    def test_its_password_is_nowhere(self, monkeypatch: pytest.MonkeyPatch, stderr: Any) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stderr", stderr)
            with pytest.raises(UsageError, match="it is to be in PYZMTP_PLAIN_PASSWORD"):
                read_security({"plain_username": "admin"})

    def test_its_name_and_password_are_in_a_file(self, tmp_path: Path) -> None:
        path = tmp_path / "login"
        path.write_text("# of the service\nadmin:secret\n")
        policy = read_security({"plain_login": str(path)})(None)
        assert isinstance(policy, PlainClient)
        assert "secret" not in repr(policy)

    def test_a_server(self, tmp_path: Path) -> None:
        path = tmp_path / "passwords"
        path.write_text("# who may come in\n\nadmin:secret\nbob:with:colon \n")
        policy = read_security({"plain_passwords": str(path)})(None)
        assert isinstance(policy, PlainServer)
        assert callable(policy.check)

        def verdict(name: bytes, word: bytes) -> Any:
            assert callable(policy.check)
            return policy.check(AuthenticationRequest("PLAIN", credentials=(name, word)))

        assert verdict(b"admin", b"secret") == Grant("admin")
        assert verdict(b"bob", b"with:colon ") == Grant("bob")
        assert isinstance(verdict(b"bob", b"with:colon"), Refusal)

    @pytest.mark.parametrize(
        ("content", "problem"),
        [
            (b"admin:secret\nbob\n", "line 2: no NAME:PASSWORD"),
            (b"a:secret\na:other\n", "line 2: no NAME:PASSWORD, or one more"),
            (b"\xff", "no text in UTF-8"),
        ],
    )
    def test_no_passwords(self, tmp_path: Path, content: bytes, problem: str) -> None:
        path = tmp_path / "passwords"
        path.write_bytes(content)
        with pytest.raises(UsageError, match=problem):
            read_security({"plain_passwords": str(path)})

    def test_no_such_file(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match="No such file"):
            read_security({"plain_passwords": str(tmp_path / "none")})


class TestCurve:
    def test_a_client_without_keys_of_its_own(self, keys: dict[str, Path]) -> None:
        for server in (str(keys["server"]), public_key(keys["server"])):
            policy = read_security({"curve_server": server})(None)
            assert isinstance(policy, CurveClient)
            assert repr(public_key(keys["server"])) in repr(policy)

    def test_a_client_with_keys(self, keys: dict[str, Path]) -> None:
        policy = read_security(
            {"curve_server": str(keys["server"]), "curve_key": str(keys["anne_secret"])}
        )(None)
        assert isinstance(policy, CurveClient)
        assert policy.public_key == public_key(keys["anne"])

    def test_a_server_for_anybody(self, keys: dict[str, Path]) -> None:
        policy = read_security({"curve_key": str(keys["server_secret"]), "curve_clients": ["any"]})(
            None
        )
        assert isinstance(policy, CurveServer)
        assert policy.public_key == public_key(keys["server"])
        assert callable(policy.check)

    def test_a_server_for_some(self, keys: dict[str, Path], tmp_path: Path, world: World) -> None:
        friends = tmp_path / "friends"
        friends.mkdir()
        stranger = curve_keypair()
        policy = read_security(
            {
                "curve_key": str(keys["server_secret"]),
                "curve_clients": [public_key(keys["anne"]), str(keys["carl"]), str(friends)],
            }
        )(world.network.reactor())
        rep = world.make(RepSocket, security=policy)
        world.run(rep.bind(HERE))
        rep.serve(lambda request: request)

        def comes_in(pair: tuple[str, str]) -> bool:
            client = CurveClient(public_key(keys["server"]), pair)
            req = world.make(ReqSocket, security=client)
            outcome = Outcomes(req.connect(HERE))
            world.advance(1)
            return not outcome.errors

        def pair_of(name: str) -> tuple[str, str]:
            certificate = load_certificate(keys[f"{name}_secret"])
            assert certificate.secret_key is not None
            return certificate.public_key, certificate.secret_key

        assert comes_in(pair_of("anne"))
        assert comes_in(pair_of("carl"))
        assert not comes_in(pair_of("bob"))
        assert not comes_in(stranger)
        (friends / "bob.key").write_bytes(keys["bob"].read_bytes())
        world.advance(2)
        assert comes_in(pair_of("bob"))

    @pytest.mark.parametrize(
        ("what", "problem"),
        [
            ("k" * 39, "No such file, and no public key of 40 characters"),
            ("no/such/file", "No such file, and no public key of 40 characters"),
        ],
    )
    def test_no_key(self, what: str, problem: str) -> None:
        with pytest.raises(UsageError, match=problem):
            read_security({"curve_server": what})

    def test_a_file_that_is_no_certificate(self, tmp_path: Path) -> None:
        path = tmp_path / "file"
        path.write_text("x")
        with pytest.raises(UsageError, match="there is no public-key in it"):
            read_security({"curve_server": str(path)})

    def test_a_file_without_a_secret(self, keys: dict[str, Path]) -> None:
        with pytest.raises(UsageError, match=r"there is no secret key in .*ends in _secret"):
            read_security({"curve_key": str(keys["anne"]), "curve_clients": ["any"]})

    def test_a_file_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match="No such file"):
            read_security({"curve_key": str(tmp_path / "none"), "curve_clients": ["any"]})

    def test_a_directory_that_cannot_be_read(
        self, keys: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(path: str) -> None:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(os, "scandir", refuse)
        with pytest.raises(UsageError, match="Permission denied"):
            read_security(
                {"curve_key": str(keys["server_secret"]), "curve_clients": [str(tmp_path)]}
            )


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"plain_username": "a", "curve_server": "b"}, "plain-username and curve-server exclude"),
        ({"plain_passwords": "a", "curve_clients": ["any"]}, "give one of"),
        ({"curve_key": "a"}, "give one of"),
        ({"curve_clients": ["any"]}, "curve-clients needs curve-key"),
    ],
)
def test_what_does_not_go_together(options: dict[str, Any], problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        read_security(options)


def test_anybody_and_somebody(keys: dict[str, Path]) -> None:
    some = {"curve_key": str(keys["server_secret"]), "curve_clients": ["any", str(keys["anne"])]}
    with pytest.raises(UsageError, match="any already is everybody"):
        read_security(some)


def test_clients_are_offered_what_clients_need() -> None:
    assert [option.name for option in security_options()] == list(SECURITY_OPTIONS)
    names = [option.name for option in security_options(client=True)]
    assert names == ["curve_key", "curve_server", "plain_login", "plain_username"]


def test_commands_talk_in_secret(stage: Stage, keys: dict[str, Path], tmp_path: Path) -> None:
    rep = stage.start(
        "rep", "-b", HERE, "--echo", "-n", "1", "-v",
        "--curve-key", str(keys["server_secret"]), "--curve-clients", str(tmp_path),
    )  # fmt: skip
    req = stage.start(
        "req", "-c", HERE, "hello",
        "--curve-key", str(keys["anne_secret"]), "--curve-server", str(keys["server"]),
    )  # fmt: skip
    assert stage.end(req) == DONE
    assert req.lines == ["hello"]
    assert stage.end(rep) == DONE
    assert any("REQ (ZMTP 3.1, CURVE, " in line for line in rep.said)


def test_commands_know_a_password(
    stage: Stage, tmp_path: Path, password: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "passwords"
    path.write_text("admin:secret\n")
    rep = stage.start("rep", "-b", HERE, "--echo", "-n", "1", "--plain-passwords", str(path))
    req = stage.start("req", "-c", HERE, "hello", "--plain-username", "admin")
    assert stage.end(req) == DONE
    assert stage.end(rep) == DONE


def test_a_wrong_password(stage: Stage, tmp_path: Path, password: None) -> None:
    path = tmp_path / "passwords"
    path.write_text("admin:other\n")
    pull = stage.start("pull", "-b", HERE, "--plain-passwords", str(path))
    push = stage.start("push", "-c", HERE, "x", "--plain-username", "admin", "--wait", "1")
    assert stage.end(push) == FAILED
    refused = f"{HERE}: PLAIN authentication at {HERE} failed with 400"
    assert push.said == [refused]
    assert pull.said[0].startswith(f"{refused}: no such name and password")


def test_a_policy_without_its_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nacl", None)
    with pytest.raises(click.UsageError, match=r"pip install pyzmtp\[curve\]"):
        read_task("pull", "-b", HERE, "--curve-server", "k" * 40)
