"""How the museum finds interpreters and sets up its exhibits; nothing is fetched here."""

from __future__ import annotations

import io
import os
import select
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import attrs
import pytest

from interop.museum import build, interpreters
from interop.museum.build import BuildFailed, Commands, cache_directory, key, set_up, set_up_all
from interop.museum.exhibits import EXHIBITS, Exhibit
from interop.museum.interpreters import Interpreter, find

WHEEL = Exhibit("9.8.7", "pyzmq==99.1", "9.8", zmtp=(3, 1))
SOURCE = attrs.evolve(WHEEL, build=("--zmq=bundled",))
HERE = Interpreter(Path(sys.executable), "cpython-9.8.1-10ffff-linux")

Install = Callable[[Exhibit, list[str], Path, build.Run], None]


def installs(version: str) -> Install:
    """Make a step that takes the place of pip: it writes a `zmq` of that version."""

    def install(exhibit: Exhibit, python: list[str], site: Path, run: build.Run) -> None:
        (site / "zmq.py").write_text(f"def zmq_version(): return {version!r}\n")

    return install


def must_not_run(exhibit: Exhibit, python: list[str], site: Path, run: build.Run) -> None:
    raise AssertionError("it was there already")


# -- the cache ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"PYZMTP_MUSEUM_CACHE": "/a/b", "XDG_CACHE_HOME": "/c", "HOME": "/d"}, "/a/b"),
        ({"PYZMTP_MUSEUM_CACHE": "", "XDG_CACHE_HOME": "/c", "HOME": "/d"}, "/c/pyzmtp-museum"),
        ({"XDG_CACHE_HOME": "", "HOME": "/d"}, "/d/.cache/pyzmtp-museum"),
    ],
)
def test_cache_directory(
    environment: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYZMTP_MUSEUM_CACHE", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert cache_directory() == Path(expected)


def test_key_has_all_that_matters(monkeypatch: pytest.MonkeyPatch) -> None:
    other_python = attrs.evolve(HERE, name="cpython-9.8.2-10ffff-linux")
    keys = [
        key(WHEEL, HERE),
        key(SOURCE, HERE),
        key(attrs.evolve(SOURCE, build=()), HERE),
        key(attrs.evolve(WHEEL, requirement="pyzmq==99.2"), HERE),
        key(WHEEL, other_python),
    ]
    monkeypatch.setattr(build, "RECIPE", build.RECIPE + 1)
    keys.append(key(WHEEL, HERE))
    assert len(set(keys)) == len(keys)
    assert all(set(each).isdisjoint("/ =") for each in keys)
    assert len({key(each, HERE) for each in EXHIBITS}) == len(EXHIBITS)


# -- builds -------------------------------------------------------------------------------------


def test_what_was_built_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "install_wheel", installs("9.8.7"))
    cache = tmp_path / "some" / "cache"
    site = set_up(WHEEL, HERE, cache)
    assert (site / "zmq.py").is_file()
    assert list(cache.iterdir()) == [site]
    monkeypatch.setattr(build, "install_wheel", must_not_run)
    assert set_up(WHEEL, HERE, cache) == site


def test_another_version_than_promised_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "install_wheel", installs("9.8.6"))
    with pytest.raises(BuildFailed, match=r"(?s)exit status 1.*AssertionError: 9\.8\.6"):
        set_up(WHEEL, HERE, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_build_is_not_taken_for_a_whole_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(exhibit: Exhibit, python: list[str], site: Path, run: build.Run) -> None:
        installs("9.8.7")(exhibit, python, site, run)
        raise KeyboardInterrupt

    monkeypatch.setattr(build, "install_wheel", interrupted)
    with pytest.raises(KeyboardInterrupt):
        set_up(WHEEL, HERE, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_of_two_builds_the_first_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def overtaken(exhibit: Exhibit, python: list[str], site: Path, run: build.Run) -> None:
        installs("9.8.7")(exhibit, python, site, run)
        faster = tmp_path / key(WHEEL, HERE)
        faster.mkdir()
        (faster / "first").touch()

    monkeypatch.setattr(build, "install_wheel", overtaken)
    site = set_up(WHEEL, HERE, tmp_path)
    assert [path.name for path in site.iterdir()] == ["first"]


def test_a_build_has_a_time_limit_and_ends_what_it_started(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    commands = Commands(tmp_path / "log", time_limit=1.0)
    with pytest.raises(BuildFailed, match=r"(?s)not done in 1 s.*exec sleep 600"):
        commands.run(["sh", "-c", f"(echo started; exec sleep 600) > {pipe} & wait"], tmp_path)
    # The pipe ends with the last process that can write to it.
    ends = select.poll()
    ends.register(reader, select.POLLHUP)
    assert ends.poll(10000), "a process has outlived its build"
    assert os.read(reader, 100) == b"started\n"
    assert os.read(reader, 100) == b""
    os.close(reader)


def test_a_failed_command_shows_its_log(tmp_path: Path) -> None:
    commands = Commands(tmp_path / "log")
    commands.run([sys.executable, "-c", "print('before')"], tmp_path)
    with pytest.raises(BuildFailed, match=r"(?s)exit status 3.*before.*because"):
        commands.run([sys.executable, "-c", "import sys; print('because'); sys.exit(3)"], tmp_path)


def test_sources_are_compiled_in_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A source package whose setup.py makes what it was asked to."""
    setup = (
        "import os, sys\n"
        "assert sys.argv[1:] == ['build_ext', '--inplace', '--zmq=bundled'], sys.argv\n"
        "assert '-fpermissive' in os.environ['CFLAGS']\n"
        "os.mkdir('zmq')\n"
        "open('zmq/__init__.py', 'w').write('def zmq_version(): return \"9.8.7\"')\n"
    )
    site = set_up(SOURCE, downloads(tmp_path, "pyzmq-99.1/setup.py", setup), tmp_path / "cache")
    assert (site / "zmq" / "__init__.py").is_file()


def test_an_archive_stays_in_its_directory(tmp_path: Path) -> None:
    interpreter = downloads(tmp_path, "../escaped", "")
    messages: list[str] = []
    [(exhibit, failure)] = set_up_all(
        [(SOURCE, interpreter)], tmp_path / "cache", messages.append
    ).items()
    assert exhibit is SOURCE
    assert isinstance(failure, BuildFailed)
    assert "OutsideDestination" in str(failure)
    assert not list(tmp_path.rglob("escaped"))
    assert "9.8.7" in messages[0]


def downloads(directory: Path, member: str, content: str) -> Interpreter:
    """Make an interpreter whose pip downloads an archive with one file in it."""
    archive = directory / "pyzmq-99.1.tar.gz"
    with tarfile.open(archive, "w:gz") as opened:
        entry = tarfile.TarInfo(member)
        entry.size = len(content)
        opened.addfile(entry, io.BytesIO(content.encode()))
    return script(
        directory / "python9.8",
        f'case " $* " in *" pip download "*) cp {archive} . ;; *) exec {sys.executable} "$@" ;; esac',
    )


def script(path: Path, line: str) -> Interpreter:
    """Write a program that stands for an interpreter."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o755)
    return Interpreter(path, "cpython-9.8.1-10ffff-linux")


def test_all_are_set_up_and_one_failure_spoils_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "install_wheel", installs("9.8.7"))
    wrong = attrs.evolve(WHEEL, libzmq="1.0.0", requirement="pyzmq==1")
    messages: list[str] = []
    results = set_up_all([(wrong, HERE), (WHEEL, HERE)], tmp_path, messages.append)
    assert isinstance(results[wrong], BuildFailed)
    assert results[WHEEL] == tmp_path / key(WHEEL, HERE)
    assert len(messages) == 1
    assert set_up_all([(WHEEL, HERE)], tmp_path, messages.append) == {WHEEL: results[WHEEL]}
    assert len(messages) == 1, "nothing was to be set up"


# -- interpreters -------------------------------------------------------------------------------


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give pyenv's directory, where nothing is yet, and leave nothing on the search path."""
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return tmp_path / "pyenv"


def says(path: Path, name: str) -> Path:
    """Make an interpreter that says what it is."""
    return script(path, f"echo {name}").path


def test_newest_patch_level_of_pyenv_is_taken(root: Path) -> None:
    for patch in ("9", "18", "2"):
        says(root / f"versions/9.8.{patch}/bin/python9.8", f"cpython-9.8.{patch}-x")
    says(root / "versions/9.88.1/bin/python9.88", "cpython-9.88.1-x")
    found = root / "versions/9.8.18/bin/python9.8"
    assert find("9.8") == Interpreter(found, "cpython-9.8.18-x")


def test_pyenv_is_asked_where_it_is(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYENV_ROOT")
    found = says(root / "versions/9.8.1/bin/python9.8", "cpython-9.8.1-x")
    script(tmp_path / "bin" / "pyenv", f"echo {root}")
    assert find("9.8") == Interpreter(found, "cpython-9.8.1-x")


def test_pyenv_may_be_at_its_usual_place(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYENV_ROOT")
    monkeypatch.setenv("HOME", str(tmp_path))
    found = says(tmp_path / ".pyenv/versions/9.8.1/bin/python9.8", "cpython-9.8.1-x")
    assert find("9.8") == Interpreter(found, "cpython-9.8.1-x")


def test_what_does_not_run_or_is_another_is_passed_over(root: Path, tmp_path: Path) -> None:
    script(root / "versions/9.8.4/bin/python9.8", "echo cpython-9.8.4-x; exit 127")
    says(root / "versions/9.8.3/bin/python9.8", "pypy-9.8.3-x")
    assert find("9.8") is None
    on_path = says(tmp_path / "bin" / "python9.8", "cpython-9.8.0-x")
    assert find("9.8") == Interpreter(on_path, "cpython-9.8.0-x")


def test_probe_tells_what_runs_here() -> None:
    name = interpreters.probe(Path(sys.executable))
    assert ".".join(map(str, sys.version_info[:3])) in name
    assert interpreters.probe(Path("/nonexistent/python")) == ""
