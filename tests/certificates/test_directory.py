"""The certificates of a directory, while files come, change, break and go."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from twisted.logger import ILogObserver, LogEvent, globalLogPublisher

from pyzmtp.certificates import Certificate, CertificateDirectory, create_certificates
from pyzmtp.wire.z85 import z85_decode

from .texts import OTHER, PUBLIC, PYZMQ, SECRET, public_text

RAW, OTHER_RAW = z85_decode(PUBLIC), z85_decode(OTHER)


@pytest.fixture
def told() -> Iterator[list[LogEvent]]:
    events: list[LogEvent] = []
    observer = cast(ILogObserver, events.append)
    globalLogPublisher.addObserver(observer)
    yield events
    globalLogPublisher.removeObserver(observer)


@pytest.fixture
def first(tmp_path: Path) -> Path:
    path = tmp_path / "first.key"
    path.write_text(public_text(PUBLIC))
    return path


@pytest.fixture
def directory(tmp_path: Path, first: Path) -> CertificateDirectory:
    return CertificateDirectory(tmp_path)


class TestReading:
    def test_the_keys_are_there_when_it_is_made(self, tmp_path: Path, first: Path) -> None:
        for path in (tmp_path, str(tmp_path)):
            directory = CertificateDirectory(path)
            assert directory.keys() == {RAW: Certificate(PUBLIC)}
            assert not directory.refresh()

    def test_what_was_created_is_read(self, tmp_path: Path) -> None:
        create_certificates(tmp_path, "a")
        create_certificates(tmp_path, "b")
        assert len(CertificateDirectory(tmp_path).keys()) == 2

    def test_other_files_do_not_count(self, tmp_path: Path, told: list[LogEvent]) -> None:
        for name in (".a.key", "b.key_secret", "c.txt", "key", "d.key~", ".key"):
            (tmp_path / name).write_text(public_text(PUBLIC))
        (tmp_path / "below").mkdir()
        (tmp_path / "below" / "e.key").write_text(public_text(PUBLIC))
        assert CertificateDirectory(tmp_path).keys() == {}
        assert told == []

    def test_a_secret_key_is_not_kept(self, tmp_path: Path) -> None:
        (tmp_path / "a.key").write_text(PYZMQ)
        [certificate] = CertificateDirectory(tmp_path).keys().values()
        assert certificate.secret_key is None
        assert certificate.metadata["email"] == "ph@example.com"

    def test_there_must_be_a_directory(self, tmp_path: Path, first: Path) -> None:
        for path in (tmp_path / "nowhere", first):
            with pytest.raises(OSError, match=path.name):
                CertificateDirectory(path)

    def test_it_shows_its_path(self, directory: CertificateDirectory, tmp_path: Path) -> None:
        assert repr(directory) == f"CertificateDirectory({str(tmp_path)!r})"

    def test_the_keys_cannot_be_changed(self, directory: CertificateDirectory) -> None:
        with pytest.raises(TypeError):
            directory.keys()[OTHER_RAW] = Certificate(OTHER)  # type: ignore[index]


class TestChanges:
    def test_a_file_that_comes_and_goes(
        self, directory: CertificateDirectory, tmp_path: Path
    ) -> None:
        before = directory.keys()
        path = tmp_path / "second.key"
        path.write_text(public_text(OTHER))
        assert directory.keys() == {RAW: Certificate(PUBLIC)}, "only refresh() looks"
        assert directory.refresh()
        assert directory.keys() == {RAW: Certificate(PUBLIC), OTHER_RAW: Certificate(OTHER)}
        assert not directory.refresh()
        path.unlink()
        assert directory.refresh()
        assert directory.keys() == before == {RAW: Certificate(PUBLIC)}

    def test_another_key_in_a_file(self, directory: CertificateDirectory, first: Path) -> None:
        first.write_text(f"# new\n{public_text(OTHER)}")
        assert directory.refresh()
        assert directory.keys() == {OTHER_RAW: Certificate(OTHER)}

    def test_of_the_same_size(self, directory: CertificateDirectory, first: Path) -> None:
        first.write_text(public_text(OTHER))
        os.utime(first, ns=(10**18, 10**18))
        assert directory.refresh()
        assert directory.keys() == {OTHER_RAW: Certificate(OTHER)}

    def test_of_the_same_time_and_size(
        self, directory: CertificateDirectory, first: Path, tmp_path: Path
    ) -> None:
        times = first.stat().st_atime_ns, first.stat().st_mtime_ns
        new = tmp_path / "new"
        new.write_text(public_text(OTHER))
        os.utime(new, ns=times)
        new.replace(first)
        assert directory.refresh()
        assert directory.keys() == {OTHER_RAW: Certificate(OTHER)}

    def test_other_metadata_of_the_same_key(
        self, directory: CertificateDirectory, first: Path
    ) -> None:
        first.write_text(f"metadata\n    a = b\n{public_text(PUBLIC)}")
        assert not directory.refresh()
        assert directory.keys() == {RAW: Certificate(PUBLIC, metadata={"a": "b"})}

    def test_a_file_of_another_name(self, directory: CertificateDirectory, first: Path) -> None:
        first.rename(first.with_name("renamed.key"))
        assert not directory.refresh()
        assert directory.keys() == {RAW: Certificate(PUBLIC)}

    def test_two_files_of_one_key(self, directory: CertificateDirectory, tmp_path: Path) -> None:
        second = tmp_path / "second.key"
        second.write_text(f"metadata\n    a = b\n{public_text(PUBLIC)}")
        assert not directory.refresh()
        assert directory.keys()[RAW].metadata == {"a": "b"}
        second.unlink()
        assert not directory.refresh()
        assert directory.keys() == {RAW: Certificate(PUBLIC)}

    def test_what_has_not_changed_is_not_read_again(
        self, directory: CertificateDirectory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        opened: list[str] = []
        real_open = os.open

        def spy(path: str, *args: Any, **kwargs: Any) -> int:
            opened.append(os.path.basename(path))
            return real_open(path, *args, **kwargs)

        monkeypatch.setattr(os, "open", spy)
        (tmp_path / "second.key").write_text(public_text(OTHER))
        opened.clear()
        assert directory.refresh()
        assert not directory.refresh()
        assert opened == ["second.key"]


class TestTrouble:
    def test_a_broken_file_is_told_once_and_leaves_the_others(
        self, directory: CertificateDirectory, tmp_path: Path, told: list[LogEvent]
    ) -> None:
        broken = tmp_path / "broken.key"
        broken.write_text(f"curve\n    public-key = {OTHER}\n    secret-key = {SECRET[:-1]}")
        assert not directory.refresh()
        broken.write_text(f"curve\n    public-key = {OTHER}\n    secret-key = {SECRET[:-2]}")
        assert not directory.refresh()
        assert directory.keys() == {RAW: Certificate(PUBLIC)}
        [event] = told
        assert event["path"] == str(broken)
        assert event["problem"].startswith("line 3: secret-key is not 40 characters")
        assert SECRET[:9] not in repr(event)

    def test_a_file_that_is_written_slowly(
        self, directory: CertificateDirectory, first: Path, told: list[LogEvent]
    ) -> None:
        text = public_text(PUBLIC)
        changes = []
        for size in range(len(text) + 1):
            first.write_text(text[:size])
            changes.append(directory.refresh())
            assert directory.keys() in ({}, {RAW: Certificate(PUBLIC)})
        assert [size for size, changed in enumerate(changes) if changed] == [0, len(text) - 1]
        assert {event["problem"] for event in told} == {
            "there is no public-key in it",
            "line 2: public-key is not 40 characters of Z85 that stand for 32 bytes",
        }
        assert len(told) == 2

    def test_what_breaks_again_is_told_again(
        self, directory: CertificateDirectory, first: Path, told: list[LogEvent]
    ) -> None:
        for text in ("", public_text(PUBLIC), ""):
            first.write_text(text)
            assert directory.refresh()
        first.unlink()
        assert not directory.refresh()
        first.write_text("")
        assert not directory.refresh()
        assert len(told) == 3

    def test_what_is_no_file(
        self, directory: CertificateDirectory, tmp_path: Path, told: list[LogEvent]
    ) -> None:
        (tmp_path / "below.key").mkdir()
        (tmp_path / "dangling.key").symlink_to(tmp_path / "nowhere")
        (tmp_path / "loop.key").symlink_to("loop.key")
        (tmp_path / "device.key").symlink_to(os.devnull)
        os.mkfifo(tmp_path / "pipe.key")
        for _ in range(3):
            assert not directory.refresh()
        assert directory.keys() == {RAW: Certificate(PUBLIC)}
        names = sorted(os.path.basename(event["path"]) for event in told)
        assert names == ["below.key", "dangling.key", "device.key", "loop.key", "pipe.key"]

    def test_a_link_counts_and_what_it_leads_to_may_change(
        self, directory: CertificateDirectory, tmp_path: Path
    ) -> None:
        target = tmp_path / "target"
        (tmp_path / "link.key").symlink_to(target)
        assert not directory.refresh()
        target.write_text(public_text(OTHER))
        assert directory.refresh()
        assert set(directory.keys()) == {RAW, OTHER_RAW}
        target.unlink()
        assert directory.refresh()
        assert directory.keys() == {RAW: Certificate(PUBLIC)}

    def test_a_file_that_cannot_be_read_is_tried_again(
        self,
        directory: CertificateDirectory,
        tmp_path: Path,
        told: list[LogEvent],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        (tmp_path / "second.key").write_text(public_text(OTHER))

        def refuse(path: str, *args: Any, **kwargs: Any) -> int:
            raise PermissionError(13, "Permission denied", path)

        with monkeypatch.context() as patch:
            patch.setattr(os, "open", refuse)
            assert not directory.refresh()
            assert not directory.refresh()
        assert [event["problem"] for event in told] == ["Permission denied"]
        assert directory.refresh()
        assert set(directory.keys()) == {RAW, OTHER_RAW}

    def test_a_large_file(
        self, directory: CertificateDirectory, tmp_path: Path, told: list[LogEvent]
    ) -> None:
        (tmp_path / "large.key").write_text("#" * 65536 + "\n" + public_text(OTHER))
        assert not directory.refresh()
        assert [event["problem"] for event in told] == ["a certificate has at most 65536 bytes"]

    def test_the_directory_vanishes_and_comes_back(
        self, directory: CertificateDirectory, tmp_path: Path, told: list[LogEvent]
    ) -> None:
        away = tmp_path.with_name(f"{tmp_path.name}-away")
        tmp_path.rename(away)
        assert directory.refresh()
        assert not directory.refresh()
        assert directory.keys() == {}
        assert [event["path"] for event in told] == [str(tmp_path)]
        away.rename(tmp_path)
        assert directory.refresh()
        assert directory.keys() == {RAW: Certificate(PUBLIC)}

    def test_a_directory_that_cannot_be_read_keeps_its_keys(
        self,
        directory: CertificateDirectory,
        told: list[LogEvent],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        def refuse(path: str) -> Iterator[os.DirEntry[str]]:
            raise OSError(24, "Too many open files", path)

        with monkeypatch.context() as patch:
            patch.setattr(os, "scandir", refuse)
            assert not directory.refresh()
            assert not directory.refresh()
        assert directory.keys() == {RAW: Certificate(PUBLIC)}
        assert [event["problem"] for event in told] == ["Too many open files"]
        assert not directory.refresh()
