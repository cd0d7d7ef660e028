"""The rules that what passes may break, by the names under which they can be read up."""

from __future__ import annotations

from typing import Final

from attrs import frozen

__all__ = [
    "CURVE",
    "FRAMING",
    "GRAMMAR",
    "HEARTBEAT",
    "IDENTITY",
    "MECHANISM",
    "NULL",
    "ONE_FRAME",
    "PIPELINE",
    "PLAIN",
    "PUB_SUB",
    "RADIO_DISH",
    "REQ_REP",
    "SCATTER_GATHER",
    "SOCKET_TYPE",
    "SUBSCRIBER",
    "ZMTP_1",
    "ZMTP_1_IDENTITY",
    "ZMTP_2",
    "ZMTP_2_FRAMING",
    "ZMTP_2_TYPES",
    "Fault",
    "Undecodable",
]

GRAMMAR: Final = 'RFC 37, "Formal Grammar"'
MECHANISM: Final = 'RFC 37, "Authentication and Confidentiality"'
FRAMING: Final = 'RFC 37, "Framing"'
NULL: Final = 'RFC 37, "The NULL Security Mechanism"'
SOCKET_TYPE: Final = 'RFC 37, "The Socket-Type Property"'
IDENTITY: Final = 'RFC 37, "The Identity Property"'
PUB_SUB: Final = 'RFC 37, "The Publish-Subscribe Pattern"'
RADIO_DISH: Final = 'RFC 37, "The Radio-Dish Pattern"'
ONE_FRAME: Final = 'RFC 37, "Thread-Safe Socket Types"'
HEARTBEAT: Final = 'RFC 37, "Connection Heartbeating"'
PLAIN: Final = 'RFC 24, "Implementation"'
CURVE: Final = 'RFC 26, "CurveZMQ Commands"'
REQ_REP: Final = 'RFC 28, "The REP Socket Type"'
SUBSCRIBER: Final = 'RFC 29, "The SUB Socket Type"'
PIPELINE: Final = 'RFC 30, "The PULL Socket Type"'
SCATTER_GATHER: Final = 'RFC 49, "The GATHER Socket Type"'
ZMTP_2: Final = 'RFC 15, "Formal Grammar"'
ZMTP_2_FRAMING: Final = 'RFC 15, "Framing"'
ZMTP_2_TYPES: Final = 'RFC 15, "Socket Compatibility"'
ZMTP_1: Final = 'RFC 13, "The Framing Layer"'
ZMTP_1_IDENTITY: Final = 'RFC 13, "The Connection Layer"'


@frozen
class Fault:
    """What is wrong, and the rule that says so."""

    problem: str
    rule: str

    def __str__(self) -> str:
        return f"{self.problem} ({self.rule})"


class Undecodable(Exception):
    """A fault behind which nobody can tell where frames begin."""

    def __init__(self, problem: str, rule: str) -> None:
        super().__init__(problem)
        self.fault = Fault(problem, rule)
