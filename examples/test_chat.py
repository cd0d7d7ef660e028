"""The chat in memory: who hears what, whose name is taken, and a server that goes and comes back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from twisted.internet.defer import Deferred

from examples.chat import Member, Server
from pyzmtp import AuthenticationFailed
from pyzmtp.testing import MemoryNetwork


class Room:
    """A server, and its members, each on a host of its own."""

    def __init__(self, network: MemoryNetwork) -> None:
        self.network = network
        self.host = network.reactor("server")
        self.heard: dict[str, list[str]] = {}
        self.members: list[Member] = []
        self.open()

    def open(self) -> None:
        self.server = Server(self.host)
        self.network.run(self.server.router.bind("tcp://*:5560"))
        running = Deferred.fromCoroutine(self.server.run())
        running.addErrback(
            lambda failure: failure.trap(Exception)
        )  # at its end, or that of the host

    def join(self, name: str) -> Member:
        self.heard.setdefault(name, [])
        member = Member(self.network.reactor(name or "nobody"), name, self.heard[name].append)
        self.members.append(member)
        self.network.run(member.join("tcp://server:5560"), within=5)
        return member

    def close(self) -> None:
        for member in self.members:
            self.network.run(member.dealer.close(), within=10)
        self.network.run(self.server.router.close(), within=10)


@pytest.fixture
def room(memory_network: MemoryNetwork) -> Iterator[Room]:
    room = Room(memory_network)
    yield room
    room.close()


def test_all_others_hear_what_one_says(room: Room) -> None:
    anne, _, bob = room.join("anne"), room.join("cleo"), room.join("bob")
    anne.say("hello")
    room.network.settle()
    bob.say("grüß dich")
    room.network.settle()
    assert room.heard == {
        "anne": ["cleo has come", "bob has come", "bob says: grüß dich"],
        "cleo": ["bob has come", "anne says: hello", "bob says: grüß dich"],
        "bob": ["anne says: hello"],
    }


def test_who_leaves_is_missed_and_the_name_is_free(room: Room) -> None:
    room.join("anne")
    bob = room.join("bob")
    room.network.run(bob.dealer.close())
    room.network.settle()
    room.join("bob")
    assert room.heard["anne"] == ["bob has come", "bob has left", "bob has come"]


def test_who_loses_power_is_missed_by_the_heartbeat(room: Room) -> None:
    room.join("anne")
    bob = room.join("bob")
    host = room.network.reactors[-1]
    host.crash()
    room.network.advance(20)
    assert room.heard["anne"] == ["bob has come", "bob has left"]
    room.members.remove(bob)


@pytest.mark.parametrize("name", ["anne", "", "a b", "\x1b[31m"])
def test_a_name_that_cannot_be_had(room: Room, name: str) -> None:
    room.join("anne")
    with pytest.raises(AuthenticationFailed):
        room.join(name)
    assert room.heard["anne"] == []


def test_what_is_no_text_harms_nobody(room: Room) -> None:
    anne, mallory = room.join("anne"), room.join("mallory")
    for message in ([b"\xff\x1b[31mred"], [b"two", b"frames"], [b""]):
        mallory.dealer.try_send(message)
    room.network.settle()
    says = "mallory says: "
    expected = [f"{says}\N{REPLACEMENT CHARACTER}[31mred", f"{says}two frames", says]
    assert room.heard["anne"] == ["mallory has come", *expected]
    anne.say("still there?")
    room.network.settle()
    assert room.heard["mallory"] == ["anne says: still there?"]


def test_a_server_that_comes_back(room: Room) -> None:
    anne, _ = room.join("anne"), room.join("bob")
    room.host.kill()
    room.network.advance(1)
    anne.say("is anybody there?")
    room.host = room.host.restart()
    room.open()
    room.network.advance(5)
    anne.say("welcome back")
    room.network.settle()
    assert room.heard["anne"][1] == "(nobody hears you: the server is away)"
    assert room.heard["bob"][-1] == "anne says: welcome back"
