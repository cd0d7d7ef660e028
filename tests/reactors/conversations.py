"""Every socket type, over every transport that it has."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any, Final

from twisted.internet.defer import Deferred

from pyzmtp import (
    ChannelSocket,
    ClientSocket,
    DealerSocket,
    DgramSocket,
    DishSocket,
    GatherSocket,
    PairSocket,
    PeerSocket,
    PubSocket,
    PullSocket,
    PushSocket,
    RadioSocket,
    RepSocket,
    ReqSocket,
    RouterSocket,
    ScatterSocket,
    ServerSocket,
    Socket,
    StreamSocket,
    SubSocket,
    XPubSocket,
    XSubSocket,
)

from .case import Case, Stage

__all__ = ["BURST", "CASES", "MESSAGES", "TYPES", "carry", "join", "receive"]

#: Shapes of messages: empty frames, both forms of the size, and more than one segment of TCP.
MESSAGES: Final = [
    [b""],
    [b"one"],
    [b"a", b"", b"c"],
    [b"x" * 255],
    [b"y" * 256, b"z"],
    [bytes(range(256)) * 400],
]

#: The same for types whose messages have one frame.
SINGLE: Final = [[b"".join(message)] for message in MESSAGES]

#: Many at once.
BURST: Final = [[b"%d" % number] for number in range(500)]


async def join(stage: Stage, transport: str, bound: Socket, connected: Socket) -> Any:
    """Bind one, connect the other, and give the peer that the latter has."""
    address = await stage.within(bound.bind(stage.somewhere(transport)), "bind")
    return await stage.within(connected.connect(address), "connect")


async def receive(target: Any, number: int) -> list[list[bytes]]:
    """The next messages."""
    received: list[list[bytes]] = []
    while len(received) < number:
        batch: Deferred[list[list[bytes]]] = target.receive_batch(number - len(received))
        received += await batch
    return received


async def carry(
    stage: Stage,
    source: Any,
    target: Any,
    messages: Sequence[list[bytes]],
    sent_behind: Sequence[bytes] = (),
    received_behind: Sequence[bytes] = (),
) -> None:
    """Send all without waiting for any to arrive, and see that they do: whole and in order."""
    receiving = Deferred.fromCoroutine(receive(target, len(messages)))
    arriving = stage.within(receiving, f"{len(messages)} messages")
    await stage.within(source.send_batch([[*sent_behind, *one] for one in messages]), "send")
    assert await arriving == [[*received_behind, *one] for one in messages]


async def req_rep(stage: Stage, transport: str) -> None:
    """Requests and their replies, one at a time."""
    rep, req = stage.open(RepSocket), stage.open(ReqSocket)
    rep.serve(lambda request: [b"echo", *request])
    await join(stage, transport, rep, req)
    for message in (*MESSAGES, *BURST[:50]):
        assert await req.request(message, timeout=10) == [b"echo", *message]


async def pub_sub(stage: Stage, transport: str) -> None:
    """Only what was subscribed to arrives."""
    pub, sub = stage.open(PubSocket), stage.open(SubSocket)
    sub.subscribe(b"a")
    await join(stage, transport, pub, sub)
    await stage.within(pub.wait_subscribed(b"a"), "subscription")
    for number in range(100):
        assert pub.try_send([b"b", b"%d" % number])
        assert pub.try_send([b"a", b"%d" % number])
    for number in range(100):
        assert await stage.within(sub.receive(), "message") == [b"a", b"%d" % number]
    sub.unsubscribe(b"a")
    await stage.until(lambda: not pub.topics, "the end of the subscription")


async def xpub_xsub(stage: Stage, transport: str) -> None:
    """Subscriptions are messages, and travel against the stream."""
    xpub, xsub = stage.open(XPubSocket), stage.open(XSubSocket)
    await join(stage, transport, xpub, xsub)
    await xsub.send(b"\x01t")
    assert await stage.within(xpub.receive(), "subscription") == [b"\x01t"]
    await carry(stage, xpub, xsub, BURST, [b"t"], [b"t"])
    await xsub.send(b"\x00t")
    assert await stage.within(xpub.receive(), "its end") == [b"\x00t"]


async def dealer_router(stage: Stage, transport: str) -> None:
    """A ROUTER knows its peers by their ids."""
    router, dealer = stage.open(RouterSocket), stage.open(DealerSocket, routing_id=b"d")
    await join(stage, transport, router, dealer)
    for messages in (MESSAGES, BURST):
        await carry(stage, dealer, router, messages, (), [b"d"])
        await carry(stage, router, dealer, messages, [b"d"])


async def push_pull(stage: Stage, transport: str) -> None:
    """Two PULLs share what a PUSH sends."""
    push = stage.open(PushSocket)
    pulls = [stage.open(PullSocket), stage.open(PullSocket)]
    address = await stage.within(push.bind(stage.somewhere(transport)), "bind")
    for pull in pulls:
        await stage.within(pull.connect(address), "connect")
    await stage.until(lambda: len(push.peers) == 2, "both peers")
    await stage.within(push.send_batch(BURST), "send")
    shares = [await receive(pull, len(BURST) // 2) for pull in pulls]
    assert sorted(shares) == sorted([BURST[::2], BURST[1::2]])


async def one_to_one(
    kind: type[Any], messages: Sequence[list[bytes]], stage: Stage, transport: str
) -> None:
    """Two of a kind that has one peer."""
    one, other = stage.open(kind), stage.open(kind)
    await join(stage, transport, one, other)
    for burst in (messages, BURST):
        await carry(stage, one, other, burst)
        await carry(stage, other, one, burst)


async def client_server(stage: Stage, transport: str) -> None:
    """A SERVER knows its clients by ids that do not travel."""
    server, client = stage.open(ServerSocket), stage.open(ClientSocket)
    await join(stage, transport, server, client)
    await stage.within(client.send(b"first"), "send")
    routing_id, body = await stage.within(server.receive(), "message")
    assert body == b"first"
    for messages in (SINGLE, BURST):
        await carry(stage, client, server, messages, (), [routing_id])
        await carry(stage, server, client, messages, [routing_id])


async def peer_peer(stage: Stage, transport: str) -> None:
    """A PEER may speak first, to whom it has connected."""
    one, other = stage.open(PeerSocket), stage.open(PeerSocket)
    their_id = (await join(stage, transport, one, other)).routing_id
    await stage.within(other.send([their_id, b"first"]), "send")
    our_id, body = await stage.within(one.receive(), "message")
    assert body == b"first"
    await carry(stage, other, one, SINGLE, [their_id], [our_id])
    await carry(stage, one, other, BURST, [our_id], [their_id])


async def scatter_gather(stage: Stage, transport: str) -> None:
    """As PUSH and PULL, one frame a message."""
    scatter, gather = stage.open(ScatterSocket), stage.open(GatherSocket)
    await join(stage, transport, gather, scatter)
    await carry(stage, scatter, gather, SINGLE)
    await carry(stage, scatter, gather, BURST)


async def radio_dish(stage: Stage, transport: str) -> None:
    """Only the groups that a DISH has joined arrive."""
    radio, dish = stage.open(RadioSocket), stage.open(DishSocket)
    dish.join(b"wanted")
    if transport == "udp":
        await join(stage, transport, dish, radio)
    else:
        await join(stage, transport, radio, dish)
    await _heard(stage, radio, dish, b"wanted")
    for number in range(50):
        await stage.within(radio.send([b"unwanted", b"%d" % number]), "send")
        await stage.within(radio.send([b"wanted", b"%d" % number]), "send")
        assert await stage.within(dish.receive(), "message") == [b"wanted", b"%d" % number]


async def _heard(stage: Stage, radio: RadioSocket, dish: DishSocket, group: bytes) -> None:
    """Return when a RADIO, which tells nobody what it knows, is heard."""

    def heard() -> bool:
        radio.try_send([group, b"probe"])
        return dish.try_receive() is not None

    await stage.until(heard, "the first message of a group")
    await stage.within(radio.send([group, b"probed"]), "send")
    while await stage.within(dish.receive(), "the last probe") != [group, b"probed"]:
        pass


async def dgram(stage: Stage, transport: str) -> None:
    """Datagrams, each with its address."""
    one, other = stage.open(DgramSocket), stage.open(DgramSocket)
    names = []
    for socket in (one, other):
        address = await stage.within(socket.bind(stage.somewhere(transport)), "bind")
        names.append(address.removeprefix("udp://").encode())
    for body in (b"", b"body", b"x" * 8192):
        await stage.within(one.send([names[1], body]), "send")
        assert await stage.within(other.receive(), "datagram") == [names[0], body]
        await stage.within(other.send([names[0], body]), "send")
        assert await stage.within(one.receive(), "datagram") == [names[1], body]


async def stream(stage: Stage, transport: str) -> None:
    """Bytes, with a notice of each peer's coming and going."""
    listening, dialling = stage.open(StreamSocket), stage.open(StreamSocket)
    peer = await join(stage, transport, listening, dialling)
    assert await stage.within(dialling.receive(), "notice") == [peer.routing_id, b""]
    name, nothing = await stage.within(listening.receive(), "notice")
    assert nothing == b""
    sent = bytes(range(256)) * 1000
    await stage.within(dialling.send([peer.routing_id, sent]), "send")
    received = b""
    while len(received) < len(sent):
        got = await stage.within(listening.receive(), "bytes")
        assert got[0] == name
        received += got[1]
    assert received == sent
    await stage.within(listening.send([name, b""]), "parting")
    assert await stage.within(dialling.receive(), "notice") == [peer.routing_id, b""]


Conversation = Callable[[Stage, str], Coroutine[Any, Any, None]]

_STREAMS: Final = ("tcp", "ipc")
_MESSAGES: Final = (*_STREAMS, "inproc", "ws")

#: By the columns of the table: what is said, and over what.
_CONVERSATIONS: Final[dict[str, tuple[Conversation, Sequence[str]]]] = {
    "REQ REP": (req_rep, _MESSAGES),
    "PUB SUB": (pub_sub, _MESSAGES),
    "XPUB XSUB": (xpub_xsub, _MESSAGES),
    "DEALER ROUTER": (dealer_router, _MESSAGES),
    "PUSH PULL": (push_pull, _MESSAGES),
    "PAIR": (partial(one_to_one, PairSocket, MESSAGES), _MESSAGES),
    "STREAM": (stream, _STREAMS),
    "CLIENT SERVER": (client_server, _MESSAGES),
    "RADIO DISH": (radio_dish, (*_MESSAGES, "udp")),
    "SCATTER GATHER": (scatter_gather, _MESSAGES),
    "CHANNEL": (partial(one_to_one, ChannelSocket, SINGLE), _MESSAGES),
    "PEER": (peer_peer, _MESSAGES),
    "DGRAM": (dgram, ("udp",)),
}


#: The columns.
TYPES: Final = tuple(_CONVERSATIONS)


async def _converse(conversation: Conversation, transport: str, stage: Stage) -> None:
    await stage.check_transport(transport)
    await conversation(stage, transport)


CASES: Final = [
    Case(
        f"{types} over {transport}", (types, transport), partial(_converse, conversation, transport)
    )
    for types, (conversation, transports) in _CONVERSATIONS.items()
    for transport in transports
]
