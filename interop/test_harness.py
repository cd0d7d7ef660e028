"""The harness on trial: libzmq against libzmq, and what the checks are there to catch."""

from __future__ import annotations

from pathlib import Path

import pytest
from twisted.internet.defer import Deferred, fail
from twisted.internet.interfaces import IListeningPort
from twisted.internet.protocol import ServerFactory

from interop.conversations import BURST, CASES, check
from interop.payloads import (
    Made,
    described_number,
    expected,
    frame_bytes,
    from_json,
    numbered,
    to_json,
)
from interop.peer import LibzmqPeer, PeerFailed, Spawn, peer_pipes
from interop.reactor import left_clean, reactor, run, within


def test_recipes_survive_the_pipe() -> None:
    for case in CASES:
        assert expected(from_json(to_json(case.messages))) == expected(case.messages)


def test_seeds_decide_the_first_byte() -> None:
    assert frame_bytes(Made(5, 0))[0] == 0
    assert frame_bytes(Made(5, 1))[0] == 1
    assert all(frame_bytes(Made(5, seed))[0] > 1 for seed in range(2, 600))


def test_check_tells_what_differs() -> None:
    sent = numbered(3, size=100)
    check(expected(sent), sent, "the same")
    short, long, reversed_ = sent[:2], [*sent, sent[0]], sent[::-1]
    one_frame_more = [*sent[:2], [*sent[2], b""]]
    for wrong in (short, long, reversed_, one_frame_more):
        with pytest.raises(AssertionError, match="the wrong ones"):
            check(expected(wrong), sent, "the wrong ones")


def test_number_is_read_back() -> None:
    assert [described_number(seen) for seen in expected(numbered(3, 10, start=41))] == [41, 42, 43]


async def test_libzmq_talks_to_libzmq(transport: str, spawn: Spawn, directory: Path) -> None:
    one = await (await spawn()).open("DEALER")
    other = await (await spawn()).open("DEALER")
    where = "tcp://127.0.0.1:*" if transport == "tcp" else f"ipc://{directory}/socket"
    await one.connect(await other.bind(where))
    for case in CASES:
        report = other.receive(len(case.messages))
        await one.send(case.messages)
        check(await report, case.messages, case.name)
    echo = other.echo(len(BURST.messages))
    check(await one.request(BURST.messages), BURST.messages, "echo")
    await echo


async def test_stopped_and_killed(spawn: Spawn) -> None:
    peer = await spawn()
    pull = await peer.open("PULL")
    peer.stop()
    report = pull.receive(1, patience=0.1)
    peer.resume()
    with pytest.raises(PeerFailed, match="received 0 of 1, then nothing came"):
        await report
    peer.stop()
    report = pull.receive(1)
    await peer.kill()
    with pytest.raises(PeerFailed, match="process ended"):
        await report
    with pytest.raises(PeerFailed, match="has ended"):
        pull.receive(1)
    assert not peer.running


async def test_refusal_is_reported(libzmq: LibzmqPeer) -> None:
    push = await libzmq.open("PUSH")
    with pytest.raises(PeerFailed, match="bind"):
        await push.bind("nonsense://")
    with pytest.raises(PeerFailed, match="sent 0 of 1"):
        await push.send([[b"to nobody"]], patience=0.05)


def test_run_gives_results_errors_and_a_limit() -> None:
    async def gives() -> str:
        return "result"

    async def raises() -> None:
        raise ValueError("error")

    async def waits() -> None:
        await within(Deferred(), "nothing", 0.01)

    assert run(gives()) == "result"
    with pytest.raises(ValueError, match="error"):
        run(raises())
    with pytest.raises(TimeoutError, match="nothing: not within"):
        run(waits())


def test_what_is_left_is_found() -> None:
    async def leaves_a_call() -> None:
        reactor.callLater(60, lambda: None)

    ports: list[IListeningPort] = []

    async def leaves_a_port() -> None:
        ports.append(reactor.listenTCP(0, ServerFactory(), interface="127.0.0.1"))

    async def leaves_an_error() -> None:
        fail(ValueError("nobody looks"))

    for leave, what in (
        (leaves_a_call, "timed calls are left"),
        (leaves_a_port, "descriptors are left"),
        (leaves_an_error, "nobody looks"),
    ):
        with pytest.raises(AssertionError, match=what), left_clean(ours=peer_pipes):
            run(leave())
    for port in ports:
        port.stopListening()
