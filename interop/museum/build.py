"""Sets up an exhibit: its package for its interpreter, in a directory that is kept.

A build works in a directory beside the final one and is renamed when it has been tried, so that
what an interrupted build left is never taken for a whole one.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import tarfile
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import attrs

from interop.museum.exhibits import Exhibit
from interop.museum.interpreters import Interpreter

#: To be raised when something below changes what a build makes.
RECIPE = 1

#: Longest time for one command of a build, seconds. The longest takes half a minute.
TIME_LIMIT = 300.0

#: How much of its log a failed build shows, characters.
SHOWN = 4000

#: Old sources and today's compilers: no warnings, what was no error then is none now, and no time
#: spent on optimizing.
COMPILER_FLAGS = "-w -fpermissive -O1"


class BuildFailed(Exception):
    """An exhibit could not be set up; the text ends with what the failed command printed."""


#: Runs a command in a directory, to its end or until the time is up; raises `BuildFailed`.
Run = Callable[[list[str], Path], None]


def cache_directory() -> Path:
    """Return where environments are kept between runs: PYZMTP_MUSEUM_CACHE, or the user's cache."""
    chosen = os.environ.get("PYZMTP_MUSEUM_CACHE")
    if chosen:
        return Path(chosen).absolute()
    caches = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(caches) / "pyzmtp-museum"


def key(exhibit: Exhibit, interpreter: Interpreter) -> str:
    """Return the name of what has been built: it differs where the result of a build could."""
    how = "wheel" if exhibit.build is None else "-".join(("source", *exhibit.build))
    name = f"{exhibit.requirement}-{interpreter.name}-{how}-{RECIPE}"
    return re.sub(r"[^A-Za-z0-9._]+", "-", name)


@attrs.frozen
class Commands:
    """Runs the commands of one build, with one log."""

    log: Path
    time_limit: float = TIME_LIMIT

    def run(self, command: list[str], directory: Path) -> None:
        """Run a command; when the time is up, end it with all that it has started."""
        environment = {**os.environ, "CFLAGS": COMPILER_FLAGS}
        with self.log.open("a") as log:
            print("$", *command, file=log, flush=True)
            process = subprocess.Popen(
                command,
                cwd=directory,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                status = process.wait(self.time_limit)
            except BaseException as error:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                if isinstance(error, subprocess.TimeoutExpired):
                    raise self.failure(f"not done in {self.time_limit:g} s") from None
                raise
        if status != 0:
            raise self.failure(f"exit status {status}")

    def failure(self, what: str) -> BuildFailed:
        """Return the error, with the end of the log."""
        return BuildFailed(f"{what}\n{self.log.read_text(errors='replace')[-SHOWN:]}")


def set_up(exhibit: Exhibit, interpreter: Interpreter, cache: Path) -> Path:
    """Return the directory from which `interpreter` imports the exhibit's `zmq`.

    Raises `BuildFailed`.
    """
    finished = cache / key(exhibit, interpreter)
    if finished.is_dir():
        return finished
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".building-", dir=cache) as name:
        work = Path(name)
        site = work / "site"
        site.mkdir()
        commands = Commands(work / "log")
        python = [str(interpreter.path), "-E", "-s"]
        if exhibit.build is None:
            install_wheel(exhibit, python, site, commands.run)
        else:
            build_source(exhibit, exhibit.build, python, work, commands.run)
        # Started where `zmq` is: the interpreter looks there first.
        version_is = (
            f"import zmq; assert zmq.zmq_version() == {exhibit.libzmq!r}, zmq.zmq_version()"
        )
        commands.run([*python, "-c", version_is], site)
        try:
            site.rename(finished)
        except OSError:
            if not finished.is_dir():
                raise
            # Another run was faster, and has made the same.
    return finished


def install_wheel(exhibit: Exhibit, python: list[str], site: Path, run: Run) -> None:
    """Have the interpreter's own pip unpack the package's wheel."""
    options = ["--no-deps", "--only-binary", ":all:", "--target", str(site)]
    run([*python, "-m", "pip", "install", *options, exhibit.requirement], site)


def build_source(
    exhibit: Exhibit, arguments: tuple[str, ...], python: list[str], work: Path, run: Run
) -> None:
    """Compile the package, its libzmq with it, from the source package."""
    options = ["--no-deps", "--no-binary", ":all:", "--dest", str(work)]
    run([*python, "-m", "pip", "download", *options, exhibit.requirement], work)
    [archive] = work.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        opened.extractall(work, filter="data")
    source = work / archive.name.removesuffix(".tar.gz")
    run([*python, "setup.py", "build_ext", "--inplace", *arguments], source)
    (source / "zmq").rename(work / "site" / "zmq")


def set_up_all(
    wanted: list[tuple[Exhibit, Interpreter]], cache: Path, say: Callable[[str], None]
) -> dict[Exhibit, Path | BuildFailed]:
    """Set up all, as many at a time as there are processors, those that take longest first."""

    def one(pair: tuple[Exhibit, Interpreter]) -> Path | BuildFailed:
        try:
            return set_up(*pair, cache)
        except BuildFailed as error:
            return error
        except (OSError, tarfile.TarError) as error:
            return BuildFailed(f"{type(error).__name__}: {error}")

    new = [each.libzmq for each, python in wanted if not (cache / key(each, python)).is_dir()]
    if new:
        say(f"setting up libzmq {', '.join(new)} in {cache}, which takes a minute")
    ordered = sorted(wanted, key=lambda pair: pair[0].build is None)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return dict(zip((pair[0] for pair in ordered), pool.map(one, ordered), strict=True))
