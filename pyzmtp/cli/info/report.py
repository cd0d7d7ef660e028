"""What was found out of a peer, for people and for programs: :func:`facts`, :func:`advice`."""

from __future__ import annotations

from typing import Any, Final

from pyzmtp.cli.formats.quoted import quote
from pyzmtp.cli.info.probe import PeerClosed, Probed
from pyzmtp.errors import NotZMTP

__all__ = ["advice", "as_text", "facts"]

#: What to say on the command line to somebody with this mechanism.
_FLAGS: Final = {
    "PLAIN": "--plain-username NAME",
    "CURVE": "--curve-server KEY",
}
_OWN: Final = ("socket-type", "identity")


def facts(address: str, probed: Probed, problem: str = "") -> dict[str, Any]:
    """All that is known, as JSON can hold it; what is not known is missing."""
    findings = probed.findings
    known: dict[str, Any] = {"address": address, "peer_address": probed.peer_address}
    greeting = findings.greeting
    if greeting is not None:
        known["version"] = "{}.{}".format(*greeting.version)
        if findings.mechanism:
            known["mechanism"] = _shown(findings.mechanism)
            known["as_server"] = greeting.as_server
    if findings.socket_type:
        known["socket_type"] = _shown(findings.socket_type)
    properties = findings.properties or {}
    for name, value in properties.items():
        if name.lower() == "identity":
            known["identity"] = quote(value).decode()
    metadata = {
        name: quote(value).decode()
        for name, value in properties.items()
        if name.lower() not in _OWN
    }
    if findings.properties is not None:
        known["metadata"] = metadata
    if findings.joined is not None:
        known["joined_as"] = findings.joined.value
    known["connect_seconds"] = probed.connect_seconds
    if findings.handshake_seconds is not None:
        known["handshake_seconds"] = findings.handshake_seconds
    if findings.ping_seconds is not None:
        known["ping_seconds"] = findings.ping_seconds
    if problem:
        known["problem"] = problem
    return known


def _shown(text: str) -> str:
    """What a peer has said, which may be anything, so that a terminal can show it."""
    return quote(text.encode()).decode()


def as_text(known: dict[str, Any]) -> str:
    """The same, a line each."""
    lines = [("address", _where(known))]
    if "version" in known:
        lines.append(("version", f"ZMTP {known['version']}"))
    if "mechanism" in known:
        server = ", as server" if known["as_server"] else ""
        lines.append(("mechanism", known["mechanism"] + server))
    if "socket_type" in known:
        lines.append(("socket type", known["socket_type"]))
    if known.get("identity"):
        lines.append(("identity", known["identity"]))
    lines += [("metadata", f"{name}: {value}") for name, value in known.get("metadata", {}).items()]
    lines.append(("round trip", _round_trip(known)))
    return "\n".join(f"{name + ':':<13}{value}" for name, value in lines)


def _where(known: dict[str, Any]) -> str:
    address: str = known["address"]
    peer_address: str = known["peer_address"]
    return address if peer_address in address else f"{address} ({peer_address})"


def _round_trip(known: dict[str, Any]) -> str:
    for name, how in (
        ("ping_seconds", "PING"),
        ("handshake_seconds", "handshake, without PING"),
        ("connect_seconds", "connecting, without PING"),
    ):
        if name in known:
            return f"{known[name] * 1000:.2f} ms ({how})"
    raise KeyError("connect_seconds")


def advice(probed: Probed) -> str:
    """Why not all is known, and what to do; nothing if there is nothing to say."""
    error, findings = probed.error, probed.findings
    greeting, mechanism = findings.greeting, findings.mechanism
    if isinstance(error, NotZMTP) and error.data[:2] == b"\x01\x00":
        return f"{error}. That may be ZMTP 1.0, of libzmq 2"
    if isinstance(error, PeerClosed) and probed.expected == "WELCOME":
        return f"{error}. It may have another key than that"
    if error is not None:
        return str(error)
    if greeting is None or greeting.version < (3, 0) or findings.properties is not None:
        return ""
    if mechanism in _FLAGS:
        return f"it wants {mechanism}: to hear more, say {_FLAGS[mechanism]}"
    return f"its mechanism {mechanism!r} is unknown here"
