"""What the players of each socket type can do: :class:`Kind`."""

from __future__ import annotations

from typing import Any, Final

from attrs import frozen

import pyzmtp

__all__ = ["KINDS", "Kind"]


@frozen
class Kind:
    """A socket type, as the simulation plays it.

    :ivar make: its class.
    :ivar sends, receives: whether messages of the ledger go that way.
    :ivar single: whether a message has one frame.
    :ivar named: whether the first frame is a peer's id.
    :ivar asks, serves: whether it makes requests, or answers them.
    :ivar publishes, subscribes: whether it is one side of PUB and SUB, or of RADIO and DISH.
    :ivar keeps: whether nothing may be dropped but with a connection that ends.
    :ivar bypasses: whether something passes its high-water marks: what it subscribes to.
    """

    make: Any
    sends: bool = False
    receives: bool = False
    single: bool = False
    named: bool = False
    asks: bool = False
    serves: bool = False
    publishes: bool = False
    subscribes: bool = False
    keeps: bool = False
    bypasses: bool = False


KINDS: Final[dict[str, Kind]] = {
    "Push": Kind(pyzmtp.PushSocket, sends=True, keeps=True),
    "Pull": Kind(pyzmtp.PullSocket, receives=True, keeps=True),
    "Scatter": Kind(pyzmtp.ScatterSocket, sends=True, single=True, keeps=True),
    "Gather": Kind(pyzmtp.GatherSocket, receives=True, single=True, keeps=True),
    "Pair": Kind(pyzmtp.PairSocket, sends=True, receives=True, keeps=True),
    "Channel": Kind(pyzmtp.ChannelSocket, sends=True, receives=True, single=True, keeps=True),
    "Dealer": Kind(pyzmtp.DealerSocket, sends=True, receives=True, keeps=True),
    "Router": Kind(pyzmtp.RouterSocket, sends=True, receives=True, named=True),
    "Client": Kind(pyzmtp.ClientSocket, sends=True, receives=True, single=True, keeps=True),
    "Server": Kind(pyzmtp.ServerSocket, sends=True, receives=True, single=True, named=True),
    "Req": Kind(pyzmtp.ReqSocket, asks=True),
    "Requester": Kind(pyzmtp.Requester, asks=True),
    "Proxy": Kind(pyzmtp.RouterSocket),
    "Rep": Kind(pyzmtp.RepSocket, serves=True),
    "Pub": Kind(pyzmtp.PubSocket, sends=True, publishes=True),
    "XPub": Kind(pyzmtp.XPubSocket, sends=True, publishes=True, bypasses=True),
    "Sub": Kind(pyzmtp.SubSocket, receives=True, subscribes=True, bypasses=True),
    "XSub": Kind(pyzmtp.XSubSocket, receives=True, subscribes=True, bypasses=True),
    "Radio": Kind(pyzmtp.RadioSocket, sends=True, publishes=True),
    "Dish": Kind(pyzmtp.DishSocket, receives=True, subscribes=True, bypasses=True),
}
