"""What the tests of the demo share."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar

from pyzmtp.cli.demo.conversations import EXCERPTS, Conversation
from pyzmtp.cli.demo.libzmq_process import LibzmqMissing
from pyzmtp.cli.demo.plan import PYZMTP, Meeting
from pyzmtp.testing import MemoryNetwork

T = TypeVar("T")

REQ_REP, PUB_SUB, PUSH_PULL, DEALER_ROUTER = EXCERPTS


def finish(coroutine: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that waits for nothing, or what it raised."""
    return MemoryNetwork().run(coroutine)


def meeting_of(conversation: Conversation, transport: str = "tcp", **kwargs: str) -> Meeting:
    """The meeting of a conversation's roles in their order."""
    binds, connects = conversation.roles
    by = {"bound_by": PYZMTP, "connected_by": PYZMTP, **kwargs}
    return Meeting(conversation, transport, binds=binds, connects=connects, **by)


class FakeProcess:
    """In place of :class:`LibzmqProcess`: takes note of what is asked."""

    def __init__(self, missing: str = "") -> None:
        self.missing = missing
        self.asked: list[dict[str, Any]] = []
        self.running = False
        self.stopped: list[bool] = []

    async def start(self) -> dict[str, Any]:
        if self.missing:
            raise LibzmqMissing(self.missing)
        self.running = True
        return {"pyzmq": "27", "libzmq": "4.3.5", "ipc": False}

    async def ask(self, **line: Any) -> Any:
        self.asked.append(line)
        return "tcp://127.0.0.1:1234" if line["do"] == "bind" else None

    def tell(self, **line: Any) -> None:
        self.asked.append(line)

    def stop(self, kill: bool = False) -> None:
        self.running = False
        self.stopped.append(kill)
