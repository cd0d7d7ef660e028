"""ZeroMQ for Twisted: ZMTP in Python, over Twisted's own transports, without libzmq.

Start with the sockets, such as :class:`ReqSocket` and :class:`RepSocket`; what they have in common is
described at :class:`Socket`, :class:`SendingSocket` and :class:`ReceivingSocket`.
"""

from __future__ import annotations

from pyzmtp import errors
from pyzmtp._speedups import IMPLEMENTATION
from pyzmtp.constants import SocketType
from pyzmtp.engine import events
from pyzmtp.engine.events import *  # noqa: F403
from pyzmtp.errors import *  # noqa: F403
from pyzmtp.options import SocketOptions
from pyzmtp.peer import Peer
from pyzmtp.sockets.base import Socket
from pyzmtp.sockets.dealer import DealerSocket
from pyzmtp.sockets.pair import PairSocket
from pyzmtp.sockets.pub import PubSocket
from pyzmtp.sockets.pull import PullSocket
from pyzmtp.sockets.push import PushSocket
from pyzmtp.sockets.receiver import ReceivingSocket
from pyzmtp.sockets.rep import RepSocket
from pyzmtp.sockets.req import ReqSocket
from pyzmtp.sockets.router import RouterSocket
from pyzmtp.sockets.sender import SendingSocket
from pyzmtp.sockets.stats import Stats
from pyzmtp.sockets.sub import SubSocket
from pyzmtp.sockets.xpub import XPubSocket
from pyzmtp.sockets.xsub import XSubSocket
