"""What a command receives: :class:`Receiver`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from twisted.internet.defer import CancelledError, Deferred

from pyzmtp.cli.execution import execute
from pyzmtp.cli.expression import ExpressionError
from pyzmtp.cli.formats import FormatError
from pyzmtp.cli.sockets.output import Output
from pyzmtp.cli.sockets.task import Task
from pyzmtp.constants import SocketType
from pyzmtp.errors import HostUnreachable, UsageError
from pyzmtp.wire.message import Message

__all__ = ["Receiver"]

#: Messages that are received together. Those that wait to be written are held beside the socket's own
#: queue, so they are few.
_BATCH: Final = 64


class Receiver:
    """Shows what is received, and answers it if the task says so.

    While what was received is not written, nothing more is received.
    """

    def __init__(
        self, reactor: Any, socket: Any, task: Task, output: Output, say: Callable[[str], None]
    ) -> None:
        self._reactor = reactor
        self._socket = socket  # Any: it can receive, and send if it is to answer
        self._task = task
        self._output = output
        self._say = say
        self._receiving: Deferred[list[Message]] | None = None
        self._abandoned = False

    async def receive_all(self, count: int | None) -> None:
        """Go on until ``count`` messages are shown, or for ever; one that is dropped does not count.

        Raises :exc:`ReceiveTimeout`, :exc:`ExpressionError`, :exc:`StreamError`, :exc:`BrokenPipeError`
        if nobody reads the output any more, and what the socket raises.
        """
        most = 1 if self._task.answers else _BATCH
        left = most if count is None else count
        while messages := await self.next(min(most, left)):
            shown = await (self._answer(messages[0]) if self._task.answers else self.show(messages))
            if count is not None:
                left -= shown

    async def next(self, limit: int = 1) -> list[Message]:
        """The next messages; none if no more will come."""
        if not limit or (self._abandoned and not self._socket.readable):
            return []
        self._receiving = self._socket.receive_batch(limit)
        try:
            return await self._receiving
        except CancelledError:
            if self._abandoned:
                return []
            raise
        finally:
            self._receiving = None

    def abandon(self) -> None:
        """The last peer has left: what it has sent is all that will come."""
        self._abandoned = True
        if self._receiving is not None:
            self._receiving.cancel()

    async def show(self, messages: list[Message]) -> int:
        """Show messages as the user wants them; return how many are left."""
        changed = [self._changed(message) for message in messages]
        shown = [message for message in changed if message is not None]
        await self._output.show(shown)
        return len(shown)

    def _changed(self, message: Message) -> Message | None:
        change = self._task.on_receive
        return message if change is None else change(message)

    async def _answer(self, message: Message) -> int:
        """Show a message, and answer it with itself or with what a command makes of it.

        Return how many are answered: one, or none.
        """
        envelope, body = self._split(message)
        answer = None
        try:
            changed = self._changed(body)
            if changed is not None:
                await self._output.show([[*envelope, *changed]])
                answer = await self._answer_to(changed)
        except (ExpressionError, FormatError) as error:  # the next message may do better
            self._say(f"no answer: {error}")
        kind = self._task.kind.socket.socket_type
        notice = kind is SocketType.STREAM and body == [b""]  # sent back, it parts from the peer
        if answer is None:
            if kind is SocketType.REP:
                self._socket.skip_reply()
        elif not notice:
            try:
                await self._socket.send([*envelope, *answer])
            except (HostUnreachable, UsageError) as error:  # it has left; too many frames
                self._say(f"no answer: {error}")
        return int(answer is not None)

    def _split(self, message: Message) -> tuple[Message, Message]:
        """Whom the answer is for, and what is to be answered."""
        if not self._task.kind.names_peers:
            return [], message
        end = 1
        if self._task.kind.socket.socket_type is SocketType.ROUTER and b"" in message[1:-1]:
            end = message.index(b"", 1) + 1  # a request of REQ, which other routers may have passed
        return message[:end], message[end:]

    async def _answer_to(self, body: Message) -> Message:
        command, form = self._task.execute, self._task.form
        if command is None:
            return body
        output, problem = await execute(self._reactor, command, form.encode(body))
        if problem:
            self._say(f"{command}: {problem}")
        return form.decode(output.removesuffix(b"\n"))
