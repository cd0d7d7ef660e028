"""One certificate: what it shows of itself, and the files that it is read from."""

from __future__ import annotations

import copy
import os
import pickle
import traceback
from pathlib import Path

import pytest
from attrs import evolve
from attrs.exceptions import FrozenInstanceError

from pyzmtp.certificates import MAX_FILE_SIZE, Certificate, load_certificate
from pyzmtp.errors import CertificateError, OptionError
from pyzmtp.wire.z85 import z85_decode

from .texts import CZMQ, OTHER, PUBLIC, PUBLIC_ONLY, PYZMQ, SECRET

NO_KEY = "0" * 40


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "some.key"


def load(path: Path, text: str | bytes) -> Certificate:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return load_certificate(path)


class TestCertificate:
    def test_keys_have_the_forms_that_keys_have_anywhere(self) -> None:
        text = Certificate(PUBLIC, SECRET)
        assert Certificate(z85_decode(PUBLIC), SECRET.encode()) == text
        assert (text.public_key, text.secret_key, dict(text.metadata)) == (PUBLIC, SECRET, {})
        assert Certificate(PUBLIC).secret_key is None

    @pytest.mark.parametrize("keys", [(PUBLIC[1:], None), (PUBLIC, SECRET[1:])])
    def test_no_key(self, keys: tuple[str, str | None]) -> None:
        with pytest.raises(OptionError) as raised:
            Certificate(*keys)
        assert SECRET[1:] not in str(raised.value)

    def test_the_secret_is_not_shown(self) -> None:
        certificate = Certificate(PUBLIC, SECRET, {"email": "ph@example.com"})
        for shown in (repr(certificate), str(certificate), f"{[certificate]}"):
            assert PUBLIC in shown
            assert "ph@example.com" in shown
            assert SECRET not in shown

    @pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
    def test_it_is_pickled_without_a_secret_only(self, protocol: int) -> None:
        public = Certificate(PUBLIC, metadata={"a": "b"})
        assert pickle.loads(pickle.dumps(public, protocol)) == public
        assert copy.deepcopy(public) == public
        with pytest.raises(TypeError, match="secret") as raised:
            pickle.dumps(evolve(public, secret_key=SECRET), protocol)
        assert SECRET not in str(raised.value)

    def test_it_does_not_change(self) -> None:
        metadata = {"a": "b"}
        certificate = Certificate(PUBLIC, metadata=metadata)
        metadata["a"] = "c"
        assert certificate.metadata == {"a": "b"}
        with pytest.raises(TypeError):
            certificate.metadata["a"] = "c"  # type: ignore[index]
        with pytest.raises(FrozenInstanceError):
            certificate.public_key = OTHER  # type: ignore[misc]
        assert len({certificate, Certificate(PUBLIC, metadata={"a": "b"}), Certificate(OTHER)}) == 2


class TestFiles:
    def test_of_pyzmq(self, path: Path) -> None:
        certificate = load(path, PYZMQ)
        assert (certificate.public_key, certificate.secret_key) == (PUBLIC, SECRET)
        assert certificate.metadata == {
            "email": "ph@example.com",
            "full name": "Pieter",
            "quoted": "a = b",
            "color": "#fff",
            "broken": '"no end',
        }

    def test_of_czmq(self, path: Path) -> None:
        certificate = load(path, CZMQ)
        assert (certificate.public_key, certificate.secret_key) == (PUBLIC, SECRET)
        assert certificate.metadata == {
            "email": "ph@example.com",
            "name": "Pieter #1",
            "version": "1",
            "empty": "",
            "flag": "",
        }

    def test_of_a_public_key(self, path: Path) -> None:
        assert load(path, PUBLIC_ONLY) == Certificate(PUBLIC)
        assert load_certificate(str(path)) == Certificate(PUBLIC)

    @pytest.mark.parametrize(
        "text",
        [
            f"public-key={PUBLIC}",
            f"curve\npublic-key = {PUBLIC}\n",
            f"curve\n\tpublic-key\t=\t'{PUBLIC}'  \n",
            f'curve # keys\n    public-key = "{PUBLIC}" # mine\n',
            f"curve\n    public-key = {PUBLIC} # mine\n",
            f'curve\r\n    public-key = "{PUBLIC}"\r\n',
            f"\n\n        # who\n  curve\ncurve\n  public-key = '{PUBLIC}'#mine",
            f"\ufeffcurve\n    public-key = {PUBLIC}",
            f"keys\n    public-key = {PUBLIC}\n",
            f"curve\n    public-key = {PUBLIC}\nmetadata\n    public-key = x\n    secret-key = y\n",
            f"something else\n= x\ncurve\n    public-key = {PUBLIC}\n    public-keys = {OTHER}",
            f"curve\n    public-key = {PUBLIC}\n    secret-key = {NO_KEY}\n",
        ],
    )
    def test_however_it_is_laid_out(self, text: str, path: Path) -> None:
        certificate = load(path, text)
        assert (certificate.public_key, certificate.secret_key) == (PUBLIC, None)

    def test_a_key_may_begin_with_what_begins_a_comment(self, path: Path) -> None:
        key = "#" + PUBLIC[1:]
        with pytest.raises(CertificateError, match="line 1"):
            load(path, f"public-key = {key}")  # it stands for more than four bytes
        key = PUBLIC[:4] + "#" + PUBLIC[5:]
        assert load(path, f"public-key = {key}").public_key == key

    def test_metadata_may_be_in_another_encoding(self, path: Path) -> None:
        text = f"metadata\n    name = Jos\u00e9\ncurve\n    public-key = {PUBLIC}\n"
        assert load(path, text).metadata == {"name": "Jos\u00e9"}
        assert load(path, text.encode("latin-1")).metadata == {"name": "Jos\ufffd"}

    @pytest.mark.parametrize(
        ("text", "line", "problem"),
        [
            ("", None, "no public-key"),
            (b"\x00\xff\xfe" * 100, None, "no public-key"),
            ("metadata\ncurve\n", None, "no public-key"),
            (f"curve\n    secret-key = {SECRET}\n", None, "no public-key"),
            (f"curve\n    public-key = {NO_KEY}\n", None, "no public-key"),
            (f"metadata\n    public-key = {PUBLIC}\n", None, "no public-key"),
            (f"curve\n    #public-key = {PUBLIC}\n", None, "no public-key"),
            (f"curve\n\n    public-key = {PUBLIC[:-1]}\n", 3, "public-key is not 40"),
            (f"curve\n    public-key = {PUBLIC}0\n", 2, "public-key is not 40"),
            (f"curve\n    public-key = {PUBLIC[:20]} {PUBLIC[20:]}\n", 2, "public-key is not 40"),
            (f'curve\n    public-key = "{PUBLIC}\n', 2, "public-key is not 40"),
            ("curve\n    public-key\n", 2, "public-key is not 40"),
            (f"curve\n    public-key = {'~' * 40}\n", 2, "public-key is not 40"),
            (f"{PUBLIC_ONLY}    secret-key = {SECRET[:-1]}\n", 4, "secret-key is not 40"),
            (f"{PUBLIC_ONLY}    secret-key = {SECRET[:-1]}\u00e4\n", 4, "secret-key is not 40"),
            (f"{PUBLIC_ONLY}    public-key = {OTHER}\n", 4, "a second public-key"),
            (f"{PYZMQ}    secret-key = {SECRET}\n", 14, "a second secret-key"),
        ],
    )
    def test_what_is_no_certificate(
        self, text: str | bytes, line: int | None, problem: str, path: Path
    ) -> None:
        with pytest.raises(CertificateError, match=problem) as raised:
            load(path, text)
        assert (raised.value.path, raised.value.line) == (str(path), line)
        assert str(path) in str(raised.value)
        shown = "".join(traceback.format_exception(raised.value, chain=True))
        assert SECRET[:20] not in shown
        assert PUBLIC[:20] not in shown

    def test_its_size_is_bounded(self, path: Path) -> None:
        room = MAX_FILE_SIZE - len(PUBLIC_ONLY)
        assert load(path, "#" * (room - 1) + "\n" + PUBLIC_ONLY) == Certificate(PUBLIC)
        with pytest.raises(CertificateError, match="at most 65536 bytes") as raised:
            load(path, "#" * room + "\n" + PUBLIC_ONLY)
        assert raised.value.line is None

    def test_what_is_no_file(self, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError):
            load_certificate(tmp_path / "nobody.key")
        with pytest.raises(OSError, match=r"directory|denied"):
            load_certificate(tmp_path)
        with pytest.raises(CertificateError, match="no regular file"):
            load_certificate(os.devnull)

    def test_a_named_pipe_is_not_waited_for(self, path: Path) -> None:
        os.mkfifo(path)
        with pytest.raises(CertificateError, match="no regular file"):
            load_certificate(path)

    def test_a_link_is_followed(self, path: Path, tmp_path: Path) -> None:
        load(path, PUBLIC_ONLY)
        link = tmp_path / "link.key"
        link.symlink_to(path)
        assert load_certificate(link) == Certificate(PUBLIC)
