"""The class of each socket type: :data:`SOCKET_CLASSES`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from pyzmtp.constants import SocketType
from pyzmtp.sockets.base import Socket
from pyzmtp.sockets.channel import ChannelSocket
from pyzmtp.sockets.client import ClientSocket
from pyzmtp.sockets.dealer import DealerSocket
from pyzmtp.sockets.dgram import DgramSocket
from pyzmtp.sockets.dish import DishSocket
from pyzmtp.sockets.gather import GatherSocket
from pyzmtp.sockets.pair import PairSocket
from pyzmtp.sockets.peer import PeerSocket
from pyzmtp.sockets.pub import PubSocket
from pyzmtp.sockets.pull import PullSocket
from pyzmtp.sockets.push import PushSocket
from pyzmtp.sockets.radio import RadioSocket
from pyzmtp.sockets.rep import RepSocket
from pyzmtp.sockets.req import ReqSocket
from pyzmtp.sockets.router import RouterSocket
from pyzmtp.sockets.scatter import ScatterSocket
from pyzmtp.sockets.server import ServerSocket
from pyzmtp.sockets.stream import StreamSocket
from pyzmtp.sockets.sub import SubSocket
from pyzmtp.sockets.xpub import XPubSocket
from pyzmtp.sockets.xsub import XSubSocket

__all__ = ["SOCKET_CLASSES"]

#: For programs that are told the type by name or number.
SOCKET_CLASSES: Final[Mapping[SocketType, type[Socket]]] = MappingProxyType(
    {
        kind.socket_type: kind
        for kind in (
            ChannelSocket,
            ClientSocket,
            DealerSocket,
            DgramSocket,
            DishSocket,
            GatherSocket,
            PairSocket,
            PeerSocket,
            PubSocket,
            PullSocket,
            PushSocket,
            RadioSocket,
            RepSocket,
            ReqSocket,
            RouterSocket,
            ScatterSocket,
            ServerSocket,
            StreamSocket,
            SubSocket,
            XPubSocket,
            XSubSocket,
        )
    }
)
