"""REQ: whom it asks, what it sends, and which replies it takes."""

from __future__ import annotations

from interop.conformance.actor import Actor
from interop.conformance.scenario import INPROC, TCP_INPROC, scenario
from interop.conformance.stage import Stage


@scenario("spec_req", expected=[[b"DEF"]] * 5, transports=TCP_INPROC)
async def asks_each_in_turn(stage: Stage) -> object:
    """REQ asks each REP once, in turn."""
    req = stage.first("REQ")
    reps = [stage.second("REP") for _ in range(5)]
    await stage.link(req, *reps)
    replies = []
    for rep in reps:
        await req.send(b"ABC")
        assert await rep.receive() == [b"ABC"]
        await rep.send(b"DEF")
        replies.append(await req.receive())
    return replies


@scenario("spec_req", expected=[[b"", b"ABC", b"DEF"], [b"GHI"]], transports=TCP_INPROC)
async def frames_of_a_request(stage: Stage) -> object:
    """A request has an empty frame before its body; so has the reply, and REQ takes it away."""
    req, router = stage.first("REQ"), stage.second("ROUTER")
    await stage.link(req, router)
    await req.send(b"ABC", b"DEF")
    sender, *rest = await router.receive()
    await router.send(sender, b"", b"GHI")
    return [rest, await req.receive()]


@scenario("spec_req", expected="would-block", transports=INPROC)
async def no_peer_no_request(stage: Stage) -> object:
    """REQ blocks while it has no peers."""
    return stage.first("REQ").try_send(b"")


@scenario("invalid_rep", expected=[b"b"], transports=TCP_INPROC)
async def an_address_without_a_reply(stage: Stage) -> object:
    """A ROUTER that sends an address and nothing else sends nothing."""
    req, router = stage.first("REQ"), stage.second("ROUTER")
    await stage.link(router, req)
    await _answer_badly_then_well(req, router)
    return await req.receive()


@scenario("invalid_rep", expected=[b"b"], transports=INPROC)
async def no_delimiter_on_inproc(stage: Stage) -> object:
    """REQ passes over a reply whose empty frame is missing, and takes the next."""
    req, router = stage.first("REQ"), stage.second("ROUTER")
    await stage.link(router, req)
    await _answer_badly_then_well(req, router, b"bad")
    return await req.receive()


@scenario("invalid_rep", expected=["would-block", 1])
async def no_delimiter_on_the_wire(stage: Stage) -> object:
    """What libzmq's session makes of such a reply: the end of the connection."""
    req, router = stage.first("REQ"), stage.second("ROUTER")
    await stage.link(router, req)
    await _answer_badly_then_well(req, router, b"bad")
    await stage.settle()
    return [req.try_receive(), req.events.count("disconnected")]


async def _answer_badly_then_well(req: Actor, router: Actor, *bad: bytes) -> None:
    await req.send(b"r")
    sender, delimiter, body = await router.receive()
    assert (delimiter, body) == (b"", b"r")
    await router.send(sender, *bad)
    await router.send(sender, b"", b"b")


@scenario("req_correlate", expected=[4, [b"", b"ABC", b"DEF"], [b"GHI"]], transports=TCP_INPROC)
async def a_wrong_number_is_passed_over(stage: Stage) -> object:
    """A request carries a number of four bytes; a reply with another is ignored."""
    req, router = stage.first("REQ", req_correlate=True), stage.second("ROUTER")
    await stage.link(router, req)
    await req.send(b"ABC", b"DEF")
    sender, number, *rest = await router.receive()
    wrong = bytes([number[0] ^ 1]) + number[1:]
    await router.send(sender, wrong, b"", b"DATA")
    await router.send(sender, number, b"", b"GHI")
    return [len(number), rest, await req.receive()]


@scenario("req_correlate", expected=[b"GHI"], transports=INPROC)
async def malformed_replies_are_passed_over(stage: Stage) -> object:
    """Replies without number, without empty frame, or of one frame are ignored.

    On inproc, where there is no session of libzmq's that would end the connection.
    """
    req, router = stage.first("REQ", req_correlate=True), stage.second("ROUTER")
    await stage.link(router, req)
    await req.send(b"ABC")
    sender, number, *_ = await router.receive()
    await router.send(sender, b"", b"no number")
    await router.send(sender, number, b"no delimiter")
    await router.send(sender, b"alone")
    await router.send(sender, number, b"", b"GHI")
    return await req.receive()


@scenario("req_correlate", expected=[b"GHI"], transports=TCP_INPROC)
async def a_stranger_does_not_answer(stage: Stage) -> object:
    """A reply from another peer than the one that was asked is ignored, right number or not."""
    req = stage.first("REQ", req_correlate=True, routing_id=b"Q")
    routers = [stage.second("ROUTER", router_mandatory=True) for _ in range(2)]
    await stage.link(req, *routers)
    await req.send(b"ABC")
    sender, number, *_ = await routers[0].receive()
    await routers[1].send(b"Q", number, b"", b"FOREIGN")
    await stage.settle()
    await routers[0].send(sender, number, b"", b"GHI")
    return await req.receive()


async def _relaxed(stage: Stage) -> tuple[Actor, list[Actor]]:
    req = stage.first("REQ", req_relaxed=True, req_correlate=True)
    reps = [stage.second("REP") for _ in range(5)]
    await stage.link(req, *reps)
    return req, reps


async def _second_request(req: Actor, reps: list[Actor]) -> list[list[bytes]]:
    """Ask the first two without waiting for the first, then the third; give the replies."""
    await req.send(b"A", b"B")
    assert await reps[0].receive() == [b"A", b"B"]
    await req.send(b"C", b"D")
    assert await reps[1].receive() == [b"C", b"D"]
    await reps[0].send(b"WRONG")
    await reps[1].send(b"OK")
    second = await req.receive()
    await req.send(b"E")
    assert await reps[2].receive() == [b"E"]
    await reps[2].send(b"F", b"G")
    return [second, await req.receive()]


@scenario("req_relaxed", expected=[[b"OK"], [b"F", b"G"]], transports=TCP_INPROC)
async def only_the_second_reply_counts(stage: Stage) -> object:
    """A second request may be sent before the reply; only its own reply is received."""
    return await _second_request(*await _relaxed(stage))


@scenario("req_relaxed", expected=[[b"GOOD"], [b"J"]], transports=TCP_INPROC)
async def a_reply_that_is_there_is_given_up(stage: Stage) -> object:
    """A second request gives up a reply that has come; no peer is lost by that (issue 1690)."""
    req, reps = await _relaxed(stage)
    await _second_request(req, reps)
    await req.send(b"H")
    assert await reps[3].receive() == [b"H"]
    await reps[3].send(b"BAD")
    await stage.settle()
    await req.send(b"I")
    assert await reps[4].receive() == [b"I"]
    await reps[4].send(b"GOOD")
    good = await req.receive()
    await req.send(b"J")
    return [good, await reps[0].receive()]


@scenario("req_relaxed", expected=[b"TO_BE_ANSWERED"])
async def requests_that_piled_up(stage: Stage) -> object:
    """Of two requests that waited for a peer, only the second's answer is received (issue 1695)."""
    req = stage.first("REQ", req_relaxed=True, req_correlate=True)
    router = stage.second("ROUTER")
    address = stage.lasting_address()
    req.connect(address)
    await req.send(b"TO_BE_DISCARDED")
    await req.send(b"TO_BE_ANSWERED")
    await router.bind(address)
    for _ in range(2):
        await router.send(*await router.receive())
    return await req.receive()


@scenario("req_relaxed", expected=["wrong-state", "wrong-state", [b"B"], "wrong-state"])
async def strict_unless_told(stage: Stage) -> object:
    """Without the option: no second request, no receiving before asking."""
    req, rep = stage.first("REQ"), stage.second("REP")
    await stage.link(rep, req)
    early = req.try_receive()
    await req.send(b"A")
    second = req.try_send(b"A")
    await rep.receive()
    reply_first = [early, second]
    await rep.send(b"B")
    reply = await req.receive()
    return [*reply_first, reply, req.try_receive()]


@scenario("req_relaxed", expected=[[b"again"], [b"reply"]])
async def works_after_the_peer_died(stage: Stage) -> object:
    """A relaxed REQ whose peer died with the request asks the next."""
    req = stage.first("REQ", req_relaxed=True, req_correlate=True)
    reps = [stage.second("REP") for _ in range(2)]
    await stage.link(req, *reps)
    await req.send(b"lost")
    await reps[0].receive()
    await reps[0].close()
    await req.wait_event("disconnected")
    await req.send(b"again")
    request = await reps[1].receive()
    await reps[1].send(b"reply")
    return [request, await req.receive()]
