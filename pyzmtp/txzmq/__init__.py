"""txZMQ's classes on pyzmtp's sockets: a program of txZMQ runs when it imports from here instead.

The modules have txZMQ's names as well, and what travels is the same, so that either end can be moved
first. docs/migrating-from-txzmq.md tells what differs, and what to write in new programs.
"""

from __future__ import annotations

from pyzmtp.txzmq.connection import ZmqConnection, ZmqEndpoint, ZmqEndpointType
from pyzmtp.txzmq.factory import ZmqFactory
from pyzmtp.txzmq.pubsub import ZmqPubConnection, ZmqSubConnection
from pyzmtp.txzmq.pushpull import ZmqPullConnection, ZmqPushConnection
from pyzmtp.txzmq.req_rep import ZmqREPConnection, ZmqREQConnection, ZmqRequestTimeoutError
from pyzmtp.txzmq.router_dealer import ZmqDealerConnection, ZmqRouterConnection

__all__ = [
    "ZmqConnection",
    "ZmqDealerConnection",
    "ZmqEndpoint",
    "ZmqEndpointType",
    "ZmqFactory",
    "ZmqPubConnection",
    "ZmqPullConnection",
    "ZmqPushConnection",
    "ZmqREPConnection",
    "ZmqREQConnection",
    "ZmqRequestTimeoutError",
    "ZmqRouterConnection",
    "ZmqSubConnection",
]
