"""The types whose messages have one frame."""

from __future__ import annotations

from interop.conformance.pyzmtp_actor import PyzmtpActor
from interop.conformance.scenario import EVERYWHERE, OURS, scenario
from interop.conformance.stage import Stage

_DRAFT = "the wheel has no draft types"


@scenario(
    "scatter_gather",
    expected=[[[b"1"]], [[b"2"]]],
    transports=EVERYWHERE,
    combinations=OURS,
    why=_DRAFT,
)
async def scatter_gives_to_each_in_turn(stage: Stage) -> object:
    """SCATTER gives its messages to its peers in turn."""
    scatter = stage.first("SCATTER")
    gathers = [stage.second("GATHER") for _ in range(2)]
    await stage.link(scatter, *gathers)
    await scatter.send(b"1")
    await scatter.send(b"2")
    await stage.settle()
    return [gather.drain() for gather in gathers]


@scenario(
    "scatter_gather",
    expected=["invalid", []],
    transports=EVERYWHERE,
    combinations=OURS,
    why=_DRAFT,
)
async def scatter_sends_no_multipart(stage: Stage) -> object:
    """SCATTER refuses a message of two frames."""
    scatter, gather = stage.first("SCATTER"), stage.second("GATHER")
    await stage.link(scatter, gather)
    refused = scatter.try_send(b"1", b"2")
    await stage.settle()
    return [refused, gather.drain()]


@scenario(
    "channel",
    expected=[[b"HELLO"], [b"WORLD"], "invalid"],
    transports=EVERYWHERE,
    combinations=OURS,
    why=_DRAFT,
)
async def channel_both_ways(stage: Stage) -> object:
    """CHANNEL sends and receives, and refuses a message of two frames."""
    binder, connecter = stage.first("CHANNEL"), stage.second("CHANNEL")
    await stage.link(binder, connecter)
    await binder.send(b"HELLO")
    hello = await connecter.receive()
    await connecter.send(b"WORLD")
    return [hello, await binder.receive(), connecter.try_send(b"X", b"")]


@scenario(
    "client_server",
    expected=[True, b"X", [b"\x02"], "invalid", "invalid"],
    transports=EVERYWHERE,
    combinations=OURS,
    why=_DRAFT,
)
async def server_knows_its_clients(stage: Stage) -> object:
    """SERVER sees a routing id that is not 0, CLIENT sees none; neither sends two frames."""
    server, client = stage.first("SERVER"), stage.second("CLIENT")
    await stage.link(server, client)
    await client.send(b"X")
    routing_id, body = await server.receive()
    await server.send(routing_id, b"\x02")
    return [
        routing_id != bytes(4),
        body,
        await client.receive(),
        client.try_send(b"X", b""),
        server.try_send(routing_id, b"X", b""),
    ]


@scenario(
    "peer",
    expected=[True, b"\x01", [True, b"\x02"]],
    transports=EVERYWHERE,
    combinations=OURS,
    why=_DRAFT,
)
async def peers_know_each_other(stage: Stage) -> object:
    """Who connects can send by the id of whom it connected to, and the answer comes from there."""
    binder, connecter = stage.first("PEER"), stage.second("PEER")
    await stage.link(binder, connecter)
    assert isinstance(connecter, PyzmtpActor)
    [known] = connecter.socket.peers
    await connecter.send(known.routing_id, b"\x01")
    routing_id, body = await binder.receive()
    await binder.send(routing_id, b"\x02")
    sender, answer = await connecter.receive()
    return [routing_id != bytes(4), body, [sender == known.routing_id, answer]]


@scenario(
    "peer_disconnect",
    expected="host-unreachable",
    transports=EVERYWHERE,
    combinations=OURS,
    why=_DRAFT,
)
async def a_peer_that_was_disconnected_is_unknown(stage: Stage) -> object:
    """After zmq_disconnect_peer() nothing can be sent to the peer."""
    binder, connecter = stage.first("PEER"), stage.second("PEER")
    await stage.link(binder, connecter)
    assert isinstance(binder, PyzmtpActor)
    assert isinstance(connecter, PyzmtpActor)
    [known] = connecter.socket.peers
    await connecter.send(known.routing_id, b"X")
    routing_id, _ = await binder.receive()
    binder.socket.disconnect_peer(routing_id)
    return binder.try_send(routing_id, b"HELLO")
