"""The tree of errors: as it is drawn, with fields, in words that help."""

from __future__ import annotations

import copy
import pickle
import re
from collections.abc import Callable
from typing import Any, Final

import pytest

import pyzmtp
from pyzmtp import errors
from pyzmtp.constants import SocketType
from pyzmtp.errors import ProtocolError, ZMTPError

_REASON: Final = OSError(98, "Address already in use")

#: What each error is made of. A plain text has no field.
_FIELDS: Final[dict[str, dict[str, Any]]] = {
    "ZMTPError": {},
    "ProtocolError": {},
    "NotZMTP": {"data": b"GET / HTTP"},
    "UnsupportedVersion": {"version": (2, 0), "minimum": (3, 0)},
    "MechanismMismatch": {"ours": "NULL", "theirs": "CURVE"},
    "FramingError": {},
    "FrameTooLarge": {"size": 4000, "limit": 300},
    "CommandTooLarge": {"command": "HELLO", "size": 4000, "limit": 300},
    "CommandError": {"command": "PING", "problem": "too short"},
    "UnexpectedCommand": {"command": "PING", "expected": "READY"},
    "MetadataError": {"command": "READY", "problem": "cut short"},
    "IncompatibleSocketType": {"ours": SocketType.PUSH, "theirs": "SUB"},
    "RoutingIdInUse": {"routing_id": b"twin"},
    "TooManyPeers": {"limit": 7},
    "NotAdmitted": {"peer_address": "192.0.2.1:5000"},
    "TooManySubscriptions": {"limit": 7},
    "HeartbeatTimeout": {"seconds": 1.5},
    "HandshakeTimeout": {"seconds": 30.0},
    "PeerRefused": {"reason": "Get lost"},
    "AuthenticationFailed": {
        "status": 400,
        "reason": "no such key",
        "mechanism": "CURVE",
        "address": "tcp://127.0.0.1:5",
    },
    "AuthenticationRevoked": {"reason": "its key was removed"},
    "AuthenticationUnavailable": {"problem": "no ZAP handler"},
    "ZapError": {"problem": "6 frames", "libzmq_code": 0x20000001},
    "CryptographicError": {"command": "INITIATE"},
    "KeyExchangeError": {},
    "SequenceError": {"command": "MESSAGE"},
    "TLSFailed": {"problem": "certificate verify failed"},
    "RoleMismatch": {"mechanism": "PLAIN", "role": "client"},
    "UpgradeFailed": {"problem": "HTTP status 404"},
    "WebsocketClosed": {"code": 1000, "reason": "done"},
    "DecodeError": {"message": [b"\xff", b"{"], "problem": "no UTF-8 at byte 0"},
    "UsageError": {},
    "WrongState": {},
    "OptionError": {"option": "send_hwm", "value": -5, "problem": "from 0 up"},
    "AddressError": {"address": "tpc://x", "problem": "no such transport"},
    "UnknownEndpoint": {"address": "tcp://127.0.0.1:5"},
    "TransportUnavailable": {"address": "ipc:///x", "interface": "IReactorUNIX"},
    "CertificateError": {"path": "server.key", "line": 7, "problem": "a second public-key"},
    "LibraryMissing": {"what": "socks_proxy", "library": "socksio", "extra": "socks"},
    "SocketClosed": {},
    "NotPossibleNow": {},
    "WouldBlock": {},
    "OperationTimeout": {"seconds": 1.5},
    "SendTimeout": {"seconds": 1.5},
    "ReceiveTimeout": {"seconds": 1.5},
    "RequestTimeout": {"seconds": 1.5},
    "HostUnreachable": {"routing_id": b"nobody"},
    "PeerLost": {"address": "tcp://127.0.0.1:5"},
    "AddressInUse": {"address": "tcp://127.0.0.1:5"},
    "BindError": {"address": "tcp://127.0.0.1:5", "reason": _REASON},
    "ConnectError": {"address": "tcp://127.0.0.1:5", "reason": _REASON},
    "ProxyError": {"proxy": "127.0.0.1:1080", "problem": "connection refused", "reply": 5},
    "ConnectAborted": {"address": "tcp://127.0.0.1:5"},
}

#: What they are besides, for programs that know nothing of pyzmtp.
_ALSO: Final[dict[str, type[Exception]]] = {
    "OptionError": ValueError,
    "AddressError": ValueError,
    "CertificateError": ValueError,
    "OperationTimeout": TimeoutError,
}

#: PARITY.md 6: libzmq's protocol error codes; 0x10000000 is "unspecified".
_LIBZMQ_CODES: Final = {
    "UnexpectedCommand": 0x10000001,
    "CommandError": 0x10000011,
    "MetadataError": 0x10000018,
    "IncompatibleSocketType": 0x10000018,
    "MechanismMismatch": 0x11000002,
    "UpgradeFailed": 0x30000000,
    "RoleMismatch": 0x10000001,
    "CryptographicError": 0x11000001,
    "KeyExchangeError": 0x10000003,
    "SequenceError": 0x10000002,
}
#: Errors that are always about the same: they have no field, and no text to be given.
_FIXED: Final = {"SocketClosed", "KeyExchangeError"}


def _class(name: str) -> type[ZMTPError]:
    found: type[ZMTPError] = getattr(errors, name)
    return found


def _new(name: str) -> ZMTPError:
    if name == "OperationTimeout":
        return errors.OperationTimeout("it did not happen", 1.5)
    if name in _FIXED or _FIELDS[name]:
        return _class(name)(*_FIELDS[name].values())
    return _class(name)("what went wrong")


def _drawn() -> dict[str, str | None]:
    """The tree in the docstring: each class and its parent."""
    assert errors.__doc__ is not None
    parents: dict[str, str | None] = {}
    path: list[str] = []
    for line in errors.__doc__.splitlines():
        drawn = re.match(r"    ([│├└─ ]*)([A-Z]\w+)", line)
        if drawn:
            depth = len(drawn[1]) // 4
            path[depth:] = [drawn[2]]
            parents[drawn[2]] = path[depth - 1] if depth else None
    return parents


_ALL = pytest.mark.parametrize("name", _FIELDS)


def test_the_tree_is_as_it_is_drawn() -> None:
    real = {}
    for name in errors.__all__:
        parents = [base.__name__ for base in _class(name).__bases__ if issubclass(base, ZMTPError)]
        assert len(parents) == (name != "ZMTPError")
        real[name] = parents[0] if parents else None
    assert real == _drawn()


def test_every_error_is_in_this_test() -> None:
    assert set(_FIELDS) == set(errors.__all__)


@_ALL
def test_an_error_carries_its_fields(name: str) -> None:
    error = _new(name)
    for field, value in _FIELDS[name].items():
        assert getattr(error, field) == value


@_ALL
def test_an_errors_text_is_a_phrase_that_names_its_fields(name: str) -> None:
    text = str(_new(name))
    assert text
    assert "\n" not in text
    assert "object at 0x" not in text
    assert text[-1] not in ".!"
    for field, value in _FIELDS[name].items():
        if isinstance(value, tuple):
            shown = ".".join(map(str, value))
        elif isinstance(value, SocketType):
            shown = value.value
        else:
            shown = repr(value) if isinstance(value, bytes) else str(value)
        # A message may be of any size, and is nobody else's business.
        assert shown in text or field in ("libzmq_code", "message")


@_ALL
def test_an_error_says_in_its_docstring_what_it_means(name: str) -> None:
    assert _class(name).__doc__
    assert _class(name).__doc__ != (_class(name).__base__ or object).__doc__


@_ALL
def test_an_error_can_be_imported_from_the_package(name: str) -> None:
    assert getattr(pyzmtp, name) is _class(name)


@pytest.mark.parametrize(("name", "builtin"), _ALSO.items())
def test_some_errors_are_what_python_calls_them_too(name: str, builtin: type[Exception]) -> None:
    assert isinstance(_new(name), builtin)
    also = {other for other in errors.__all__ if issubclass(_class(other), builtin)}
    assert name in also


def test_whatever_a_peer_did_has_libzmqs_number() -> None:
    for name in errors.__all__:
        cls = _class(name)
        if issubclass(cls, ProtocolError):
            assert cls.libzmq_code == _LIBZMQ_CODES.get(name, 0), name
        else:
            assert not hasattr(cls, "libzmq_code")


def test_an_unexpected_command_has_a_problem_like_any_command_error() -> None:
    error = errors.UnexpectedCommand("PING", "READY")
    assert error.problem == "expected READY"


def test_the_three_branches_are_told_apart() -> None:
    for name in errors.__all__:
        branches = [
            branch
            for branch in (ProtocolError, errors.UsageError, errors.NotPossibleNow)
            if issubclass(_class(name), branch)
        ]
        assert len(branches) == (name != "ZMTPError"), name


_COPIES: Final[dict[str, Callable[[ZMTPError], ZMTPError]]] = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda error: pickle.loads(pickle.dumps(error)),
}


@_ALL
@pytest.mark.parametrize("how", _COPIES)
def test_an_error_can_be_copied_and_sent_elsewhere(name: str, how: str) -> None:
    """As multiprocessing and ``trial -j`` do."""
    error = _new(name)
    again = _COPIES[how](error)
    assert again is not error
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert again.args == error.args
    for field in _FIELDS[name]:
        assert repr(getattr(again, field)) == repr(getattr(error, field))
