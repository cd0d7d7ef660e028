"""What is asked of a ZAP handler, and what it says, arrive as they were meant (RFC 27)."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pyzmtp import AuthenticationRequest, DealerSocket, Grant, Refusal
from pyzmtp.authentication import Verdict
from pyzmtp.testing import FailureLog
from pyzmtp.zap import ask_zap, decode_reply
from pyzmtp.zap_server import ZapServer

from ..helpers import properties
from ..sockets.world import World
from .handlers import ADDRESS, Handler, reply

_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
_NAMES = st.text("abcXYZ019-_.+", min_size=1, max_size=20)
_METADATA = st.dictionaries(_NAMES, st.binary(max_size=40), max_size=4).filter(
    lambda metadata: len({name.lower() for name in metadata}) == len(metadata)
)
_VERDICTS: st.SearchStrategy[Verdict] = st.one_of(
    st.builds(Grant, _TEXT, _METADATA),
    st.builds(Refusal, st.sampled_from([300, 400, 500]), _TEXT),
)
_CREDENTIALS = st.one_of(
    st.tuples(st.just("NULL"), st.just(())),
    st.tuples(st.just("PLAIN"), st.tuples(st.binary(max_size=255), st.binary(max_size=255))),
    st.tuples(st.just("CURVE"), st.tuples(st.binary(min_size=32, max_size=32))),
    st.tuples(st.just("OTHER"), st.lists(st.binary(max_size=20), max_size=3).map(tuple)),
)


def frames_of(verdict: Verdict) -> list[bytes]:
    """A reply, written by the RFC."""
    if isinstance(verdict, Refusal):
        return reply(str(verdict.status).encode(), verdict.reason.encode())
    block = properties((name.encode(), value) for name, value in verdict.metadata.items())
    return reply(b"200", b"OK", verdict.user_id.encode(), block)


@given(_TEXT, _TEXT, st.binary(max_size=255), _CREDENTIALS, _VERDICTS)
@settings(max_examples=40)
def test_a_handler_is_asked_by_the_rfc_and_understood(
    domain: str, address: str, routing_id: bytes, how: tuple[str, Any], verdict: Verdict
) -> None:
    mechanism, credentials = how
    world = World(FailureLog())
    reactor: Any = world.network.reactor()
    handler = Handler(world, reactor, frames_of(verdict))
    request = AuthenticationRequest(mechanism, domain, address, routing_id, credentials)
    assert world.run(ask_zap(reactor, True, request), 1) == verdict
    frames = [domain.encode(), address.encode(), routing_id, mechanism.encode(), *credentials]
    assert handler.requests == [[b"", b"1.0", b"1", *frames]]
    world.close()


@given(_TEXT, _TEXT, st.binary(max_size=255), _CREDENTIALS, _VERDICTS)
@settings(max_examples=40)
def test_whoever_asks_by_the_rfc_is_understood_and_answered(
    domain: str, address: str, routing_id: bytes, how: tuple[str, Any], verdict: Verdict
) -> None:
    mechanism, credentials = how
    world = World(FailureLog())
    reactor: Any = world.network.reactor()
    asked: list[AuthenticationRequest] = []

    def check(request: AuthenticationRequest) -> Verdict:
        asked.append(request)
        return verdict

    server = ZapServer(reactor, check)
    world.run(server.start())
    asker = world.make(DealerSocket, on=reactor)
    world.run(asker.connect(ADDRESS))
    frames = [domain.encode(), address.encode(), routing_id, mechanism.encode(), *credentials]
    asker.try_send([b"", b"1.0", b"1", *frames])
    [answer] = world.drain(asker)
    assert decode_reply(answer) == verdict
    [request] = asked
    assert (request.mechanism, request.domain, request.address) == (mechanism, domain, address)
    assert (request.routing_id, request.credentials) == (routing_id, credentials)
    world.run(server.stop())
    world.close()
