"""How the tests here are run, and what they are given."""

from __future__ import annotations

import inspect
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from interop.peer import LibzmqPeer, Spawn, peer_pipes
from interop.reactor import left_clean, run, stop_threads


def pytest_configure() -> None:
    """See that programs hear every signal, though we may have been started by nohup.

    What is ignored stays so in those that are started; what is handled does not.
    """
    for number in (signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, lambda *_: None)


def pytest_unconfigure() -> None:
    """End what would keep the process from ending."""
    stop_threads()


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a test that is a coroutine function in the reactor, and check what it leaves there."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = inspect.signature(pyfuncitem.obj).parameters
    arguments = {name: pyfuncitem.funcargs[name] for name in names}
    with left_clean(ours=peer_pipes):
        run(pyfuncitem.obj(**arguments))
    return True


@pytest.fixture
def spawn() -> Iterator[Spawn]:
    """Give a function that starts a libzmq process; all that it started are killed at the end."""
    started: list[LibzmqPeer] = []

    async def start() -> LibzmqPeer:
        started.append(await LibzmqPeer.start())
        return started[-1]

    async def discard_all() -> None:
        for peer in started:
            await peer.discard()

    yield start
    run(discard_all())


class Shared:
    """The process that serves all tests which do not harm it."""

    def __init__(self) -> None:
        self.peer: LibzmqPeer | None = None

    async def fresh(self) -> LibzmqPeer:
        """Give a process without sockets, and another one if a test has left a bad one."""
        if self.peer is None or not self.peer.idle:
            await self.discard()
            self.peer = await LibzmqPeer.start()
        await self.peer.close_all()
        return self.peer

    async def discard(self) -> None:
        """Kill the process."""
        if self.peer is not None:
            await self.peer.discard()


@pytest.fixture(scope="session")
def shared() -> Iterator[Shared]:
    """Keep one libzmq process for the whole run."""
    shared = Shared()
    yield shared
    run(shared.discard())


@pytest.fixture
def libzmq(shared: Shared) -> LibzmqPeer:
    """Give a libzmq process without any socket in it; not to be stopped or killed."""
    return run(shared.fresh())


@pytest.fixture(params=["tcp", "ipc"])
def transport(request: pytest.FixtureRequest) -> str:
    """Name a transport: a test that asks for it runs over each."""
    name: str = request.param
    return name


@pytest.fixture(params=["pyzmtp", "libzmq"], ids=["pyzmtp-binds", "pyzmtp-connects"])
def binder(request: pytest.FixtureRequest) -> str:
    """Name the side that binds: a test that asks for it runs both ways round."""
    name: str = request.param
    return name


@pytest.fixture(params=["pyzmtp", "libzmq"], ids=["pyzmtp-serves", "libzmq-serves"])
def server(request: pytest.FixtureRequest) -> str:
    """Name the side that is the server, under PLAIN and CURVE: a test that asks for it runs both ways."""
    name: str = request.param
    return name


@pytest.fixture
def directory() -> Iterator[Path]:
    """Give a directory for ipc sockets: pytest's own may be too long for a socket's path."""
    path = Path(tempfile.mkdtemp(prefix="pyzmtp-"))
    yield path
    shutil.rmtree(path)
