"""What a command sends: :class:`Sender`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NoReturn

from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater

from pyzmtp.cli.formats import FormatError
from pyzmtp.cli.sockets.input import Input
from pyzmtp.cli.sockets.task import Task
from pyzmtp.errors import HostUnreachable, OperationTimeout, SocketClosed, UsageError
from pyzmtp.sockets.publisher import PublishingSocket
from pyzmtp.sockets.radio import RadioSocket
from pyzmtp.wire.message import Message

__all__ = ["Sender"]

#: Messages that are sent together.
_BATCH: Final = 1000
#: Seconds after which it is told that nobody is there yet.
_PATIENCE: Final = 1.0


class Sender:
    """Sends what an input gives, each message when its time has come.

    The first one waits for those who shall not miss it. While the socket has no room nothing more is read.
    """

    def __init__(
        self,
        reactor: Any,
        socket: Any,
        task: Task,
        messages: Input,
        wait_for_peers: Callable[[int], Deferred[None]],
        say: Callable[[str], None],
    ) -> None:
        self._reactor = reactor
        self._socket = socket  # Any: it can send, which is all that the task asks of it here
        self._task = task
        self._input = messages
        self._wait_for_peers = wait_for_peers
        self._say = say
        self._begun = False
        self._next_at: float | None = None

    async def send_all(self, count: int | None) -> None:
        """Send ``count`` messages, or all there are.

        Raises :exc:`OperationTimeout`, :exc:`FormatError`, :exc:`ExpressionError`, :exc:`StreamError`, and
        what else the socket raises.
        """
        left = _BATCH if count is None else count
        # One by one, where one may be refused and those before it are to go.
        particular = self._task.interval or self._task.kind.particular
        while messages := await self.next(min(1 if particular else _BATCH, left)):
            await self.send(messages)
            if count is not None:
                left -= len(messages)

    async def next(self, limit: int = 1) -> list[Message]:
        """The next messages, when they are to be sent, and as they are; none at the end."""
        change = self._task.on_send
        while limit:
            try:
                messages = await self._input.next(limit)
            except FormatError as error:
                self._refuse(error)
                continue
            if not messages:
                break
            if change is not None:
                changed = [change(message) for message in messages]
                messages = [message for message in changed if message is not None]
            if messages:
                if not self._begun:
                    self._begun = True
                    await self._wait_for_audience()
                await self._keep_pace()
                return [[*self._task.prefix, *message] for message in messages]
        return []

    async def send(self, messages: list[Message]) -> None:
        """Send messages, and wait until they are taken."""
        try:
            await self._socket.send_batch(messages)
        except SocketClosed:
            raise
        except (HostUnreachable, UsageError) as error:  # an unknown id, too many frames
            self._refuse(FormatError(str(error)))

    def _refuse(self, error: FormatError) -> None:
        """Somebody who types may try again; a program has to be stopped."""
        if not self._input.interactive:
            raise error
        self._say(str(error))

    async def _keep_pace(self) -> None:
        """Wait for the next tick: they come as those of a clock, however long a message takes."""
        interval = self._task.interval
        if not interval:
            return
        now = self._reactor.seconds()
        due = now if self._next_at is None else self._next_at
        self._next_at = due + interval
        if due > now:
            await deferLater(self._reactor, due - now)

    async def _wait_for_audience(self) -> None:
        """Wait for those who shall not miss the first message. Raises :exc:`OperationTimeout`."""
        task, count = self._task, self._task.audience
        if task.delay:
            await deferLater(self._reactor, task.delay)
        if not count:
            return
        if isinstance(self._socket, PublishingSocket):
            who, waiting = "subscribers", self._socket.wait_subscribed(None, count)
        elif isinstance(self._socket, RadioSocket):
            who, waiting = "members of a group", self._socket.wait_joined(None, count)
        else:
            who, waiting = "peers", self._wait_for_peers(count)
        text = f"waiting for {who}, {count} of them (--wait 0 does not wait)"
        note = self._reactor.callLater(_PATIENCE, self._say, text)
        if task.timeout is not None:
            waiting.addTimeout(task.timeout, self._reactor, _too_late)
        try:
            await waiting
        finally:
            if note.active():
                note.cancel()


def _too_late(_: object, seconds: float) -> NoReturn:
    raise OperationTimeout("nobody was there", seconds)
