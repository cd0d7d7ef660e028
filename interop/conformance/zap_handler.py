"""A ZAP handler that answers as it is told (RFC 27): :class:`ZapHandler`."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from interop.conformance.actor import Actor, Message
from interop.reactor import until

ZAP_ADDRESS = "inproc://zeromq.zap.01"

#: Gives the reply to a request, or nothing to leave it without one. Both begin with the version.
Answer = Callable[[Message], Message | None]

VERSION = b"1.0"


def reply(
    request: Message,
    status: bytes = b"200",
    text: bytes = b"OK",
    user_id: bytes = b"anonymous",
    metadata: bytes = b"",
) -> Message:
    """Make a reply as RFC 27 has it."""
    return [VERSION, request[1], status, text, user_id, metadata]


def allow(*credentials: Sequence[bytes]) -> Answer:
    """Let in who has these credentials; under NULL there are none, which is ``()``."""
    known = [list(one) for one in credentials]

    def answer(request: Message) -> Message:
        if request[6:] in known:
            return reply(request)
        return reply(request, b"400", b"not known", b"")

    return answer


class ZapHandler:
    """Plays the handler with a socket of its own; the stage calls it, as it calls libzmq's sockets.

    :ivar requests: what it was asked, without the id of the request: version, domain, address, routing
        id, mechanism, credentials.
    :ivar deaf: whether it receives nothing.
    """

    def __init__(self, actor: Actor, answer: Answer) -> None:
        self.actor = actor
        self.requests: list[Message] = []
        self.deaf = False
        self._answer = answer
        self._closed = False

    def poke(self) -> None:
        """Answer what is there."""
        if self.deaf or self._closed:
            return
        while (message := self.actor.receive_now()) is not None:
            # A ROUTER is given the way back, which ends with an empty frame.
            start = message.index(b"") + 1 if self.actor.kind == "ROUTER" else 0
            way, request = message[:start], message[start:]
            self.requests.append([request[0], *request[2:]])
            answer = self._answer(request)
            if answer is not None:
                self.actor.send_now(*way, *answer)
            elif self.actor.kind == "REP":
                return  # nothing can be received before the reply

    async def asked(self, number: int = 1) -> None:
        """Wait until there have been so many requests."""
        await until(lambda: len(self.requests) >= number, f"ZAP handler: request {number}")

    async def leave(self) -> None:
        """Be there no more."""
        self._closed = True
        await self.actor.close()
