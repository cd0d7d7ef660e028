"""RADIO, DISH and DGRAM against a system socket: the datagrams are those of libzmq (ZMTP.md 7.9)."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from interop.reactor import reactor, until, within
from interop.sockets import lasting_address
from pyzmtp import DgramSocket, DishSocket, RadioSocket

GROUP = "239.255.77.1"


@pytest.fixture
def plain() -> Iterator[socket.socket]:
    """A plain UDP socket, which blocks for nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plain:
        plain.bind(("127.0.0.1", 0))
        plain.setblocking(False)
        yield plain


async def arrived(plain: socket.socket) -> tuple[bytes, tuple[str, int]]:
    """Give the next datagram and where it came from."""
    got: list[tuple[bytes, tuple[str, int]]] = []

    def attempt() -> bool:
        try:
            got.append(plain.recvfrom(65536))
        except BlockingIOError:
            return False
        return True

    await until(attempt, "a datagram")
    return got[0]


async def test_the_datagrams_of_a_radio(plain: socket.socket) -> None:
    async with RadioSocket(reactor) as radio:
        await radio.connect(f"udp://127.0.0.1:{plain.getsockname()[1]}")
        await radio.send([b"grp", b"hello"])
        assert (await arrived(plain))[0] == bytes.fromhex("03 677270 68656c6c6f")
        await radio.send([b"g" * 127, bytes(8064)])
        assert (await arrived(plain))[0] == b"\x7f" + b"g" * 127 + bytes(8064)


async def test_the_datagrams_of_a_dish(plain: socket.socket) -> None:
    async with DishSocket(reactor) as dish:
        address = await dish.bind("udp://127.0.0.1:*")
        target = ("127.0.0.1", int(address.rpartition(":")[2]))
        dish.join(b"grp")
        for datagram in (
            b"",
            b"\xffjunk",
            b"\x04grppno",
            b"\x03grp" + bytes(9000),
            b"\x03grphello",
        ):
            plain.sendto(datagram, target)
        # libzmq: what is longer than 8192 bytes is cut there.
        assert await within(dish.receive(), "the long one") == [b"grp", bytes(8188)]
        assert await within(dish.receive(), "the last") == [b"grp", b"hello"]


async def test_the_datagrams_of_a_dgram(plain: socket.socket) -> None:
    async with DgramSocket(reactor) as dgram:
        address = await dgram.bind("udp://127.0.0.1:*")
        port = int(address.rpartition(":")[2])
        plain.sendto(b"Is someone there ?", ("127.0.0.1", port))
        source, body = await within(dgram.receive(), "a datagram")
        assert (source, body) == (b"127.0.0.1:%d" % plain.getsockname()[1], b"Is someone there ?")
        await dgram.send([source, b"Yes, there is !"])
        assert await arrived(plain) == (b"Yes, there is !", ("127.0.0.1", port))


async def test_multicast_on_this_host(tmp_path: Path) -> None:
    port = lasting_address("tcp", tmp_path).rpartition(":")[2]
    where = f"udp://127.0.0.1;{GROUP}:{port}"
    async with DishSocket(reactor) as dish, RadioSocket(reactor) as radio:
        dish.join(b"TV")
        await dish.bind(where)
        await radio.connect(where)
        await radio.send([b"TV", b"Friends"])
        assert await within(dish.receive(), "a datagram") == [b"TV", b"Friends"]
