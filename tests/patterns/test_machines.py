"""Every pattern does what its model does, whatever peers and application do, in whatever order."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from pyzmtp.patterns.channel import ChannelPattern
from pyzmtp.patterns.client import ClientPattern
from pyzmtp.patterns.dealer import DealerPattern
from pyzmtp.patterns.dgram import DgramPattern
from pyzmtp.patterns.dish import DishPattern
from pyzmtp.patterns.gather import GatherPattern
from pyzmtp.patterns.pair import PairPattern
from pyzmtp.patterns.peer import PeerPattern
from pyzmtp.patterns.pub import PubPattern
from pyzmtp.patterns.pull import PullPattern
from pyzmtp.patterns.push import PushPattern
from pyzmtp.patterns.radio import RadioPattern
from pyzmtp.patterns.rep import RepPattern
from pyzmtp.patterns.req import ReqPattern
from pyzmtp.patterns.router import RouterPattern
from pyzmtp.patterns.scatter import ScatterPattern
from pyzmtp.patterns.server import ServerPattern
from pyzmtp.patterns.stream import StreamPattern
from pyzmtp.patterns.sub import SubPattern
from pyzmtp.patterns.xpub import XPubPattern
from pyzmtp.patterns.xsub import XSubPattern
from pyzmtp.wire.membership import JOIN, LEAVE, Membership

from .machine import PatternMachine, check
from .reference import messaging, publishing, requests, routing
from .reference.base import Message

_TOPICS = st.sampled_from([b"", b"a", b"ab", b"b"])
_GROUPS = st.sampled_from([b"", b"a"])
_WHICH = st.integers(0, 3)


class Pair(PatternMachine):
    pattern_class, model_class = PairPattern, messaging.Pair


class Dgram(PatternMachine):
    pattern_class, model_class = DgramPattern, messaging.Pair


class Channel(PatternMachine):
    pattern_class, model_class = ChannelPattern, messaging.Channel


class Push(PatternMachine):
    pattern_class, model_class = PushPattern, messaging.Push


class Scatter(PatternMachine):
    pattern_class, model_class = ScatterPattern, messaging.Push


class Pull(PatternMachine):
    pattern_class, model_class = PullPattern, messaging.Pull


class Gather(PatternMachine):
    pattern_class, model_class = GatherPattern, messaging.Gather


class Dealer(PatternMachine):
    pattern_class, model_class = DealerPattern, messaging.Dealer


class Client(PatternMachine):
    pattern_class, model_class = ClientPattern, messaging.Client


class Req(PatternMachine):
    pattern_class, model_class = ReqPattern, requests.Req
    many_at_once = False

    def as_said(self, message: Message) -> Message:
        return [b"", *message[1:]] if len(message) > 1 else message


class Rep(PatternMachine):
    pattern_class, model_class = RepPattern, requests.Rep
    many_at_once = False

    def as_said(self, message: Message) -> Message:
        return [*message[1:], b"", b"body"] if message[0] else message


class Router(PatternMachine):
    pattern_class, model_class = RouterPattern, routing.Router

    def as_sent(self, message: Message, identity: bytes) -> Message:
        return [identity, *message[1:]]


class Server(PatternMachine):
    pattern_class, model_class = ServerPattern, routing.Server

    def as_sent(self, message: Message, identity: bytes) -> Message:
        return [identity, message[0]]


class Peer(Server):
    pattern_class = PeerPattern


class Stream(PatternMachine):
    pattern_class, model_class = StreamPattern, routing.Stream

    def as_said(self, message: Message) -> Message:
        return [message[0] or b"chunk"]

    def as_sent(self, message: Message, identity: bytes) -> Message:
        return [identity, message[0]]


class XPub(PatternMachine):
    pattern_class, model_class = XPubPattern, publishing.XPub

    @precondition(lambda self: self._some(ready=True))
    @rule(
        changes=st.lists(
            st.tuples(_WHICH, st.sampled_from([b"\0", b"\1", b"\1"]), _TOPICS),
            min_size=1,
            max_size=5,
        )
    )
    def peers_subscribe_and_cancel(self, changes: list[tuple[int, bytes, bytes]]) -> None:
        for which, prefix, topic in changes:
            pipe, peer = self._one(which, ready=True)
            self.pattern.deliver(pipe, [[prefix + topic]])
            self.model.come(peer, [[prefix + topic]])


class Pub(XPub):
    pattern_class, model_class = PubPattern, publishing.Pub


class Sub(PatternMachine):
    pattern_class, model_class = SubPattern, publishing.Sub

    @rule(topic=_TOPICS)
    def the_application_subscribes(self, topic: bytes) -> None:
        self._both("subscribe", topic)

    @rule(topic=_TOPICS)
    def the_application_cancels(self, topic: bytes) -> None:
        self._both("unsubscribe", topic)

    def _both(self, what: str, topic: bytes) -> None:
        for side in (self.pattern, self.model):
            getattr(side, what)(topic)


class XSub(PatternMachine):
    pattern_class, model_class = XSubPattern, publishing.XSub


class Radio(PatternMachine):
    pattern_class, model_class = RadioPattern, publishing.Radio

    def as_sent(self, message: Message, identity: bytes) -> Message:
        return [b"a" if len(message) > 1 else b"", b"body"]

    @precondition(lambda self: self._some(ready=True))
    @rule(changes=st.lists(st.tuples(_WHICH, _GROUPS, st.booleans()), min_size=1, max_size=5))
    def peers_join_and_leave_groups(self, changes: list[tuple[int, bytes, bool]]) -> None:
        model: Any = self.model
        for which, group, joins in changes:
            pipe, peer = self._one(which, ready=True)
            self.pattern.deliver(pipe, [Membership((JOIN if joins else LEAVE, group))])
            (model.join if joins else model.part)(peer, group)


class Dish(PatternMachine):
    pattern_class, model_class = DishPattern, publishing.Dish

    def as_said(self, message: Message) -> Message:
        return [message[0][-1:], *(message[1:] or [b"body"])]

    @rule(group=_TOPICS)
    def the_application_joins_or_leaves(self, group: bytes) -> None:
        model: Any = self.model
        what = "leave" if group in model.groups else "join"
        for side in (self.pattern, model):
            # A DISH leaves a group; a peer leaves a model.
            getattr(side, "leave_group" if side is model and what == "leave" else what)(group)


def _under(machine: type[PatternMachine], option: str) -> type[PatternMachine]:
    """A machine with an option."""
    return type(f"{machine.__name__} {option}", (machine,), {"options": {option: True}})


_MACHINES: list[type[PatternMachine]] = [
    *(Pair, Dgram, Channel, Push, Scatter, Pull, Gather, Dealer, Client, Req, Rep),
    *(Router, Server, Peer, Stream, XPub, Pub, Sub, XSub, Radio, Dish),
    *(_under(Router, option) for option in ("router_mandatory", "router_handover")),
    *(_under(XPub, option) for option in ("xpub_verbose", "xpub_verboser", "xpub_nodrop")),
]


@pytest.mark.parametrize("machine", _MACHINES, ids=lambda machine: machine.__name__)
def test_a_pattern_does_what_its_model_does(machine: type[PatternMachine]) -> None:
    check(machine)


def test_there_is_a_machine_for_every_type() -> None:
    from pyzmtp.constants import SocketType

    assert {machine.pattern_class.socket_type for machine in _MACHINES} == {*SocketType}
