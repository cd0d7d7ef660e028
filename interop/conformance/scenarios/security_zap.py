"""What a ZAP handler may do wrong, under each mechanism: nobody is let in by a mistake."""

from __future__ import annotations

from typing import Any

from interop.conformance.actor import Actor, Message
from interop.conformance.scenario import TCP, scenario
from interop.conformance.security import CurveKeys, CurveServing, Keys, PlainLogin, PlainServing
from interop.conformance.security_probes import go_through, reasons
from interop.conformance.stage import Stage
from interop.conformance.zap_handler import reply

#: libzmq's ZMQ_PROTOCOL_ERROR_ZAP_.
_MALFORMED_REPLY = 0x20000001
_BAD_REQUEST_ID = 0x20000002
_BAD_VERSION = 0x20000003
_INVALID_STATUS = 0x20000004
_INVALID_METADATA = 0x20000005

_SERVER, _CLIENT = Keys.new(), Keys.new()

_MECHANISMS: dict[str, tuple[dict[str, object], dict[str, object]]] = {
    "NULL": ({}, {}),
    "CURVE": (
        {"security": CurveServing(_SERVER.secret)},
        {"security": CurveKeys(_SERVER.public, *_CLIENT)},
    ),
    "PLAIN": ({"security": PlainServing()}, {"security": PlainLogin(b"testuser", b"testpass")}),
}

Came = dict[str, dict[str, Any]]


def _each(server: list[tuple[str, int]], client: list[tuple[str, int]]) -> Came:
    """Nothing goes through under any mechanism, for these reasons."""
    came: dict[str, Any] = {"through": False, "server": server, "client": client}
    return dict.fromkeys(_MECHANISMS, came)


async def _meet(stage: Stage, **options: object) -> dict[str, tuple[Actor, Actor]]:
    """Connect a client to a server under each mechanism."""
    pairs: dict[str, tuple[Actor, Actor]] = {}
    for mechanism, (ours, theirs) in _MECHANISMS.items():
        server = stage.first("DEALER", routing_id=b"IDENT", zap_domain="ZAPTEST", **ours, **options)
        client = stage.second("DEALER", **theirs)
        client.connect(await server.bind(stage.address()))
        pairs[mechanism] = server, client
    return pairs


async def _failures(stage: Stage, **options: object) -> Came:
    """Connect a client to a server under each mechanism, and tell how that fails."""
    pairs = await _meet(stage, **options)
    for server, _ in pairs.values():
        await server.wait_event("handshake-failed")
    through = await go_through(stage, list(pairs.values()))
    return {
        mechanism: {"through": any_came, **reasons(*pair)}
        for (mechanism, pair), any_came in zip(pairs.items(), through, strict=True)
    }


async def _in_vain(stage: Stage, pairs: dict[str, tuple[Actor, Actor]]) -> dict[str, object]:
    """Have the clients wait in vain and then leave; tell what the servers make of it."""
    through = await go_through(stage, list(pairs.values()))
    for server, client in pairs.values():
        await client.close()
        await server.wait_event("handshake-failed")
    return {
        mechanism: [any_came, reasons(*pair)["server"]]
        for (mechanism, pair), any_came in zip(pairs.items(), through, strict=True)
    }


@scenario(
    "security_zap", expected=_each([("protocol", _BAD_VERSION)], [("no-detail", 0)]), transports=TCP
)
async def wrong_version(stage: Stage) -> object:
    """The reply's version is not 1.0."""

    def answer(request: Message) -> Message | None:
        return [b"invalid_version", *reply(request)[1:]]

    await stage.zap(answer)
    return await _failures(stage)


@scenario(
    "security_zap",
    expected=_each([("protocol", _BAD_REQUEST_ID)], [("no-detail", 0)]),
    transports=TCP,
)
async def wrong_request_id(stage: Stage) -> object:
    """The reply is to another request."""

    def answer(request: Message) -> Message | None:
        return [b"1.0", b"invalid_request_id", *reply(request)[2:]]

    await stage.zap(answer)
    return await _failures(stage)


@scenario(
    "security_zap",
    expected=_each([("protocol", _INVALID_STATUS)], [("no-detail", 0)]),
    transports=TCP,
)
async def invalid_status(stage: Stage) -> object:
    """The status is none that RFC 27 knows."""

    def answer(request: Message) -> Message | None:
        return reply(request, b"invalid_status")

    await stage.zap(answer)
    return await _failures(stage)


@scenario(
    "security_zap",
    expected=_each([("protocol", _INVALID_STATUS)], [("no-detail", 0)]),
    transports=TCP,
)
async def unknown_status(stage: Stage) -> object:
    """Nor is a number that it does not know."""

    def answer(request: Message) -> Message | None:
        return reply(request, b"201")

    await stage.zap(answer)
    return await _failures(stage)


@scenario(
    "security_zap",
    expected=_each([("protocol", _MALFORMED_REPLY)], [("no-detail", 0)]),
    transports=TCP,
)
async def too_many_parts(stage: Stage) -> object:
    """The reply has a frame too many."""

    def answer(request: Message) -> Message | None:
        return [*reply(request), b""]

    await stage.zap(answer)
    return await _failures(stage)


@scenario(
    "security_zap",
    expected=_each([("protocol", _MALFORMED_REPLY)], [("no-detail", 0)]),
    transports=TCP,
)
async def too_few_parts(stage: Stage) -> object:
    """The reply has a frame too few."""

    def answer(request: Message) -> Message | None:
        return reply(request)[:-1]

    await stage.zap(answer)
    return await _failures(stage)


@scenario(
    "security_zap",
    expected=_each([("protocol", _INVALID_METADATA)], [("no-detail", 0)]),
    transports=TCP,
)
async def invalid_metadata(stage: Stage) -> object:
    """The metadata is cut short."""

    def answer(request: Message) -> Message | None:
        return reply(request, metadata=b"\x05Hello\x00\x00\x00\x09x")

    await stage.zap(answer)
    return await _failures(stage)


@scenario("security_zap", expected=_each([("refused", 400)], [("refused", 400)]), transports=TCP)
async def refused(stage: Stage) -> object:
    """Status 400: the client is told, and does not come again."""

    def answer(request: Message) -> Message | None:
        return reply(request, b"400", b"no", b"")

    await stage.zap(answer)
    return await _failures(stage)


@scenario("security_zap", expected=_each([("refused", 500)], [("refused", 500)]), transports=TCP)
async def internal_error(stage: Stage) -> object:
    """Status 500: the same."""

    def answer(request: Message) -> Message | None:
        return reply(request, b"500")

    await stage.zap(answer)
    return await _failures(stage)


@scenario("security_zap", expected=_each([("refused", 300)], []), transports=TCP)
async def temporary_failure(stage: Stage) -> object:
    """Status 300: the client is told nothing, whether it is parted from at once or later."""

    def answer(request: Message) -> Message | None:
        return reply(request, b"300")

    await stage.zap(answer)
    pairs = await _failures(stage)
    return {
        mechanism: {**came, "client": [one for one in came["client"] if one[0] != "no-detail"]}
        for mechanism, came in pairs.items()
    }


_NOBODY_LET_IN = {key: [False, [("no-detail", 0)]] for key in _MECHANISMS}


@scenario("security_zap", expected=_NOBODY_LET_IN, transports=TCP)
async def no_handler(stage: Stage) -> object:
    """There is no handler, and a domain is enforced."""
    return await _in_vain(stage, await _meet(stage, zap_enforce_domain=True))


@scenario("security_zap", expected=_NOBODY_LET_IN, transports=TCP)
async def handler_leaves(stage: Stage) -> object:
    """The handler goes away with the questions unanswered."""
    handler = await stage.zap(lambda request: None, "ROUTER")
    pairs = await _meet(stage)
    await handler.asked(len(pairs))
    await handler.leave()
    return await _in_vain(stage, pairs)


@scenario("security_zap", expected=_NOBODY_LET_IN, transports=TCP)
async def handler_does_not_receive(stage: Stage) -> object:
    """The handler is there, but takes no questions."""
    handler = await stage.zap(reply)
    handler.deaf = True
    return await _in_vain(stage, await _meet(stage))


@scenario("security_zap", expected=_NOBODY_LET_IN, transports=TCP)
async def handler_does_not_answer(stage: Stage) -> object:
    """The handler takes the questions, and never answers."""
    handler = await stage.zap(lambda request: None, "ROUTER")
    pairs = await _meet(stage)
    await handler.asked(len(pairs))
    return await _in_vain(stage, pairs)
