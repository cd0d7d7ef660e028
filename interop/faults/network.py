"""Networks that can be harmed: :func:`loopback` and :func:`line`."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from attrs import define

from interop.faults.line import HERE, NAME, THERE
from interop.faults.machine import python


@define
class Network:
    """A network with one device.

    :ivar here: where to bind.
    :ivar there: where to connect to.
    :ivar packets, lost: how many there were, and were lost, once it is over and if that is known.
    """

    device: str
    here: str
    there: str
    packets: int = 0
    lost: int = 0

    def switch(self, state: str) -> None:
        """Switch the device `up` or `down`."""
        _run("ip", "link", "set", self.device, state)


@contextmanager
def loopback(loss: float, delay: float) -> Iterator[Network]:
    """Give the loopback; a loss in percent and a delay in milliseconds need netem."""
    network = Network("lo", "127.0.0.1", "127.0.0.1")
    if loss or delay:
        netem = ("netem", "loss", f"{loss}%", "delay", f"{delay}ms", f"{delay / 2}ms")
        _run("tc", "qdisc", "add", "dev", "lo", "root", *netem)
    yield network
    if loss or delay:
        [queue] = json.loads(_run("tc", "-s", "-j", "qdisc", "show", "dev", "lo"))
        network.packets, network.lost = queue["packets"] + queue["drops"], queue["drops"]


@contextmanager
def line(loss: float, delay: float) -> Iterator[Network]:
    """Give a network that passes packets through a program, which loses and delays them."""
    network = Network(NAME, HERE, THERE)
    words = python("-m", "interop.faults.line", str(loss), str(delay))
    process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield network
        figures = json.loads(process.communicate(timeout=20)[0])
        network.packets, network.lost = figures["packets"], figures["lost"]
    finally:
        process.kill()
        process.communicate()


def _run(*words: str) -> str:
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout
