"""The socket types as commands: what each of them does, and what it says of itself."""

from __future__ import annotations

from enum import Enum
from typing import Final

from attrs import frozen

import pyzmtp
from pyzmtp.constants import SocketType

__all__ = ["KINDS", "Exchange", "Kind"]


class Exchange(Enum):
    """How messages go."""

    SEND = "send"
    RECEIVE = "receive"
    BOTH = "both"
    REQUEST = "request"
    REPLY = "reply"


@frozen
class Kind:
    """One socket type.

    :ivar socket: its class.
    :ivar exchange: what the command does with it.
    :ivar summary: the first line of its help.
    :ivar details: the paragraph behind that.
    :ivar prefix: the option that puts a first frame in front of what is sent, if there is one.
    :ivar filters: the option that says what is received, if there is one.
    :ivar names_peers: whether the first frame of a message is a peer's id.
    :ivar audience: peers to wait for, by default, before something is sent that would be lost on none.
    """

    socket: type[pyzmtp.Socket]
    exchange: Exchange
    summary: str
    details: str = ""
    prefix: str = ""
    filters: str = ""
    names_peers: bool = False
    audience: int = 0

    @property
    def name(self) -> str:
        """The command."""
        return self.socket.socket_type.value.lower()

    @property
    def particular(self) -> bool:
        """Whether it may refuse one message where it takes another: for its frames, or its peer."""
        kind = self.socket.socket_type
        return self.names_peers or kind.frames is not None or kind is SocketType.RADIO

    @property
    def sends(self) -> bool:
        """Whether it sends anything."""
        return self.exchange is not Exchange.RECEIVE

    @property
    def receives(self) -> bool:
        """Whether it receives anything."""
        return self.exchange is not Exchange.SEND

    @property
    def answers(self) -> bool:
        """Whether it can send back what it receives. Subscriptions are no messages to answer."""
        both = self.exchange is Exchange.BOTH and "topic" not in (self.prefix, self.filters)
        return both or self.exchange is Exchange.REPLY


_GROUP_FIRST: Final = "Without --group, a message has two frames, a group and a body."
_PEER_FIRST: Final = (
    "A message begins with the id of the peer that it comes from, or goes to; --to puts it there."
)

_ALL: Final = (
    Kind(
        pyzmtp.PushSocket,
        Exchange.SEND,
        "Send messages to PULL sockets in turn.",
        "While nobody takes them, no more are read.",
    ),
    Kind(pyzmtp.PullSocket, Exchange.RECEIVE, "Receive messages from PUSH sockets."),
    Kind(
        pyzmtp.PubSocket,
        Exchange.SEND,
        "Publish messages to all who subscribed.",
        "A message goes to those who subscribed to what its first frame begins with, and is dropped for "
        "the others. The first one waits for a subscriber: see --wait.",
        prefix="topic",
        audience=1,
    ),
    Kind(
        pyzmtp.SubSocket,
        Exchange.RECEIVE,
        "Subscribe, and receive what is published.",
        "Without --topic all messages are wanted.",
        filters="topic",
    ),
    Kind(
        pyzmtp.XPubSocket,
        Exchange.BOTH,
        "Publish messages, and receive the subscriptions.",
        "What is received is \\x01TOPIC when somebody subscribes, and \\x00TOPIC when nobody is left.",
        prefix="topic",
        audience=1,
    ),
    Kind(
        pyzmtp.XSubSocket,
        Exchange.BOTH,
        "Receive what is published, and send subscriptions.",
        "To send \\x01TOPIC subscribes, \\x00TOPIC cancels, and --topic subscribes at once. Any other "
        "message goes to the publishers.",
        filters="topic",
    ),
    Kind(
        pyzmtp.ReqSocket,
        Exchange.REQUEST,
        "Send requests, and print the reply to each.",
        "The next request is read when the reply has come.",
    ),
    Kind(
        pyzmtp.RepSocket,
        Exchange.REPLY,
        "Receive requests, and reply to each.",
        "Replies are the MESSAGEs in turn, or lines of standard input, or what --echo or --exec makes "
        "of the request.",
    ),
    Kind(
        pyzmtp.DealerSocket,
        Exchange.BOTH,
        "Send to all peers in turn, and receive from all.",
    ),
    Kind(
        pyzmtp.RouterSocket,
        Exchange.BOTH,
        "Send to the peer that a message names, and receive from all.",
        _PEER_FIRST,
        prefix="to",
        names_peers=True,
    ),
    Kind(pyzmtp.PairSocket, Exchange.BOTH, "Talk to one peer."),
    Kind(
        pyzmtp.StreamSocket,
        Exchange.BOTH,
        "Exchange bytes with peers that speak plain TCP.",
        f"{_PEER_FIRST} With nothing behind it, it tells that a peer has come or gone, and to send that "
        "closes the connection.",
        prefix="to",
        names_peers=True,
    ),
    Kind(
        pyzmtp.ClientSocket, Exchange.REQUEST, "Send requests to a SERVER, and print the replies."
    ),
    Kind(
        pyzmtp.ServerSocket,
        Exchange.BOTH,
        "Receive from CLIENTs, and answer the one that a message names.",
        _PEER_FIRST,
        prefix="to",
        names_peers=True,
    ),
    Kind(
        pyzmtp.RadioSocket,
        Exchange.SEND,
        "Send messages to all who joined their group.",
        f"{_GROUP_FIRST} The first one waits for a peer: see --wait.",
        prefix="group",
        audience=1,
    ),
    Kind(
        pyzmtp.DishSocket,
        Exchange.RECEIVE,
        "Join groups, and receive what is sent to them.",
        "A message has two frames, a group and a body.",
        filters="group",
    ),
    Kind(pyzmtp.ScatterSocket, Exchange.SEND, "Send messages of one frame to GATHERs in turn."),
    Kind(pyzmtp.GatherSocket, Exchange.RECEIVE, "Receive messages of one frame from SCATTERs."),
    Kind(
        pyzmtp.PeerSocket,
        Exchange.BOTH,
        "Exchange messages of one frame with other PEERs.",
        _PEER_FIRST,
        prefix="to",
        names_peers=True,
    ),
    Kind(pyzmtp.ChannelSocket, Exchange.BOTH, "Talk to one CHANNEL, in messages of one frame."),
    Kind(
        pyzmtp.DgramSocket,
        Exchange.BOTH,
        "Exchange datagrams over UDP.",
        "A message has two frames, HOST:PORT and a body; --to puts the address there.",
        prefix="to",
        names_peers=True,
    ),
)

#: By command, in the order of the help.
KINDS: Final = {kind.name: kind for kind in _ALL}
assert len(KINDS) == len(SocketType)
