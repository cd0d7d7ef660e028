"""New certificate files: what is in them, who may read them, and what is left when it goes wrong."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyzmtp.certificates import create_certificates, load_certificate
from pyzmtp.errors import LibraryMissing, OptionError
from pyzmtp.security.keys import curve_public

SetUmask = Callable[[int], None]


@pytest.fixture
def set_umask() -> Iterator[SetUmask]:
    before = os.umask(0o022)

    def set_umask(mask: int) -> None:
        os.umask(mask)

    yield set_umask
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


class TestFiles:
    def test_a_pair_of_files(self, tmp_path: Path) -> None:
        paths = create_certificates(tmp_path, "server", {"email": "ph@example.com", "x": ""})
        assert paths == (tmp_path / "server.key", tmp_path / "server.key_secret")
        assert names(tmp_path) == ["server.key", "server.key_secret"]
        public, secret = map(load_certificate, paths)
        assert secret.secret_key is not None
        assert curve_public(secret.secret_key) == secret.public_key == public.public_key
        assert public.secret_key is None
        assert (public.metadata, secret.metadata) == ({}, {"email": "ph@example.com", "x": ""})

    def test_the_lines_are_those_of_czmq(self, tmp_path: Path) -> None:
        public, secret = create_certificates(str(tmp_path), "server", {"email": "ph@example.com"})
        keys = load_certificate(secret)
        lines = [line for line in secret.read_text().splitlines() if line[:1] != "#"]
        assert lines == [
            "",
            "metadata",
            '    email = "ph@example.com"',
            "curve",
            f'    public-key = "{keys.public_key}"',
            f'    secret-key = "{keys.secret_key}"',
        ]
        lines = [line for line in public.read_text().splitlines() if line[:1] != "#"]
        assert lines == ["", "metadata", "curve", f'    public-key = "{keys.public_key}"']

    def test_each_pair_is_another(self, tmp_path: Path) -> None:
        keys = {
            load_certificate(create_certificates(tmp_path, name)[0]).public_key for name in "abc"
        }
        assert len(keys) == 3


class TestPermissions:
    @pytest.mark.parametrize(
        ("umask", "expected"), [(0o000, 0o644), (0o022, 0o644), (0o027, 0o640), (0o077, 0o600)]
    )
    @pytest.mark.parametrize("overwrite", [False, True])
    def test_the_secret_is_its_owners(
        self, umask: int, expected: int, overwrite: bool, set_umask: SetUmask, tmp_path: Path
    ) -> None:
        set_umask(umask)
        public, secret = create_certificates(tmp_path, "server", overwrite=overwrite)
        assert (mode(public), mode(secret)) == (expected, 0o600)

    def test_a_file_that_others_could_read_is_replaced(
        self, set_umask: SetUmask, tmp_path: Path
    ) -> None:
        set_umask(0)
        old = tmp_path / "server.key_secret"
        old.write_text("old")
        old.chmod(0o666)
        with old.open() as reader:
            _, secret = create_certificates(tmp_path, "server", overwrite=True)
            assert reader.read() == "old"  # who has it open reads on in what it was
        assert mode(secret) == 0o600

    @pytest.mark.parametrize("overwrite", [False, True])
    def test_there_is_no_moment_before_that(
        self,
        overwrite: bool,
        set_umask: SetUmask,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        set_umask(0)
        seen: dict[str, int] = {}
        real_open = os.open

        def spy(path: str | Path, flags: int, *args: Any, **kwargs: Any) -> int:
            descriptor = real_open(path, flags, *args, **kwargs)
            if flags & os.O_CREAT:
                assert flags & os.O_EXCL
                seen[os.fspath(path)] = stat.S_IMODE(os.fstat(descriptor).st_mode)
            return descriptor

        def refuse(*args: object) -> None:
            raise AssertionError("a mode that is changed later was another before")

        monkeypatch.setattr(os, "open", spy)
        monkeypatch.setattr(os, "chmod", refuse)
        monkeypatch.setattr(os, "fchmod", refuse)
        create_certificates(tmp_path, "server", overwrite=overwrite)
        secrets = {path: mode for path, mode in seen.items() if "key_secret" in path}
        assert secrets
        assert set(secrets.values()) == {0o600}

    def test_a_link_is_replaced_and_not_followed(self, tmp_path: Path) -> None:
        target = tmp_path / "elsewhere"
        (tmp_path / "server.key_secret").symlink_to(target)
        with pytest.raises(FileExistsError):
            create_certificates(tmp_path, "server")
        create_certificates(tmp_path, "server", overwrite=True)
        assert names(tmp_path) == ["server.key", "server.key_secret"]


class TestWhatIsThere:
    @pytest.mark.parametrize("there", ["server.key", "server.key_secret"])
    def test_it_is_not_overwritten(self, there: str, tmp_path: Path) -> None:
        (tmp_path / there).write_text("precious")
        with pytest.raises(FileExistsError) as raised:
            create_certificates(tmp_path, "server")
        assert str(raised.value.filename) == str(tmp_path / there)
        assert names(tmp_path) == [there]
        assert (tmp_path / there).read_text() == "precious"

    def test_unless_that_is_asked_for(self, tmp_path: Path) -> None:
        old = load_certificate(create_certificates(tmp_path, "server")[1])
        paths = create_certificates(tmp_path, "server", overwrite=True)
        public, secret = map(load_certificate, paths)
        assert old.public_key != public.public_key == secret.public_key
        assert names(tmp_path) == ["server.key", "server.key_secret"]

    @pytest.mark.parametrize("there", ["server.key", "server.key_secret"])
    def test_a_directory_is_left(self, there: str, tmp_path: Path) -> None:
        (tmp_path / there).mkdir()
        with pytest.raises(IsADirectoryError) as raised:
            create_certificates(tmp_path, "server", overwrite=True)
        assert raised.value.filename == str(tmp_path / there)
        assert names(tmp_path) == [there]

    @pytest.mark.parametrize("overwrite", [False, True])
    @pytest.mark.parametrize("step", ["fsync", "replace"])
    def test_nothing_is_left_when_it_goes_wrong(
        self, step: str, overwrite: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(*args: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, step, full)
        with pytest.raises(OSError, match="No space left"):
            create_certificates(tmp_path, "server", overwrite=overwrite)
        assert names(tmp_path) == []

    def test_no_such_directory(self, tmp_path: Path) -> None:
        for overwrite in (False, True):
            with pytest.raises(FileNotFoundError):
                create_certificates(tmp_path / "nowhere", "server", overwrite=overwrite)
        assert names(tmp_path) == []


class TestNames:
    @pytest.mark.parametrize("name", ["", ".", "..", ".hidden", "a/b", "/a", "a/", "a\0", "a\nb"])
    def test_a_name_stays_in_the_directory(self, name: str, tmp_path: Path) -> None:
        with pytest.raises(OptionError) as raised:
            create_certificates(tmp_path, name)
        assert raised.value.option == "name"
        assert names(tmp_path) == []

    @pytest.mark.parametrize(
        "metadata",
        [
            {"": "x"},
            {"full name": "x"},
            {"a=b": "x"},
            {"#a": "x"},
            {"a\n": "x"},
            {"/a": "x"},
            {"a/": "x"},
            {"\u00e4": "x"},
            {"public-key": "x"},
            {"secret-key": "x"},
            {"public-key-of": "x"},
            {"a": "x\ncurve"},
            {"a": "x\r"},
            {"a": "\0"},
            {"a": "\ud800"},
            {"a": "'\""},
            {"a": 7},
            {"a": b"x"},
            {"a": "x" * 66000},
        ],
    )
    def test_metadata_that_cannot_be_written(
        self, metadata: Mapping[str, Any], tmp_path: Path
    ) -> None:
        with pytest.raises(OptionError) as raised:
            create_certificates(tmp_path, "server", metadata)
        assert raised.value.option == "metadata"
        assert names(tmp_path) == []

    @given(
        st.dictionaries(
            st.text("abcXYZ019$-_@.&+", min_size=1, max_size=9),
            st.text(
                st.characters(exclude_categories=("C", "Z")) | st.just(" "), max_size=20
            ).filter(lambda text: text.isprintable() and not ("'" in text and '"' in text)),
            max_size=4,
        )
    )
    def test_all_other_metadata_is_read_again(
        self, tmp_path_factory: pytest.TempPathFactory, metadata: dict[str, str]
    ) -> None:
        _, secret = create_certificates(tmp_path_factory.mktemp("keys"), "server", metadata)
        assert load_certificate(secret).metadata == metadata

    def test_a_name_in_parts(self, tmp_path: Path) -> None:
        _, secret = create_certificates(tmp_path, "a server.2", {"a/b": "'x'", "c": '"'})
        assert secret.name == "a server.2.key_secret"
        assert load_certificate(secret).metadata == {"a/b": "'x'", "c": '"'}


def test_without_pynacl_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nacl", None)
    with pytest.raises(LibraryMissing):
        create_certificates(tmp_path, "server")
    assert names(tmp_path) == []
