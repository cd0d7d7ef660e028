"""One socket from its beginning to its end: :func:`run_task`."""

from __future__ import annotations

from typing import Any, Final

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import LoopingCall
from twisted.python.failure import Failure

from pyzmtp.cli.attachment import Attachment, close_all
from pyzmtp.cli.exit_status import ExitStatus
from pyzmtp.cli.expression import ExpressionError
from pyzmtp.cli.formats import FormatError
from pyzmtp.cli.sockets.input import Input
from pyzmtp.cli.sockets.kinds import Exchange
from pyzmtp.cli.sockets.output import Output
from pyzmtp.cli.sockets.receiver import Receiver
from pyzmtp.cli.sockets.sender import Sender
from pyzmtp.cli.sockets.task import Task
from pyzmtp.cli.sockets.watcher import Watcher
from pyzmtp.cli.streams import StreamError, Streams
from pyzmtp.constants import SocketType
from pyzmtp.errors import OperationTimeout, UsageError, ZMTPError
from pyzmtp.wire.message import Message
from pyzmtp.wire.subscription import SUBSCRIBE

__all__ = ["run_task"]

#: Seconds between two looks whether somebody still reads what is written.
_LOOK: Final = 0.5


async def run_task(reactor: Any, task: Task, streams: Streams) -> ExitStatus:
    """Do what a task says, and close its socket; return how it went.

    Cancelled, it closes the socket with its linger; cancelled again, it does not linger.
    """
    options = dict(task.options)
    try:
        policy = task.policy(reactor)
        if policy is not None:
            options["security"] = policy
        socket = task.kind.socket(reactor, **options)
    except ZMTPError as error:
        streams.say(str(error))
        return ExitStatus.USAGE
    session = _Session(reactor, socket, task, streams)
    status = ExitStatus.FAILED
    try:
        status = await session.run()
    finally:
        unsent = await session.close()
    return ExitStatus.UNSENT if unsent and status is ExitStatus.DONE else status


class _Session:
    """One socket, its endpoints, and what goes through it."""

    def __init__(self, reactor: Any, socket: Any, task: Task, streams: Streams) -> None:
        say = streams.say
        self._reactor = reactor
        self._socket = socket  # Any: see Sender and Receiver
        self._task = task
        self._say = say
        self._watcher = Watcher(socket, say, task.verbose)
        self._output = Output(streams.stdout, task.form, task.quiet or not task.kind.receives)
        messages = Input(task.given, task.repeat, streams.stdin, task.form.reader())
        self._sender = Sender(reactor, socket, task, messages, self._watcher.wait_for_peers, say)
        self._receiver = Receiver(reactor, socket, task, self._output, say)
        self._work: Deferred[None] | None = None
        self._end: ExitStatus | None = None  # with what it was ended from here

    # From the outside

    async def run(self) -> ExitStatus:
        """Go on until nothing is left to do, or it cannot be done."""
        self._work = work = Deferred.fromCoroutine(self._do())
        looking = LoopingCall(self._look)
        looking.clock = self._reactor
        looking.start(_LOOK, now=False)
        if self._end is not None:  # within its first step
            work.cancel()
        try:
            await work
        except CancelledError:
            if self._end is None:
                raise
            return self._end
        except BrokenPipeError:
            return ExitStatus.DONE  # whoever read it has had enough
        except OperationTimeout as error:
            self._say(str(error))
            return ExitStatus.TIMEOUT
        except UsageError as error:
            self._say(str(error))
            return ExitStatus.USAGE
        except (ZMTPError, FormatError, ExpressionError, StreamError, OSError) as error:
            self._say(str(error))
            return ExitStatus.FAILED
        finally:
            looking.stop()
        return ExitStatus.DONE

    async def close(self) -> int:
        """Close the socket; return how many messages could not be sent."""
        if self._task.kind.audience:
            self._watcher.unsent = 0  # those who left before have missed what they did not wait for
        await close_all([self._socket])
        unsent = self._watcher.unsent
        if unsent:
            messages = "1 message was" if unsent == 1 else f"{unsent} messages were"
            self._say(f"{messages} not sent: {self._watcher.reason}")
        return unsent

    # From the inside

    def _finish(self, status: ExitStatus) -> None:
        if self._end is None:
            self._end = status
            if self._work is not None:
                self._work.cancel()

    def _look(self) -> None:
        if self._output.gone:
            self._finish(ExitStatus.DONE)

    async def _do(self) -> None:
        self._filter()
        await Attachment(
            self._socket,
            self._task.endpoints,
            self._tell_address,
            lambda: self._finish(ExitStatus.FAILED),
        ).make()
        if self._task.transient:
            self._watcher.on_abandoned = self._abandoned
        await self._talk()

    def _filter(self) -> None:
        """Say what is wanted."""
        kind = self._task.kind.socket.socket_type
        for wanted in self._task.filters:
            if kind is SocketType.XSUB:
                self._socket.try_send(SUBSCRIBE + wanted)
            elif kind is SocketType.DISH:
                self._socket.join(wanted)
            else:
                self._socket.subscribe(wanted)

    def _tell_address(self, asked: str, address: str) -> None:
        if address != asked and not self._task.verbose:
            self._say(f"listening at {address}")

    def _abandoned(self) -> None:
        if self._task.receives and self._task.kind.exchange is not Exchange.REQUEST:
            self._receiver.abandon()
        else:
            self._finish(ExitStatus.DONE)

    async def _talk(self) -> None:
        """Exchange messages as the type of socket does."""
        exchange, count = self._task.kind.exchange, self._task.count
        if exchange is Exchange.REQUEST:
            await self._request(count)
        elif exchange is Exchange.REPLY and not self._task.answers:
            await self._reply(count)
        elif not self._task.receives:
            await self._sender.send_all(count)
        elif not self._task.sends or self._task.answers:
            await self._receiver.receive_all(count)
        else:
            await self._send_and_receive(count)

    async def _request(self, count: int | None) -> None:
        """Ask, and wait for the reply, again and again."""
        while count != 0 and (request := await self._sender.next()):
            await self._receiver.show(await self._ask(request))
            count = None if count is None else count - 1

    async def _ask(self, request: list[Message]) -> list[Message]:
        if self._task.kind.socket.socket_type is SocketType.REQ:
            return [await self._socket.request(request[0])]
        await self._sender.send(request)
        return await self._receiver.next()

    async def _reply(self, count: int | None) -> None:
        """Show a request, and send what is read, again and again."""
        while count != 0 and (request := await self._receiver.next()):
            await self._receiver.show(request)
            reply = await self._sender.next()
            if not reply:
                return  # nobody is left to reply
            await self._sender.send(reply)
            count = None if count is None else count - 1

    async def _send_and_receive(self, count: int | None) -> None:
        """Do both at a time, until enough was received: the end of the input is none."""
        failures: list[Failure] = []

        def failed(failure: Failure) -> None:
            if failure.check(CancelledError) is None:
                failures.append(failure)
                receiving.cancel()

        receiving = Deferred.fromCoroutine(self._receiver.receive_all(count))
        sending = Deferred.fromCoroutine(self._sender.send_all(None)).addErrback(failed)
        try:
            await receiving
        except CancelledError:
            if not failures:
                raise
        finally:
            sending.cancel()
        if failures:
            failures[0].raiseException()
