"""What a user wants of a socket, as the command line says it: :class:`Task`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from attrs import field, frozen

from pyzmtp.cli.addresses import Endpoint
from pyzmtp.cli.formats import Format
from pyzmtp.cli.policies import MakePolicy, no_policy
from pyzmtp.cli.sockets.kinds import Kind
from pyzmtp.wire.message import Message

__all__ = ["Task"]

_Transform = Callable[[Message], Message | None]


@frozen
class Task:
    """Everything that a command is to do.

    :ivar policy: makes the policy, on the reactor that runs it.
    :ivar given: the messages to send; without any they are read.
    :ivar repeat: whether they are sent again and again.
    :ivar prefix: the frames in front of each message that is sent.
    :ivar filters: the topics or groups that are wanted.
    :ivar sends, receives: whether it does, which it can do both.
    :ivar count: messages, of those received if any are, after which it ends.
    :ivar interval: seconds between one message and the next.
    :ivar delay: seconds before the first.
    :ivar timeout: seconds that each message may be waited for.
    :ivar audience: peers to wait for before the first message.
    :ivar transient: whether it ends when the last peer has left.
    :ivar echo: whether each message is answered with itself.
    :ivar execute: the command of the shell that makes the answers.
    :ivar on_receive, on_send: what becomes of each message on its way.
    """

    kind: Kind
    endpoints: Sequence[Endpoint]
    form: Format
    options: Mapping[str, Any] = field(factory=dict)
    policy: MakePolicy = no_policy
    given: Sequence[Message] = ()
    repeat: bool = False
    prefix: Message = field(factory=list)
    filters: Sequence[bytes] = ()
    sends: bool = True
    receives: bool = True
    count: int | None = None
    interval: float = 0.0
    delay: float = 0.0
    timeout: float | None = None
    audience: int = 0
    transient: bool = False
    echo: bool = False
    execute: str | None = None
    on_receive: _Transform | None = None
    on_send: _Transform | None = None
    verbose: bool = False
    quiet: bool = False

    @property
    def answers(self) -> bool:
        """Whether what is received is answered without asking anybody."""
        return self.echo or self.execute is not None
