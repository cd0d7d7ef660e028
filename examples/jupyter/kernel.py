"""A kernel that runs somewhere: :class:`Kernel`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

from twisted.internet.defer import Deferred, DeferredQueue
from twisted.internet.task import deferLater

from examples.jupyter.session import Message, Session
from pyzmtp import CurveClient, DealerSocket, ReqSocket, SocketClosed, SubSocket, ZMTPError
from pyzmtp.net.reactor import Reactor


class KernelDied(Exception):
    """The kernel does not answer, and will not."""

    def __init__(self) -> None:
        super().__init__("the kernel does not answer")


class Kernel:
    """A kernel that runs somewhere, as its connection file describes it.

    :ivar busy: whether it has been asked for something and has not answered.
    """

    def __init__(self, reactor: Reactor, connection: Mapping[str, Any]) -> None:
        self._reactor = reactor
        self._session = Session(connection["key"], connection["signature_scheme"])
        self._answers: dict[str, DeferredQueue[Message | None]] = {}
        self._heard = self._dead = False
        # Who has sent a request to shell is asked for input on stdin, under the same name.
        name = self._session.name.encode()
        self._shell = DealerSocket(reactor, routing_id=name, linger=0)
        self._stdin = DealerSocket(reactor, routing_id=name, linger=0)
        self._control = DealerSocket(reactor, linger=0)  # for requests that cannot wait their turn
        self._output = SubSocket(reactor)  # what code puts out, for all clients
        self._output.subscribe()
        self._heartbeat = ReqSocket(reactor, linger=0)  # an echo for as long as the kernel lives
        self._sockets = {
            "shell": self._shell,
            "stdin": self._stdin,
            "control": self._control,
            "iopub": self._output,
            "hb": self._heartbeat,
        }
        policy = None
        if "curve_publickey" in connection:  # a new kernel may be encrypted: all have the one key
            public, secret = connection["curve_publickey"], connection["curve_secretkey"]
            policy = CurveClient(public, key_pair=(public, secret))
        transport, host = connection["transport"], connection["ip"]
        for purpose, socket in self._sockets.items():
            port = connection[f"{purpose}_port"]
            address = f"ipc://{host}-{port}" if transport == "ipc" else f"tcp://{host}:{port}"
            socket.connect(address, security=policy)
        for receiver in (self._shell, self._stdin, self._control, self._output):
            receiver.consume(self._hear)

    async def __aenter__(self) -> Kernel:
        """Wait until the kernel publishes to us: then nothing that it does is missed."""
        Deferred.fromCoroutine(self._listen_to_heart())
        try:
            while not self._heard:
                await self._send(self._shell, "kernel_info_request", {})
                await deferLater(self._reactor, 0.1)
        except KernelDied:
            await self.close()
            raise
        return self

    async def __aexit__(self, *reason: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Leave the kernel to others."""
        for socket in self._sockets.values():
            await socket.close()

    @property
    def busy(self) -> bool:
        return bool(self._answers)

    def execute(self, code: str) -> AsyncIterator[Message]:
        """Run code. All that the kernel says about it comes as it comes, the reply among it."""
        content = {"code": code, "silent": False, "store_history": True, "allow_stdin": True}
        return self._ask(self._shell, "execute", content)

    async def answer(self, question: Message, text: str) -> None:
        """Give code the input that it asks for."""
        await self._send(self._stdin, "input_reply", {"value": text}, question)

    async def interrupt(self) -> None:
        """Interrupt the code that runs."""
        async for _ in self._ask(self._control, "interrupt", {}):
            pass

    async def _ask(
        self, socket: DealerSocket, kind: str, content: Mapping[str, Any]
    ) -> AsyncIterator[Message]:
        request = await self._send(socket, f"{kind}_request", content)
        answers = self._answers[request] = DeferredQueue()
        awaited = {f"{kind}_reply", "idle"}  # they come by two sockets, in either order
        try:
            while awaited:
                message = await answers.get()
                if message is None:
                    raise KernelDied
                awaited -= {message.kind, message.content.get("execution_state")}
                yield message
        finally:
            del self._answers[request]

    async def _send(
        self,
        socket: DealerSocket,
        kind: str,
        content: Mapping[str, Any],
        parent: Message | None = None,
    ) -> str:
        if self._dead:
            raise KernelDied
        message = self._session.message(kind, content, parent)
        await socket.send(self._session.encode(message))
        request: str = message.header["msg_id"]
        return request

    def _hear(self, frames: list[list[bytes]]) -> None:
        for message in filter(None, map(self._session.decode, frames)):
            self._heard = self._heard or message.kind == "status"
            if answers := self._answers.get(message.parent.get("msg_id", "")):
                answers.put(message)

    async def _listen_to_heart(self) -> None:
        """When it is silent, there will be no more answers."""
        try:
            while await self._heartbeat.request(b"ping", timeout=5):
                await deferLater(self._reactor, 1)
        except SocketClosed:
            pass
        except ZMTPError:
            self._dead = True
            for answers in list(self._answers.values()):
                answers.put(None)
