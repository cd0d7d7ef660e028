"""Programs of txZMQ run on pyzmtp.txzmq with only the import changed, and talk to those that did not.

The programs are ours, in the manner of txZMQ's documentation. Its own examples are in neither its
wheel nor its sdist; all of them but one are for Python 2 only.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from interop.sockets import lasting_address

ROOT = Path(__file__).resolve().parent.parent.parent
PROGRAMS = Path(__file__).parent / "programs"
PATIENCE = 50.0

#: Whose library runs the program that ends by itself, whose the one that goes on; which of them binds;
#: and where they meet.
MEETINGS = pytest.mark.parametrize(
    ("ends", "goes_on", "binds", "transport"),
    [
        ("pyzmtp", "pyzmtp", "ends", "tcp"),
        ("pyzmtp", "txZMQ", "ends", "ipc"),
        ("pyzmtp", "txZMQ", "goes_on", "tcp"),
        ("txZMQ", "pyzmtp", "ends", "tcp"),
        ("txZMQ", "pyzmtp", "goes_on", "ipc"),
    ],
)


@contextmanager
def started(
    directory: Path, library: str, name: str, *arguments: str
) -> Iterator[subprocess.Popen[str]]:
    """A program that runs on a library; it is ended in the end."""
    text = (PROGRAMS / f"{name}.py").read_text()
    if library == "txZMQ":
        assert text.count("from pyzmtp.txzmq import") == 1
        text = text.replace("from pyzmtp.txzmq import", "from txzmq import")
        assert "pyzmtp" not in text
    program = directory / f"{library}-{name}.py"
    program.write_text(text)
    process = subprocess.Popen(
        [sys.executable, str(program), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def printed(process: subprocess.Popen[str]) -> list[str]:
    """What a program has printed when it has ended, and ended well."""
    output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, output
    return output.splitlines()


def meet(
    directory: Path,
    ends: str,
    goes_on: str,
    binds: str,
    transport: str,
    name: str,
    modes: tuple[str, str],
) -> list[str]:
    """Run a program in the mode that ends beside itself in the one that goes on."""
    address = lasting_address(transport, directory)
    methods = ("bind", "connect") if binds == "ends" else ("connect", "bind")
    with (
        started(directory, goes_on, name, modes[1], methods[1], address),
        started(directory, ends, name, modes[0], methods[0], address) as process,
    ):
        return printed(process)


@MEETINGS
def test_pub_sub(directory: Path, ends: str, goes_on: str, binds: str, transport: str) -> None:
    lines = meet(directory, ends, goes_on, binds, transport, "pub_sub", ("subscriber", "publisher"))
    assert lines == ["wanted.time True"] * 5


@MEETINGS
def test_push_pull(directory: Path, ends: str, goes_on: str, binds: str, transport: str) -> None:
    lines = meet(directory, ends, goes_on, binds, transport, "push_pull", ("pull", "push"))
    assert lines == ["number True"] * 5


@pytest.mark.parametrize("library", ["pyzmtp", "txZMQ"])
def test_push_to_nobody(directory: Path, library: str) -> None:
    address = lasting_address("ipc", directory)
    with started(directory, library, "push_pull", "push", "bind", address) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "nobody to push to\n"


@MEETINGS
def test_req_rep(directory: Path, ends: str, goes_on: str, binds: str, transport: str) -> None:
    lines = meet(directory, ends, goes_on, binds, transport, "req_rep", ("req", "rep"))
    assert lines == ["re: 0", "re: 1 two", "re: 2 two", "re: early", "re: late", "timeout"]


@pytest.mark.parametrize(
    ("ends", "goes_on", "transport"),
    [("pyzmtp", "pyzmtp", "tcp"), ("pyzmtp", "txZMQ", "ipc"), ("txZMQ", "pyzmtp", "tcp")],
)
def test_everything(directory: Path, ends: str, goes_on: str, transport: str) -> None:
    """Multipart, empty and large messages come back unchanged, in each pattern, in their order."""
    if transport == "tcp":
        addresses = [lasting_address(transport, directory) for _ in range(6)]
    else:
        addresses = [f"ipc://{directory}/{number}" for number in range(6)]
    with (
        started(directory, goes_on, "echo", "bind", *addresses),
        started(directory, ends, "client", "connect", *addresses) as process,
    ):
        assert printed(process) == ["REQ True", "DEALER True", "PUSH True", "PUB True"]
