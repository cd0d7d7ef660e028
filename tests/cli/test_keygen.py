"""``python -m pyzmtp keygen``: what it prints, what it writes, and what it says when it cannot."""

from __future__ import annotations

import json
import os
import shlex
import stat
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from pyzmtp.certificates import create_certificates, load_certificate
from pyzmtp.cli import keygen
from pyzmtp.cli.group import group
from pyzmtp.cli.keygen import formatted
from pyzmtp.security.keys import curve_public

# zmq_curve(7), "Test key values".
PUBLIC = "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"
SECRET = "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs"


def run(*arguments: str, stdin: str | bytes = "") -> Result:
    return CliRunner().invoke(group, ["keygen", *arguments], input=stdin)


def lines(result: Result) -> dict[str, str]:
    """What was printed as text."""
    assert result.exit_code == 0, result.output
    return dict(line.split(": ", 1) for line in result.stdout.splitlines())


class TestPrinted:
    def test_a_pair(self) -> None:
        values = lines(run())
        assert list(values) == ["public", "secret"]
        assert curve_public(values["secret"]) == values["public"]
        assert lines(run()) != values

    def test_nothing_is_written(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        assert run().exit_code == 0
        assert os.listdir() == []

    def test_as_json(self) -> None:
        values = json.loads(run("--format", "json").stdout)
        assert list(values) == ["public", "secret"]
        assert curve_public(values["secret"]) == values["public"]

    def test_for_a_shell(self) -> None:
        words = shlex.split(run("--format", "env").stdout)
        values = dict(word.split("=", 1) for word in words)
        assert list(values) == ["CURVE_PUBLIC", "CURVE_SECRET"]
        assert curve_public(values["CURVE_SECRET"]) == values["CURVE_PUBLIC"]

    def test_a_shell_sees_the_key_and_no_more(self) -> None:
        assert formatted({"secret": SECRET}, "env") == f"CURVE_SECRET='{SECRET}'"


class TestFiles:
    def test_a_pair_of_files(self, tmp_path: Path) -> None:
        done = run("server", "-d", str(tmp_path), "-m", "email=ph@example.com", "-m", "sum=1+1=2")
        public, secret = tmp_path / "server.key", tmp_path / "server.key_secret"
        certificate = load_certificate(secret)
        assert lines(done) == {
            "public": load_certificate(public).public_key,
            "public_file": str(public),
            "secret_file": str(secret),
        }
        assert certificate.public_key == load_certificate(public).public_key
        assert certificate.metadata == {"email": "ph@example.com", "sum": "1+1=2"}
        assert stat.S_IMODE(secret.stat().st_mode) == 0o600
        assert certificate.secret_key is not None
        assert certificate.secret_key not in done.output

    def test_in_the_current_directory(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        values = json.loads(run("server", "--format", "json").stdout)
        assert values["public_file"] == "server.key"
        assert values["secret_file"] == "server.key_secret"
        assert sorted(os.listdir()) == ["server.key", "server.key_secret"]

    def test_files_that_exist_are_kept(self, tmp_path: Path) -> None:
        _, secret = create_certificates(tmp_path, "server")
        before = secret.read_text()
        done = run("server", "--directory", str(tmp_path))
        assert done.exit_code == 1
        assert f"{secret} exists. --force" in done.stderr
        assert secret.read_text() == before

    def test_unless_they_are_to_be_overwritten(self, tmp_path: Path) -> None:
        public, secret = create_certificates(tmp_path, "server")
        before = secret.read_text()
        assert lines(run("server", "--directory", str(tmp_path), "--force"))
        assert secret.read_text() != before
        assert load_certificate(secret).public_key == load_certificate(public).public_key

    def test_a_directory_is_made(self, tmp_path: Path) -> None:
        directory = tmp_path / "new" / "keys"
        assert lines(run("server", "--directory", str(directory)))
        assert sorted(path.name for path in directory.iterdir()) == [
            "server.key",
            "server.key_secret",
        ]
        assert directory.stat().st_mode & 0o777 == 0o700

    def test_a_directory_that_cannot_be_made(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        done = run("server", "--directory", str(tmp_path / "file" / "keys"))
        assert done.exit_code == 1
        assert f"{tmp_path / 'file' / 'keys'}: Not a directory" in done.stderr

    def test_a_directory_that_is_not_writable(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK)  # root may do all
        done = run("server", "--directory", str(tmp_path))
        assert done.exit_code == 2
        assert f"Directory '{tmp_path}' is not writable." in done.stderr

    def test_the_operating_systems_refusal(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*args: object, **kwargs: object) -> None:
            raise PermissionError(13, "Permission denied", "server.key_secret")

        monkeypatch.setattr(keygen, "create_certificates", refuse)
        done = run("server", "--directory", str(tmp_path))
        assert done.exit_code == 1
        assert done.stderr == "Error: server.key_secret: Permission denied\n"

    @pytest.mark.parametrize(
        ("arguments", "problem"),
        [
            (["a/b"], "a file's name, without directory"),
            (["server", "-m", "email"], "'email' is not KEY=VALUE"),
            (["server", "-m", "full name=x"], "'full name'"),
            (["server", "-m", "public-key=x"], "pyzmq would take it for a key"),
            (["-d", "."], "give a NAME"),
            (["-m", "a=b"], "give a NAME"),
            (["--force"], "give a NAME"),
            (["--public", "server"], "give no NAME"),
            (["--format", "yaml"], "yaml"),
            (["a", "b"], "unexpected extra argument"),
        ],
    )
    def test_what_makes_no_sense(
        self,
        arguments: list[str],
        problem: str,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.chdir(tmp_path)
        done = run(*arguments)
        assert done.exit_code == 2
        assert problem in done.stderr
        assert os.listdir() == []


class TestPublic:
    def test_of_a_standard_input_that_is_closed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "stdin", None)
        with pytest.raises(click.ClickException, match="Standard input is closed"):
            keygen.read_secret()

    @pytest.mark.parametrize("stdin", [SECRET, f"{SECRET}\n", f"  {SECRET}\r\nmore\n"])
    def test_of_a_secret(self, stdin: str) -> None:
        done = run("--public", stdin=stdin)
        assert lines(done) == {"public": PUBLIC}
        assert SECRET not in done.output

    def test_in_another_format(self) -> None:
        done = run("--public", "--format", "json", stdin=SECRET)
        assert json.loads(done.stdout) == {"public": PUBLIC}

    @pytest.mark.parametrize(
        "stdin", ["", SECRET[:-1], f"{SECRET}0", "k" * 32, b"\xff" * 40, "0" * 5000]
    )
    def test_of_what_is_none(self, stdin: str | bytes) -> None:
        done = run("--public", stdin=stdin)
        assert done.exit_code == 1
        assert "No secret key: a key is 32 bytes, or 40 characters of Z85" in done.stderr
        assert done.stdout == ""
        assert SECRET[:-1] not in done.output

    def test_it_is_typed_unseen(self, monkeypatch: pytest.MonkeyPatch) -> None:
        asked: list[tuple[str, dict[str, object]]] = []

        def prompt(text: str, **kwargs: object) -> str:
            asked.append((text, kwargs))
            return SECRET

        class Terminal:
            def isatty(self) -> bool:
                return True

        with monkeypatch.context() as patch:
            patch.setattr("click.prompt", prompt)
            patch.setattr(sys, "stdin", Terminal())
            assert keygen.read_secret() == SECRET
        assert asked == [("Secret key", {"hide_input": True, "err": True})]


@pytest.mark.parametrize("arguments", [[], ["server"], ["--public"]])
def test_without_pynacl(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "nacl", None)
    done = run(*arguments, stdin=SECRET)
    assert done.exit_code == 1
    assert done.stderr == (
        "Error: CURVE needs PyNaCl, which is not installed: pip install pyzmtp[curve]\n"
    )
    assert os.listdir() == []


def test_help() -> None:
    done = run("--help")
    assert done.exit_code == 0
    for option in ("--directory", "--metadata", "--force", "--public", "--format", "[NAME]"):
        assert option in done.output
    assert "Make a new pair of keys" in CliRunner().invoke(group, ["--help"]).output
