"""One ZMTP connection, from the greeting to the last message, without I/O.

Three things drive it: bytes that arrived (:meth:`Connection.receive_data`), the clock
(:meth:`Connection.handle_timer`) and what becomes of the transport (:meth:`Connection.moved`,
:meth:`Connection.transport_lost`).
After each of them look at :attr:`Connection.attention`: it is set when there are bytes to send
(:meth:`Connection.data_to_send`), when the handshake is done (:attr:`Connection.peer`), or when the
connection is over (:attr:`Connection.error`). A peer can never make any of them raise.
"""

from __future__ import annotations

from functools import partial
from math import inf

from pyzmtp.authentication import Grant, Refusal, Verdict
from pyzmtp.constants import MAX_IDENTITY, SocketType
from pyzmtp.engine.introduction import (
    check_identity,
    check_mechanism,
    introduction,
    numbered_type,
    public_metadata,
)
from pyzmtp.engine.limits import HandshakeLimits
from pyzmtp.engine.notices import notice_of
from pyzmtp.engine.sealed import SealedDecoder, encode_sealed_batch, seal_frames
from pyzmtp.engine.settings import ConnectionSettings
from pyzmtp.engine.states import EXPECTED, TRANSITIONS, Input, State
from pyzmtp.errors import CommandError, IncompatibleSocketType, ProtocolError, UnexpectedCommand
from pyzmtp.mechanisms.base import Cipher
from pyzmtp.mechanisms.refusal import decode_refusal, refused
from pyzmtp.peer import Peer
from pyzmtp.wire.command import (
    decode_command,
    decode_handshake_command,
    decode_ping,
    encode_error,
    encode_pong,
)
from pyzmtp.wire.framing_v1 import FrameDecoderV1, encode_batch_v1
from pyzmtp.wire.greeting import (
    Greeting,
    GreetingReader,
    GreetingStage,
    encode_rest,
    encode_signature,
    encode_version,
)
from pyzmtp.wire.hot import FrameDecoder, encode_batch
from pyzmtp.wire.message import Message, Outgoing

__all__ = ["Connection"]


class Connection:
    """The protocol engine of one connection; for what is not here see :class:`Engine`.

    :ivar state: see :class:`State`.
    """

    __slots__ = (
        "_address",
        "_cipher",
        "_decoder",
        "_encode",
        "_frames",
        "_grant",
        "_greeting",
        "_heartbeat",
        "_incoming",
        "_limits",
        "_mechanism",
        "_output",
        "_peer_address",
        "_pong",
        "_settings",
        "attention",
        "error",
        "more",
        "peer",
        "question",
        "state",
    )

    def __init__(
        self,
        settings: ConnectionSettings,
        now: float,
        address: str = "",
        peer_address: str = "",
        incoming: bool = False,
    ) -> None:
        self.state = State.GREETING
        self.attention = True
        self.more = False
        self.peer: Peer | None = None
        self.error: ProtocolError | None = None
        self.question: tuple[bytes, ...] | None = None
        self._grant = Grant()
        self._cipher: Cipher | None = None
        self._settings = settings
        self._address = address
        self._peer_address = peer_address
        self._incoming = incoming
        self._mechanism = settings.mechanism()
        self._greeting = GreetingReader(max(settings.min_version, self._mechanism.min_version))
        self._frames = FrameDecoder(settings.max_handshake_size)
        self._frames.commands_only = True
        self._decoder: FrameDecoder | SealedDecoder = self._frames  # from the handshake on
        self._encode = encode_batch
        self._heartbeat = settings.new_heartbeat()
        self._output = encode_signature(settings.routing_id)
        self._pong = b""
        self._limits = HandshakeLimits(settings, now, incoming)

    # What drives the connection

    def receive_data(self, data: bytes, now: float, limit: int) -> list[Message]:
        """Take bytes from the transport and return the messages that are complete, at most ``limit``.

        Returns early when the handshake is done, so that the owner can make room for the messages:
        while :attr:`more` is set, call again with ``b""``.
        """
        if self.state is State.READY:  # the only case that is hot
            if data:
                self._heartbeat.heard(now)
            decoder = self._decoder
            messages = decoder.feed(data, limit)
            if decoder.command is not None or decoder.error is not None:
                messages = self._read_commands(messages, limit)
            self.more = len(messages) >= limit and decoder.pending
            return messages
        self.more = False
        try:
            if self.state is State.GREETING:
                data = self._read_greeting(data)
                if self.question is not None:  # to be heard of first, however the bytes came
                    self._frames.feed(data, 0)
                    self.more = self._frames.pending
                    return []
            if self.state is State.HANDSHAKE:
                self._read_handshake(data, now)
            elif self.state is State.IDENTITY:
                self._read_identity(data)
        except ProtocolError as error:
            self._fail(error)
        return []

    def next_deadline(self) -> float | None:
        """When :meth:`handle_timer` must be called at the latest, on the clock of ``now``."""
        ready = self.state is State.READY
        deadline = self._heartbeat.next_deadline() if ready else self._limits.deadline
        return None if deadline == inf else deadline

    def handle_timer(self, now: float) -> None:
        """Act on the deadline, if it has come."""
        try:
            if self.state is State.READY:
                self._heartbeat.handle_timer(now)
            else:
                awaited = self._mechanism.expected if self.question is None else "verdict"
                self._limits.check_time(now, EXPECTED.get(self.state, awaited))
        except ProtocolError as error:
            self._fail(error)
        self.attention = self.attention or bool(self._heartbeat.ping)

    def excuse(self, now: float) -> None:
        """Do not hold it against the peer that nothing came: its owner has not been reading."""
        self._heartbeat.heard(now)

    def moved(self, now: float) -> None:
        """The transport has taken what it was given, after it had no room."""
        self._heartbeat.moved(now)

    def answer(self, verdict: Verdict, now: float) -> None:
        """Say whether the peer may come in, whose credentials :attr:`question` holds."""
        if self.question is None:  # the connection is over
            return
        self.question = None
        try:
            reply = self._mechanism.answer(verdict)
            if isinstance(verdict, Refusal):
                self._send(reply)
                raise refused(verdict, self._mechanism.name, self._address)
            self._grant = verdict
            self._go_on(reply, now)
        except ProtocolError as error:  # what the peer said of itself before may be at fault
            self._explain(error)
            self._fail(error)

    def transport_lost(self) -> None:
        """The transport is gone: whatever was incomplete is forgotten."""
        self._close()

    def reject(self, error: ProtocolError) -> None:
        """End the connection for a reason that only its owner can know, such as a taken routing id."""
        self._fail(error)

    # What comes out

    def data_to_send(self, now: float) -> bytes:
        """The engine's own bytes: greeting, handshake, PING and PONG. Clears :attr:`attention`."""
        self.attention = False
        ping, cipher = self._heartbeat.ping, self._cipher
        own, bare = (self._pong + ping, b"") if self._settings.seals_pings else (self._pong, ping)
        output = self._output + (own if cipher is None else seal_frames(cipher, own)) + bare
        self._output = self._pong = b""
        if ping:
            self._heartbeat.sent(now)
        return output

    def encode(self, messages: list[Outgoing], limit: int) -> tuple[list[bytes], int]:
        """Encode from the front of ``messages``, up to about ``limit`` bytes: (what to write, how many)."""
        try:
            return self._encode(messages, limit)
        except ProtocolError as error:  # a cipher that is used up, or wiped
            self._fail(error)
            return [], 0

    # The greeting

    def _read_greeting(self, data: bytes) -> bytes:
        before = self._greeting.stage
        try:
            rest = self._greeting.feed(data)
        finally:
            # A peer that is too old still hears what we are.
            stage = self._greeting.stage
            if before < GreetingStage.SIGNATURE <= stage:
                self._send(encode_version())
            if before < GreetingStage.VERSION <= stage:
                self._send(self._rest_of_greeting())
        greeting = self._greeting.greeting
        if greeting is None:
            return rest
        self._limits.greeting_read()
        if greeting.version < (3, 0):
            self._read_old_greeting(greeting)
        else:
            check_mechanism(self._mechanism, greeting)
            self._move(Input.GREETING_READ)
            self._send(self._mechanism.start())
            self._look_for_question()
        return rest

    def _rest_of_greeting(self) -> bytes:
        if self._greeting.is_old:
            return bytes((self._settings.socket_type.number,))
        return encode_rest(self._mechanism.name, self._mechanism.as_server)

    # Peers older than ZMTP 3.0: each side sends its identity, and that is the whole handshake

    def _read_old_greeting(self, greeting: Greeting) -> None:
        """Send our identity, and expect the peer's: one frame, and no longer than it may be."""
        self._move(Input.OLD_GREETING_READ)
        routing_id = self._settings.routing_id
        if greeting.frames_of_1_0:
            self._frames = FrameDecoderV1()
            self._encode = encode_batch_v1
        if greeting.version == (1, 0):
            self._send(routing_id)  # our signature was the head of its frame
        else:
            self._send(b"".join(self._encode([[routing_id]], 1)[0]))
        self._frames.commands_only = False
        self._frames.max_message_size = MAX_IDENTITY
        self._frames.max_message_parts = 1

    def _read_identity(self, data: bytes) -> None:
        decoder = self._frames
        messages = decoder.feed(data, 1)
        if messages:
            greeting = self._greeting.greeting
            assert greeting is not None  # the state table has no other way to get here
            ours = self._settings.socket_type
            self._open(
                numbered_type(ours, greeting.socket_type),
                check_identity(ours, messages[0][0], "identity"),
                {},
            )
            self.more = decoder.pending or decoder.error is not None
        elif decoder.error is not None:
            raise decoder.error
        elif decoder.command is not None:
            raise UnexpectedCommand("a command", "an identity")

    # The handshake

    def _read_handshake(self, data: bytes, now: float) -> None:
        decoder = self._frames
        while True:
            decoder.max_command_size = self._limits.command_size(self._mechanism.max_command)
            decoder.feed(data, 1)
            data = b""
            self._limits.check_frame(decoder.error, self._mechanism.expected)
            if decoder.command is None:
                return
            name, content = decode_handshake_command(decoder.command)
            self._limits.count_command(name)
            if name == b"ERROR":
                raise decode_refusal(content, self._mechanism, self._address)
            try:
                self._go_on(self._mechanism.receive(name, content), now)
            except ProtocolError as error:
                self._explain(error)
                raise
            self._look_for_question()
            if self.question is not None or self.state is State.READY:
                self.more = decoder.pending
                return

    def _look_for_question(self) -> None:
        if self.question is None and self._mechanism.question is not None:
            self.question = self._mechanism.question
            self.attention = True

    def _go_on(self, reply: bytes, now: float) -> None:
        """Judge what the peer said of itself, say what the mechanism does, and if that was all, open."""
        properties = self._mechanism.peer_properties
        self._limits.check_properties(properties)
        if properties is None or not self._mechanism.done or self.question is not None:
            self._send(reply)
            return  # nobody comes in before the answer, whatever the mechanism does
        theirs, routing_id = introduction(self._settings.socket_type, properties)
        self._send(reply)
        self._open(theirs, routing_id, public_metadata(properties, self._grant.metadata))
        self._heartbeat.start(now)

    def _explain(self, error: ProtocolError) -> None:
        """Say what was wrong with what the peer said, so that it does not have to guess (RFC 37)."""
        if isinstance(error, CommandError | IncompatibleSocketType):
            self._send(encode_error(type(error).__name__))

    def _open(
        self, socket_type: SocketType | None, routing_id: bytes, metadata: dict[str, bytes]
    ) -> None:
        """The peer is ready for messages."""
        assert self._greeting.greeting is not None  # as above
        self.peer = Peer(
            address=self._address,
            peer_address=self._peer_address,
            incoming=self._incoming,
            version=self._greeting.greeting.version,
            mechanism=self._mechanism.name.decode("ascii"),
            socket_type=socket_type,
            routing_id=routing_id,
            user_id=self._grant.user_id or None,
            metadata=metadata,
        )
        self._move(Input.HANDSHAKE_DONE)
        self.attention = True
        frames = self._decoder = self._frames
        self._settings.let_in(frames)
        cipher = self._cipher = self._mechanism.cipher
        if cipher is not None:
            self._decoder = SealedDecoder(frames, cipher)
            self._encode = partial(encode_sealed_batch, cipher)
        self._mechanism.wipe()

    # Commands among the messages

    def _read_commands(self, messages: list[Message], limit: int) -> list[Message]:
        """Act on the command at which the decoder stopped, and go on decoding behind it."""
        decoder = self._decoder
        while True:
            if decoder.error is not None:
                self._fail(decoder.error)
                break
            if decoder.command is None:
                break
            try:
                notice = self._read_command(decoder.command)
            except ProtocolError as error:
                self._fail(error)
                break
            if notice is not None:
                messages.append(notice)
            messages += decoder.feed(b"", limit - len(messages))
        return messages

    def _read_command(self, body: bytes) -> Message | None:
        """Answer a command, or say what becomes of it."""
        name, data = decode_command(body)
        assert self.peer is not None  # commands among messages come from peers that are ready
        if self.peer.version < (3, 0):
            raise UnexpectedCommand(name.decode("ascii", "replace"), "a message")
        if name == b"PING":
            # At most one PONG waits: a peer that only sends PINGs must not make us hoard answers.
            ttl, context = decode_ping(data)
            self._heartbeat.peer_wants(ttl)
            self._pong = encode_pong(context)
            self.attention = True
            return None
        return notice_of(self._settings.socket_type, name, data)

    # Changes of state

    def _send(self, data: bytes) -> None:
        self._output += data
        self.attention = True

    def _move(self, change: Input) -> None:
        self.state = TRANSITIONS[self.state, change]

    def _fail(self, error: ProtocolError) -> None:
        if self.error is None and self.state is not State.CLOSED:
            error.__traceback__ = error.__context__ = None  # what it went through knows secrets
            self.error = error
            self.attention = True
        self._close()

    def _close(self) -> None:
        self._move(Input.FAILED)
        self._mechanism.wipe()
        if self._mechanism.cipher is not None:
            self._mechanism.cipher.wipe()
        self.question = None
        self._limits.over()
        self.more = False
