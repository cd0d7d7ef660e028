"""What an actor does not tell by itself: option values, who sent a message, how its socket is made."""

from __future__ import annotations

import contextlib
import os
import socket as system_sockets
from pathlib import Path

import zmq

from interop.conformance.actor import Actor, outcome
from interop.conformance.libzmq_actor import LibzmqActor, setting
from interop.conformance.pyzmtp_actor import PyzmtpActor
from interop.conformance.stage import Stage
from interop.reactor import until, within
from pyzmtp import Peer


def first_library(stage: Stage) -> str:
    """Name the library that plays the first part."""
    return stage.combination.value[0]


def second_library(stage: Stage) -> str:
    """Name the library that plays the second part."""
    return stage.combination.value[1]


def option_of(actor: Actor, name: str) -> object:
    """Read an option back, as a whole number in libzmq's unit or as bytes."""
    if isinstance(actor, LibzmqActor):
        number = setting(name, 0)[0][0]
        value: object = actor.socket.get(number)
        return value
    assert isinstance(actor, PyzmtpActor)
    return setting(name, getattr(actor.socket.options, name))[0][1]


def try_connect(actor: Actor, address: str) -> str:
    """Connect, and say what came of the call."""
    with outcome() as came:
        actor.connect(address)
    return came.name


async def try_bind(actor: Actor, address: str) -> str:
    """Bind, and say what came of it."""
    with outcome() as came:
        await actor.bind(address)
    return came.name


async def try_unbind(actor: Actor, address: str) -> str:
    """Undo a bind, and say what came of it."""
    with outcome() as came:
        await actor.unbind(address)
    return came.name


async def try_disconnect(actor: Actor, address: str) -> str:
    """Undo a connect, and say what came of it."""
    with outcome() as came:
        await actor.disconnect(address)
    return came.name


async def bounce(one: Actor, other: Actor) -> list[object]:
    """Send a message of two frames there and back; give what came at each side."""
    there = [b"12345678ABCDEFGH12345678abcdefgh", b""]
    await one.send(*there)
    came = await other.receive()
    await other.send(*came)
    return [came == there, await one.receive() == there]


def port_of(address: str) -> int:
    """Give the port of ``tcp://host:port``."""
    return int(address.rsplit(":", 1)[1])


def tcp_sockets() -> list[system_sockets.socket]:
    """Give copies of all TCP sockets of this process, whichever library they belong to."""
    found = []
    for name in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            if not os.readlink(Path("/proc/self/fd") / name).startswith("socket:"):
                continue
            copy = system_sockets.socket(fileno=os.dup(int(name)))
            if copy.family in (system_sockets.AF_INET, system_sockets.AF_INET6):
                found.append(copy)
            else:
                copy.close()
    return found


async def receive_with_properties(
    actor: Actor, *names: str
) -> tuple[list[bytes], dict[str, str | None]]:
    """Receive a message, and what is known of who sent it, by libzmq's names (zmq_msg_gets)."""
    if isinstance(actor, PyzmtpActor):
        peer, message = await within(actor.socket.receive_from(), "receive_from")
        assert isinstance(peer, Peer)
        known = {key.lower(): value.decode() for key, value in peer.metadata.items()}
        known["identity"] = peer.routing_id.decode()
        known["peer-address"] = peer.peer_address.rsplit(":", 1)[0]
        if peer.socket_type is not None:
            known["socket-type"] = peer.socket_type.value
        if peer.user_id is not None:
            known["user-id"] = peer.user_id
        return message, {name: known.get(name.lower()) for name in names}
    assert isinstance(actor, LibzmqActor)
    socket = actor.socket
    await until(lambda: ready(actor)[0], "receive")
    frames = socket.recv_multipart(zmq.DONTWAIT, copy=False)
    properties: dict[str, str | None] = {}
    for name in names:
        try:
            properties[name] = str(frames[-1].get(name))
        except zmq.ZMQError:
            properties[name] = None
    return [frame.bytes for frame in frames], properties


def ready(actor: Actor) -> tuple[bool, bool]:
    """Whether a message can be received, and sent, without waiting (ZMQ_POLLIN, ZMQ_POLLOUT)."""
    if isinstance(actor, PyzmtpActor):
        return actor.socket.readable, actor.socket.writable
    assert isinstance(actor, LibzmqActor)
    events = int(actor.socket.getsockopt(zmq.EVENTS))
    return bool(events & zmq.POLLIN), bool(events & zmq.POLLOUT)
