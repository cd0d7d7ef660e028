"""What the tests of sockets and connections share: a network that has to be clean in the end."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator

import pytest
from hypothesis import settings

from pyzmtp.testing import FailureLog, MemoryNetwork

from .sockets.world import World

# The same examples in every run, so that a failure is the doing of the change before it. Others are tried
# with HYPOTHESIS_PROFILE=explore.
settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("explore", deadline=None, max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

#: What is about UNIX sockets, users and the modes of files, or starts processes as POSIX does.
collect_ignore = (
    []
    if sys.platform != "win32"
    else [
        "bench/test_command_line.py",
        "bench/test_runner.py",
        "bench/test_saved.py",
        "bench/test_worker.py",
        "certificates/test_creation.py",
        "cli/test_demo_libzmq.py",
        "cli/test_demo_stage.py",
        "cli/test_keygen.py",
        "net/test_admission.py",
        "net/test_adopting.py",
        "net/test_authentication.py",
        "net/test_kernel.py",
        "net/test_revocation.py",
        "sockets/test_ipc.py",
        "sockets/test_ipc_files.py",
        "test_fuzz.py",
        "test_soak.py",
    ]
)


@pytest.fixture
def failures() -> Iterator[FailureLog]:
    """Everything that was logged as a failure; what a test does not take makes it fail."""
    with FailureLog() as log:
        yield log
        gc.collect()  # whatever the age of a failed Deferred that nobody looked at
        gc.freeze()  # what is left now needs no look after the next test


@pytest.fixture
def world(failures: FailureLog) -> Iterator[World]:
    """Hosts on a network in memory, and sockets that are closed when the test ends.

    After the test nothing may be left in any of its reactors, and nothing may have failed unseen.
    """
    world = World(failures)
    yield world
    world.close()


@pytest.fixture
def network(world: World) -> MemoryNetwork:
    """The network of ``world``."""
    return world.network
