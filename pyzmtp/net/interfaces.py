"""Names of network interfaces, which ZeroMQ takes in the place of addresses: ``tcp://eth0:5555``."""

from __future__ import annotations

import socket
import struct
import sys
from typing import Final

__all__ = ["interface_address"]

#: Linux's number for "get the address of an interface" (netdevice(7)).
_SIOCGIFADDR: Final = 0x8915
#: Bytes in the name of an interface, its NUL included (netdevice(7)).
_IFNAMSIZ: Final = 16


def interface_address(name: str) -> str | None:
    """The IPv4 address of the interface ``name``; ``None`` if there is no such interface, or no way
    to ask this system.
    """
    encoded = name.encode()
    if sys.platform != "linux" or len(encoded) >= _IFNAMSIZ:
        return None
    import fcntl

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        try:
            answer = fcntl.ioctl(asking, _SIOCGIFADDR, struct.pack("256s", encoded))
        except OSError:
            return None
    # struct ifreq: the name, then a sockaddr_in with the address behind family and port.
    return socket.inet_ntoa(answer[20:24])
