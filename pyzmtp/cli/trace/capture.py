"""What passes, as a capture file of the kind pcapng: :class:`Capture`."""

from __future__ import annotations

import os
import stat
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, BinaryIO, Final

from dpkt import pcapng
from twisted.internet.interfaces import IAddress

from pyzmtp.cli.trace.packets import PacketStream
from pyzmtp.cli.trace.records import Side
from pyzmtp.net.address import describe

__all__ = ["Capture"]

#: Packets begin with their IP header (the list of link types at tcpdump.org).
_LINKTYPE_RAW: Final = 101
_ORDER: Final = "LE" if sys.byteorder == "little" else ""


class Capture:
    """Writes a file for Wireshark. Nobody but its owner can read it: it holds whatever passed.

    A file that cannot be written to any more is told of once, and traffic goes on.
    """

    def __init__(
        self,
        path: str,
        failed: Callable[[OSError], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        """:param failed: told why nothing more is written.
        :param clock: tells the seconds of Unix time.

        Raises :exc:`OSError`.
        """
        self._clock = clock
        self._failed = failed
        self._file: BinaryIO | None = open(path, "wb", opener=_open_for_owner)  # noqa: SIM115
        interface = _new("InterfaceDescriptionBlock", linktype=_LINKTYPE_RAW, snaplen=0)
        self._writer = pcapng.Writer(self._file, idb=interface)
        self._file.flush()

    def watch(self, number: int, client: IAddress, server: IAddress) -> _Watch:
        """A watch of a connection, for the relay."""
        return _Watch(self, number, client, server)

    def write(self, packets: Iterable[bytes], comment: str = "") -> None:
        """Write packets of this moment; a comment goes with the first of them."""
        if self._file is None:
            return
        now = self._clock()
        try:
            for data in packets:
                options = [_option(pcapng.PCAPNG_OPT_COMMENT, comment), _option(0)]
                packet = _new("EnhancedPacketBlock", pkt_data=data, opts=options if comment else [])
                self._writer.writepkt(packet, now)
                comment = ""
            self._file.flush()  # for whoever looks at it meanwhile
        except OSError as error:
            self.close()
            self._failed(error)

    def close(self) -> None:
        """Write nothing more."""
        file, self._file = self._file, None
        if file is not None:
            with suppress(OSError):  # of what could not be written before
                file.close()


class _Watch:
    """Writes the packets of one connection."""

    def __init__(self, capture: Capture, number: int, client: IAddress, server: IAddress) -> None:
        self._capture = capture
        self._stream = PacketStream(number, client, server)
        names = " to ".join(filter(None, (describe(client), describe(server))))
        capture.write(self._stream.open(), f"connection {number}: {names}")

    def heard(self, side: Side, data: bytes) -> None:
        """See :class:`pyzmtp.cli.trace.relay.Watch`."""
        self._capture.write(self._stream.data(side, data))

    def ended(self, side: Side, problem: str) -> None:
        """See :class:`pyzmtp.cli.trace.relay.Watch`."""
        stream = self._stream
        self._capture.write(stream.reset(side) if problem else stream.end(side))

    def unreachable(self, problem: str) -> None:
        """See :class:`pyzmtp.cli.trace.relay.Watch`."""
        self._capture.write(self._stream.reset(Side.TARGET), f"the target: {problem}")

    def closed(self) -> None:
        """See :class:`pyzmtp.cli.trace.relay.Watch`."""


def _open_for_owner(path: str, flags: int) -> int:
    descriptor = os.open(path, flags, mode=0o600)
    # A file that was there before keeps its mode; a pipe, or a terminal, is to keep it.
    if hasattr(os, "fchmod") and stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.fchmod(descriptor, 0o600)
    return descriptor


def _new(name: str, **fields: Any) -> Any:
    """A part of a file, in this machine's byte order, as dpkt's writer wants it."""
    return getattr(pcapng, name + _ORDER)(**fields)


def _option(code: int, text: str = "") -> Any:
    return _new("PcapngOption", code=code, data=text.encode())
