"""Sockets that end in the middle of something, and many of them."""

from __future__ import annotations

import os
import socket as system_sockets
import time
from threading import Thread
from typing import Any

import zmq
from twisted.internet.defer import Deferred

import pyzmtp
from interop.conformance.actor import OK
from interop.conformance.probes import first_library, port_of
from interop.conformance.pyzmtp_actor import PyzmtpActor
from interop.conformance.raw_peer import GREETING_SIZE, command, greeting, message, properties
from interop.conformance.scenario import INPROC, PURE, TCP, scenario
from interop.conformance.stage import Stage
from interop.descriptors import no_more_descriptors
from interop.reactor import until

_ALONE = "one socket, and nobody to talk to"


@scenario("issue_566", expected=[[b"HELLO"]] * 30)
async def no_reply_is_lost_to_short_lived_dealers(stage: Stage) -> object:
    """Each of many DEALERs, one after another, gets what the ROUTER sends as soon as it is known."""
    router = stage.first("ROUTER", router_mandatory=True)
    address = await router.bind(stage.address())
    got = []
    for cycle in range(30):
        routing_id = b"%09d" % cycle
        dealer = stage.second("DEALER", routing_id=routing_id)
        dealer.connect(address)
        await router.send(routing_id, b"HELLO")
        got.append(await dealer.receive())
        await dealer.close()
    return got


@scenario("shutdown_stress", expected=[b"still here"])
async def a_hundred_connect_and_close_at_once(stage: Stage) -> object:
    """Closing right after connecting does not hang, however many do it; the PUB goes on."""
    pub = stage.first("PUB")
    address = await pub.bind(stage.address())
    for _ in range(2):
        subs = [stage.second("SUB") for _ in range(100)]
        for sub in subs:
            sub.connect(address)
        for sub in subs:
            await sub.close()
    last = stage.second("SUB")
    last.subscribe(b"still")
    last.connect(address)
    got = None
    while got is None:
        pub.try_send(b"still here")
        await stage.turn()
        got = last.receive_now()
    return got


async def _ended_while(stage: Stage, kind: str, operation: str) -> str:
    """Begin what cannot end by itself, end the socket (libzmq: the context), and say what came."""
    results: list[str] = []
    if first_library(stage) == "pyzmtp":
        actor = stage.first(kind)
        assert isinstance(actor, PyzmtpActor)
        pending: Deferred[Any] = (
            actor.socket.receive() if operation == "receive" else actor.socket.send(b"")
        )
        pending.addCallbacks(
            lambda _: results.append(OK),
            lambda failure: results.append(
                "closed" if failure.check(pyzmtp.SocketClosed) else failure.type.__name__
            ),
        )
        await stage.turn()
        assert not results
        await actor.close()
        return results[0]
    context: zmq.Context[Any] = zmq.Context()
    socket = context.socket(getattr(zmq, kind))

    def block() -> None:
        try:
            socket.recv() if operation == "receive" else socket.send(b"")
            results.append(OK)
        except zmq.ContextTerminated:
            results.append("closed")
        socket.close(linger=0)

    thread = Thread(target=block)
    thread.start()
    await stage.settle()
    assert not results
    context.term()
    thread.join()
    return results[0]


@scenario("ctx_destroy", expected=["closed", "closed"], transports=INPROC)
async def what_is_pending_ends(stage: Stage) -> object:
    """A receive and a send that wait end when the end of everything comes.

    That is zmq_ctx_term() in libzmq, and ETERM; pyzmtp has no contexts: close(), and SocketClosed.
    """
    return [
        await _ended_while(stage, "PULL", "receive"),
        await _ended_while(stage, "PUSH", "send"),
    ]


@scenario("ctx_destroy", expected=["closed"] * 3, transports=INPROC)
async def nothing_can_be_done_after_the_end(stage: Stage) -> object:
    """A closed socket refuses everything."""
    pair = stage.first("PAIR")
    await pair.close()
    results = [pair.try_send(b"")]
    for operation in (pair.receive_now, lambda: pair.connect("inproc://nowhere")):
        try:
            operation()
            results.append(OK)
        except Exception as error:
            results.append(getattr(error, "name", repr(error)))
    return results


@scenario(
    "many_sockets",
    expected={"accept-failed": True, "served afterwards": [b"Hello"]},
    transports=TCP,
    combinations=PURE,
    why="a raw peer connects, so that only one library runs out of descriptors",
)
async def no_descriptor_is_left(stage: Stage) -> object:
    """Who cannot be accepted for want of descriptors is an event; the listener goes on.

    libzmq's test opens sockets until there are no more (EMFILE). A socket of pyzmtp needs no
    descriptor before it is used, and there is no limit on their number.
    """
    pull = stage.first("PULL")
    address = await pull.bind(stage.address())
    where = ("127.0.0.1", port_of(address))
    with system_sockets.socket() as stranger, no_more_descriptors():
        stranger.connect(where)
        if first_library(stage) == "libzmq":
            time.sleep(0.01)  # its thread tries again and again, and tells of each time
        else:
            await pull.wait_event("accept-failed", patience=3)
    await pull.wait_event("accept-failed")
    peer = await stage.raw_connect(address)
    await peer.shake_hands(b"PUSH")
    peer.write(message(b"Hello"))
    return {"accept-failed": True, "served afterwards": await pull.receive()}


def _speak_in_a_child(port: int) -> int:
    """Fork; the child closes all that it has inherited, and sends five messages by plain TCP."""
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        os.closerange(3, 4096)
        with system_sockets.create_connection(("127.0.0.1", port)) as connection:
            ready = command(b"READY", properties(Socket_Type=b"PUSH"))
            connection.sendall(greeting())
            received = b""
            while len(received) < GREETING_SIZE:
                received += connection.recv(GREETING_SIZE - len(received))
            connection.sendall(ready + message(b"Hello") * 5)
            time.sleep(0.2)  # not a reset, which would take the messages with it
        status = 0
    finally:
        os._exit(status)


@scenario(
    "fork",
    expected={"received": [[b"Hello"]] * 5, "status": 0, "afterwards": [b"more"]},
    transports=TCP,
    combinations=PURE,
    why="the child is a raw peer: neither library, nor Twisted's reactor, lives in two processes",
)
async def a_child_process_sends(stage: Stage) -> object:
    """A forked child that gives up what it inherited disturbs nothing, and may be a peer."""
    pull = stage.first("PULL")
    address = await pull.bind(stage.address())
    child = _speak_in_a_child(port_of(address))
    received = await pull.receive_many(5)
    ended: list[int] = []

    def is_over() -> bool:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            ended.append(os.waitstatus_to_exitcode(status))
        return bool(ended)

    await until(is_over, "the child")
    peer = await stage.raw_connect(address)
    await peer.shake_hands(b"PUSH")
    peer.write(message(b"more"))
    return {"received": received, "status": ended[0], "afterwards": await pull.receive()}


async def _timed_out(stage: Stage, operation: str) -> list[object]:
    """Wait in vain for 0.25 s, and say what came of it, and whether that took its time."""
    before = time.monotonic()
    if first_library(stage) == "pyzmtp":
        actor = stage.first("DEALER", receive_timeout=0.25, send_timeout=0.25)
        assert isinstance(actor, PyzmtpActor)
        socket = actor.socket
        try:
            await (socket.receive() if operation == "receive" else socket.send(b""))
            result = OK
        except pyzmtp.OperationTimeout:
            result = "would-block"
    else:
        with zmq.Context() as context, context.socket(zmq.DEALER) as blocking:
            blocking.rcvtimeo = blocking.sndtimeo = 250
            try:
                blocking.recv() if operation == "receive" else blocking.send(b"")
                result = OK
            except zmq.Again:
                result = "would-block"
    return [result, 0.2 < time.monotonic() - before < 5]


@scenario("timeo", expected=["would-block", True], transports=INPROC)
async def a_receive_is_given_up(stage: Stage) -> object:
    """RCVTIMEO: an error after the time, and not before."""
    return await _timed_out(stage, "receive")


@scenario("timeo", expected=["would-block", True], transports=INPROC)
async def a_send_is_given_up(stage: Stage) -> object:
    """SNDTIMEO: the same for a socket without peers."""
    return await _timed_out(stage, "send")


@scenario("timeo", expected=[False, [b"Hello"]])
async def in_time_it_is_no_error(stage: Stage) -> object:
    """With a peer the time does not matter."""
    frontend = stage.first("DEALER", receive_timeout=0.25)
    backend = stage.second("DEALER", send_timeout=0.25)
    await stage.link(frontend, backend)
    nothing = frontend.receive_now()
    await backend.send(b"Hello")
    return [nothing is not None, await frontend.receive()]
