"""Who may talk to whom in the simulation: the keys and passwords of each mechanism."""

from __future__ import annotations

from typing import Final

from pyzmtp import CurveClient, CurveServer, PlainClient, PlainServer, curve_keypair
from pyzmtp.security.policy import Policy

__all__ = ["policy_of"]

_SERVER: Final = curve_keypair()
_CLIENT: Final = curve_keypair()
_STRANGER: Final = curve_keypair()

_PLAIN: Final[dict[str, Policy]] = {
    "server": PlainServer({"player": "secret"}),
    "client": PlainClient("player", "secret"),
    "intruder": PlainClient("player", "guessed"),
}
_CURVE: Final[dict[str, Policy]] = {
    "server": CurveServer(_SERVER.secret, allow=[_CLIENT.public]),
    "client": CurveClient(_SERVER.public, key_pair=_CLIENT),
    "intruder": CurveClient(_SERVER.public, key_pair=_STRANGER),
}


def policy_of(mechanism: str, binds: bool, intruder: bool) -> Policy | None:
    """What a player shows of itself, and asks of others."""
    if mechanism == "NULL":
        return None
    policies = _PLAIN if mechanism == "PLAIN" else _CURVE
    return policies["server" if binds else "intruder" if intruder else "client"]
