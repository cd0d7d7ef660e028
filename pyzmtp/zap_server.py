"""Answering the sockets of a reactor that ask a ZAP handler (RFC 27): :class:`ZapServer`."""

from __future__ import annotations

from typing import Final

from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from pyzmtp.authentication import FAILED, AuthenticationRequest, Check, Refusal, Verdict
from pyzmtp.engine.events import Disconnected, Event
from pyzmtp.errors import ProtocolError, UsageError
from pyzmtp.net.authentication import authenticate
from pyzmtp.net.reactor import Reactor
from pyzmtp.security.keys import KEY_SIZE
from pyzmtp.sockets.router import RouterSocket
from pyzmtp.wire.message import Message
from pyzmtp.wire.metadata import encode_properties
from pyzmtp.zap import GRANTED, ZAP_ADDRESS, ZAP_VERSION, request_of

__all__ = ["ZapServer"]

_log: Final = Logger()

#: Credentials that a mechanism has (RFC 27, "Mechanisms and credentials"). NULL has none of its own, and
#: :class:`TLSClientCertificate` tells a user id and a certificate.
_CREDENTIALS: Final = {"NULL": (0, 2), "PLAIN": (2,), "CURVE": (1,)}


class ZapServer:
    """Has ``check`` answer whoever asks at ``inproc://zeromq.zap.01``, any number at a time."""

    def __init__(self, reactor: Reactor, check: Check) -> None:
        self._reactor = reactor
        self._check = check
        self._router = RouterSocket(reactor, send_hwm=0, receive_hwm=0, linger=0)
        self._router.on_event(self._forget_who_left)
        self._router.consume(self._answer_all)
        self._answering: dict[Deferred[Verdict], bytes] = {}  # and who waits for it

    def start(self) -> Deferred[str]:
        """Be asked from now on. Fails with :exc:`AddressInUse`."""
        return self._router.bind(ZAP_ADDRESS)

    def stop(self) -> Deferred[None]:
        """Be asked no more, and drop what was asked."""
        closed = self._router.close()
        for answer in list(self._answering):
            answer.cancel()
        return closed

    def _answer_all(self, messages: list[Message]) -> None:
        for message in messages:
            self._answer(message)

    def _answer(self, message: Message) -> None:
        if b"" not in message or len(message) < (body := message.index(b"") + 1) + 2:
            _log.warn("A ZAP request of {count} frames cannot be answered", count=len(message))
            return
        asker = message[0]
        # What goes back as it came: the way to the asker, the version, the request's id.
        head = [*message[:body], ZAP_VERSION, message[body + 1]]
        try:
            request = _decode_request(asker, message[body:])
        except UsageError as error:
            self._router.send([*head, *_encode_verdict(Refusal(FAILED, str(error)))])
            return
        answer: Deferred[Verdict] = Deferred.fromCoroutine(
            authenticate(self._reactor, self._check, request, None)
        )
        self._answering[answer] = asker

        def failed(failure: Failure) -> None:
            failure.trap(ProtocolError, CancelledError)
            answered(Refusal(FAILED, f"the check failed with {type(failure.value).__name__}"))

        def answered(verdict: Verdict) -> None:
            if not self._router.closed:
                self._router.send([*head, *_encode_verdict(verdict)])

        def done(_: None) -> None:
            del self._answering[answer]

        answer.addCallbacks(answered, failed).addCallback(done)

    def _forget_who_left(self, event: Event) -> None:
        if isinstance(event, Disconnected) and event.peer is not None:
            for answer, asker in list(self._answering.items()):
                if asker == event.peer.routing_id:
                    answer.cancel()


def _decode_request(asker: bytes, frames: Message) -> AuthenticationRequest:
    """What is asked. Raises :exc:`UsageError` for what is against RFC 27."""
    if len(frames) < 6:
        raise UsageError("not enough frames")
    version, _, domain, address, routing_id, name, *credentials = frames
    if version != ZAP_VERSION:
        raise UsageError("the version is not 1.0")
    mechanism = name.decode("ascii", "backslashreplace")
    if len(credentials) not in _CREDENTIALS.get(mechanism, (len(credentials),)):
        raise UsageError("not as many credentials as the mechanism has")
    if mechanism == "CURVE" and len(credentials[0]) != KEY_SIZE:
        raise UsageError("the key has another size than keys have")
    # One of our sockets: its connection can be ended later.
    known = request_of(asker)
    if known is not None:
        return known
    return AuthenticationRequest(
        mechanism=mechanism,
        domain=domain.decode("utf-8", "backslashreplace"),
        address=address.decode("utf-8", "backslashreplace"),
        routing_id=routing_id,
        credentials=tuple(credentials),
    )


def _encode_verdict(verdict: Verdict) -> Message:
    """Status, text, user id and metadata."""
    if isinstance(verdict, Refusal):
        text = verdict.reason.encode("utf-8", "backslashreplace")
        return [str(verdict.status).encode(), text, b"", b""]
    metadata = encode_properties(verdict.metadata.items())
    user_id = verdict.user_id.encode("utf-8", "backslashreplace")
    return [str(GRANTED).encode(), b"OK", user_id, metadata]
