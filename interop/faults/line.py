"""A line that loses and delays packets, on a TUN device, for where there is no netem.

Run as `python -m interop.faults.line LOSS DELAY`, a loss in percent and a delay in milliseconds, as root of
a network. The device is called `line`; whoever is at `HERE` reaches himself, through the line, at `THERE`:
packets come back with their two addresses exchanged. It says `ready`; when its standard input ends, it says
how many packets there were, and how many of them were lost. It needs the standard library only.
"""

from __future__ import annotations

import fcntl
import heapq
import json
import os
import random
import select
import struct
import subprocess
import sys
import time

NAME, HERE, THERE = "line", "10.9.0.1", "10.9.0.2"

#: From Linux's `if_tun.h`: which device, one of packets without a header of its own.
TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000

#: More than any packet has.
LARGEST = 65536

#: A delay may be as much longer, which changes the order.
JITTER = 0.5


def open_device() -> int:
    """Make the device; give its descriptor."""
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    wanted = struct.pack("16sH", NAME.encode(), IFF_TUN | IFF_NO_PI)
    fcntl.ioctl(device, TUNSETIFF, wanted)
    return device


def set_up() -> None:
    """Give the device an address, and switch it on."""
    for words in (("addr", "add", f"{HERE}/24", "dev", NAME), ("link", "set", NAME, "up")):
        subprocess.run(("ip", *words), check=True)


def turned_round(packet: bytes) -> bytes:
    """Exchange the addresses of an IPv4 packet; no checksum changes by that."""
    return packet[:12] + packet[16:20] + packet[12:16] + packet[20:]


class Line:
    """Passes packets on until its standard input ends."""

    def __init__(self, device: int, loss: float, delay: float) -> None:
        self.packets = self.lost = 0
        self._device = device
        self._loss = loss
        self._delay = delay
        self._under_way: list[tuple[float, int, bytes]] = []

    def run(self) -> None:
        """Do it."""
        while True:
            wait = max(0.0, self._under_way[0][0] - time.monotonic()) if self._under_way else None
            ready, _, _ = select.select([self._device, sys.stdin], [], [], wait)
            if sys.stdin in ready:
                return
            if ready:
                self._take(os.read(self._device, LARGEST))
            self._pass_on()

    def _take(self, packet: bytes) -> None:
        if packet[0] >> 4 != 4:  # IPv6 looks for its neighbours
            return
        self.packets += 1
        if random.random() < self._loss:
            self.lost += 1
            return
        due = time.monotonic() + self._delay * (1 + random.uniform(0, JITTER))
        heapq.heappush(self._under_way, (due, self.packets, turned_round(packet)))

    def _pass_on(self) -> None:
        while self._under_way and self._under_way[0][0] <= time.monotonic():
            packet = heapq.heappop(self._under_way)[2]
            try:
                os.write(self._device, packet)
            except OSError:  # the device is down
                self.lost += 1


def main(loss: float, delay: float) -> None:
    """Do as the module says."""
    device = open_device()
    set_up()
    print("ready", flush=True)
    line = Line(device, loss / 100, delay / 1000)
    line.run()
    print(json.dumps({"packets": line.packets, "lost": line.lost}))


if __name__ == "__main__":
    if sys.argv[1:] == ["check"]:
        open_device()
    else:
        main(*map(float, sys.argv[1:]))
