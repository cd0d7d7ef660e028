"""Every error that pyzmtp raises, in one tree of three branches.

::

    ZMTPError
    ├── ProtocolError                  what a peer did; ``libzmq_code`` is libzmq's number for it
    │   ├── NotZMTP                    the first bytes are no ZMTP greeting
    │   ├── UnsupportedVersion         a ZMTP older than ``min_version``
    │   ├── MechanismMismatch          the two sides are configured for different mechanisms
    │   ├── FramingError               a frame that the rules forbid
    │   │   └── FrameTooLarge          longer than ``max_message_size``
    │   │       └── CommandTooLarge    a handshake's command, longer than any may be
    │   ├── CommandError               a malformed command
    │   │   ├── UnexpectedCommand      a well-formed one at the wrong time
    │   │   ├── RoleMismatch           both sides are clients, or both are servers
    │   │   └── MetadataError          a malformed or forbidden property in READY
    │   ├── IncompatibleSocketType     for example a PUSH that met a SUB
    │   ├── RoutingIdInUse             a second peer with a routing id that is taken
    │   ├── TooManyPeers               the peer was one more than a limit or a PAIR allows
    │   ├── NotAdmitted                the peer is none that the filters of a bind let in
    │   ├── TooManySubscriptions       the peer subscribed to more than ``max_subscriptions``
    │   ├── HandshakeTimeout           the handshake took longer than ``handshake_timeout``
    │   ├── HeartbeatTimeout           the peer was silent for too long
    │   ├── PeerRefused                the peer sent ERROR and its reason
    │   ├── AuthenticationFailed       one side does not let the other in: 300, 400 or 500
    │   ├── AuthenticationRevoked      a peer that had been let in is so no more
    │   ├── AuthenticationUnavailable  nobody said whether the peer may come in
    │   ├── ZapError                   the reply of a ZAP handler is malformed
    │   ├── CryptographicError         a box that does not open: other keys, or changed bytes
    │   ├── KeyExchangeError           a CURVE client's vouch is for another connection
    │   ├── SequenceError              a nonce that is not above the last one
    │   ├── UpgradeFailed              the peer made no websocket of the connection
    │   ├── WebsocketClosed            the peer has closed its websocket
    │   ├── TLSFailed                  what came is not TLS, or TLS could not be agreed on
    │   └── DecodeError                a message that is no text or JSON, where that is expected
    ├── UsageError                     what the caller did
    │   ├── WrongState                 for example two sends in a row on a REQ (``EFSM``)
    │   ├── OptionError                a value that an option does not take (also a ``ValueError``)
    │   ├── AddressError               an address that cannot be understood (also a ``ValueError``)
    │   ├── UnknownEndpoint            unbind or disconnect of what is not there (``ENOENT``)
    │   ├── TransportUnavailable       this reactor has no such transport
    │   ├── CertificateError           a file that holds no CURVE key (also a ``ValueError``)
    │   ├── LibraryMissing             an optional library is not installed
    │   └── SocketClosed               the socket is closed, or was closed meanwhile
    └── NotPossibleNow                 what could not be done at this moment
        ├── WouldBlock                 a queue is full, nothing to do but wait (``EAGAIN``)
        ├── OperationTimeout           (also a ``TimeoutError``)
        │   ├── SendTimeout            ``send_timeout`` passed
        │   ├── ReceiveTimeout         ``receive_timeout`` passed
        │   └── RequestTimeout         no reply within the ``timeout`` of a request
        ├── HostUnreachable            a ROUTER or STREAM knows no such peer (``EHOSTUNREACH``)
        ├── PeerLost                   the peer that had our request went away
        ├── AddressInUse               somebody else listens there (``EADDRINUSE``)
        ├── BindError                  the operating system refused the address
        ├── ConnectError               one attempt to connect failed; more may follow
        ├── ProxyError                 why: the SOCKS proxy did not open a tunnel
        └── ConnectAborted             the connection was ended before it was ready

Errors carry fields, so that no program needs to read their text.
"""

from __future__ import annotations

from pyzmtp.errors.base import (
    ZMTPError,
)
from pyzmtp.errors.not_possible_now import (
    AddressInUse,
    BindError,
    ConnectAborted,
    ConnectError,
    HostUnreachable,
    NotPossibleNow,
    OperationTimeout,
    PeerLost,
    ProxyError,
    ReceiveTimeout,
    RequestTimeout,
    SendTimeout,
    WouldBlock,
)
from pyzmtp.errors.protocol import (
    CommandError,
    CommandTooLarge,
    DecodeError,
    FrameTooLarge,
    FramingError,
    HandshakeTimeout,
    HeartbeatTimeout,
    IncompatibleSocketType,
    MechanismMismatch,
    MetadataError,
    NotAdmitted,
    NotZMTP,
    PeerRefused,
    ProtocolError,
    RoutingIdInUse,
    TooManyPeers,
    TooManySubscriptions,
    UnexpectedCommand,
    UnsupportedVersion,
    UpgradeFailed,
    WebsocketClosed,
)
from pyzmtp.errors.security import (
    AuthenticationFailed,
    AuthenticationRevoked,
    AuthenticationUnavailable,
    CryptographicError,
    KeyExchangeError,
    RoleMismatch,
    SequenceError,
    TLSFailed,
    ZapError,
)
from pyzmtp.errors.usage import (
    AddressError,
    CertificateError,
    LibraryMissing,
    OptionError,
    SocketClosed,
    TransportUnavailable,
    UnknownEndpoint,
    UsageError,
    WrongState,
)

__all__ = [
    "AddressError",
    "AddressInUse",
    "AuthenticationFailed",
    "AuthenticationRevoked",
    "AuthenticationUnavailable",
    "BindError",
    "CertificateError",
    "CommandError",
    "CommandTooLarge",
    "ConnectAborted",
    "ConnectError",
    "CryptographicError",
    "DecodeError",
    "FrameTooLarge",
    "FramingError",
    "HandshakeTimeout",
    "HeartbeatTimeout",
    "HostUnreachable",
    "IncompatibleSocketType",
    "KeyExchangeError",
    "LibraryMissing",
    "MechanismMismatch",
    "MetadataError",
    "NotAdmitted",
    "NotPossibleNow",
    "NotZMTP",
    "OperationTimeout",
    "OptionError",
    "PeerLost",
    "PeerRefused",
    "ProtocolError",
    "ProxyError",
    "ReceiveTimeout",
    "RequestTimeout",
    "RoleMismatch",
    "RoutingIdInUse",
    "SendTimeout",
    "SequenceError",
    "SocketClosed",
    "TLSFailed",
    "TooManyPeers",
    "TooManySubscriptions",
    "TransportUnavailable",
    "UnexpectedCommand",
    "UnknownEndpoint",
    "UnsupportedVersion",
    "UpgradeFailed",
    "UsageError",
    "WebsocketClosed",
    "WouldBlock",
    "WrongState",
    "ZMTPError",
    "ZapError",
]
