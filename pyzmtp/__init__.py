"""ZeroMQ for Twisted: ZMTP in Python, over Twisted's own transports, without libzmq.

Start with the sockets, such as :class:`ReqSocket` and :class:`RepSocket`; what they have in common is
described at :class:`Socket`, :class:`SendingSocket` and :class:`ReceivingSocket`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from pyzmtp._speedups import IMPLEMENTATION

if TYPE_CHECKING:
    from pyzmtp.authentication import ZAP, AuthenticationRequest, Grant, Refusal
    from pyzmtp.authenticator import Authenticator
    from pyzmtp.callbacks import (
        MessageTransport,
        ProtocolSocket,
        connectZMQ,
        listenZMQ,
    )
    from pyzmtp.codecs import (
        decode_json,
        decode_string,
        encode_json,
        encode_string,
        receive_json,
        receive_string,
        send_json,
        send_string,
    )
    from pyzmtp.constants import ReconnectStop, RouterNotify, SocketType
    from pyzmtp.engine.events import (
        Accepted,
        AcceptFailed,
        BindFailed,
        Closed,
        CloseFailed,
        ConnectDelayed,
        Connected,
        ConnectRetried,
        Disconnected,
        Event,
        HandshakeFailed,
        HandshakeSucceeded,
        Listening,
        MessagesDropped,
        MonitorStopped,
    )
    from pyzmtp.errors import (
        AddressError,
        AddressInUse,
        AuthenticationFailed,
        AuthenticationRevoked,
        AuthenticationUnavailable,
        BindError,
        CertificateError,
        CommandError,
        CommandTooLarge,
        ConnectAborted,
        ConnectError,
        CryptographicError,
        DecodeError,
        FrameTooLarge,
        FramingError,
        HandshakeTimeout,
        HeartbeatTimeout,
        HostUnreachable,
        IncompatibleSocketType,
        KeyExchangeError,
        LibraryMissing,
        MechanismMismatch,
        MetadataError,
        NotAdmitted,
        NotPossibleNow,
        NotZMTP,
        OperationTimeout,
        OptionError,
        PeerLost,
        PeerRefused,
        ProtocolError,
        ProxyError,
        ReceiveTimeout,
        RequestTimeout,
        RoleMismatch,
        RoutingIdInUse,
        SendTimeout,
        SequenceError,
        SocketClosed,
        TLSFailed,
        TooManyPeers,
        TooManySubscriptions,
        TransportUnavailable,
        UnexpectedCommand,
        UnknownEndpoint,
        UnsupportedVersion,
        UpgradeFailed,
        UsageError,
        WebsocketClosed,
        WouldBlock,
        WrongState,
        ZapError,
        ZMTPError,
    )
    from pyzmtp.logs import LogEntry, PublishingHandler, PublishingObserver
    from pyzmtp.options import SocketOptions
    from pyzmtp.peer import Peer
    from pyzmtp.proxy import Proxy, ProxyState, ProxyStatistics
    from pyzmtp.requester import Requester
    from pyzmtp.security.curve import ALLOW_ANY, CurveClient, CurveServer
    from pyzmtp.security.keys import KeyPair, curve_keypair, curve_public
    from pyzmtp.security.null import Null
    from pyzmtp.security.plain import PlainClient, PlainServer
    from pyzmtp.security.policy import Policy
    from pyzmtp.security.tls import TLSClientCertificate
    from pyzmtp.service import ProxyService, SocketService
    from pyzmtp.sockets.base import Socket
    from pyzmtp.sockets.channel import ChannelSocket
    from pyzmtp.sockets.client import ClientSocket
    from pyzmtp.sockets.dealer import DealerSocket
    from pyzmtp.sockets.dgram import DgramSocket
    from pyzmtp.sockets.dish import DishSocket
    from pyzmtp.sockets.gather import GatherSocket
    from pyzmtp.sockets.pair import PairSocket
    from pyzmtp.sockets.peer import PeerSocket
    from pyzmtp.sockets.pub import PubSocket
    from pyzmtp.sockets.publisher import PublishingSocket
    from pyzmtp.sockets.pull import PullSocket
    from pyzmtp.sockets.push import PushSocket
    from pyzmtp.sockets.radio import RadioSocket
    from pyzmtp.sockets.receiver import ReceivingSocket
    from pyzmtp.sockets.rep import RepSocket
    from pyzmtp.sockets.req import ReqSocket
    from pyzmtp.sockets.router import RouterSocket
    from pyzmtp.sockets.scatter import ScatterSocket
    from pyzmtp.sockets.sender import SendingSocket
    from pyzmtp.sockets.server import ServerSocket
    from pyzmtp.sockets.stats import PeerQueues, Stats
    from pyzmtp.sockets.stream import StreamSocket
    from pyzmtp.sockets.sub import SubSocket
    from pyzmtp.sockets.xpub import XPubSocket
    from pyzmtp.sockets.xsub import XSubSocket
    from pyzmtp.wire.z85 import z85_decode, z85_encode

__all__ = [
    "ALLOW_ANY",
    "IMPLEMENTATION",
    "ZAP",
    "AcceptFailed",
    "Accepted",
    "AddressError",
    "AddressInUse",
    "AuthenticationFailed",
    "AuthenticationRequest",
    "AuthenticationRevoked",
    "AuthenticationUnavailable",
    "Authenticator",
    "BindError",
    "BindFailed",
    "CertificateError",
    "ChannelSocket",
    "ClientSocket",
    "CloseFailed",
    "Closed",
    "CommandError",
    "CommandTooLarge",
    "ConnectAborted",
    "ConnectDelayed",
    "ConnectError",
    "ConnectRetried",
    "Connected",
    "CryptographicError",
    "CurveClient",
    "CurveServer",
    "DealerSocket",
    "DecodeError",
    "DgramSocket",
    "Disconnected",
    "DishSocket",
    "Event",
    "FrameTooLarge",
    "FramingError",
    "GatherSocket",
    "Grant",
    "HandshakeFailed",
    "HandshakeSucceeded",
    "HandshakeTimeout",
    "HeartbeatTimeout",
    "HostUnreachable",
    "IncompatibleSocketType",
    "KeyExchangeError",
    "KeyPair",
    "LibraryMissing",
    "Listening",
    "LogEntry",
    "MechanismMismatch",
    "MessageTransport",
    "MessagesDropped",
    "MetadataError",
    "MonitorStopped",
    "NotAdmitted",
    "NotPossibleNow",
    "NotZMTP",
    "Null",
    "OperationTimeout",
    "OptionError",
    "PairSocket",
    "Peer",
    "PeerLost",
    "PeerQueues",
    "PeerRefused",
    "PeerSocket",
    "PlainClient",
    "PlainServer",
    "Policy",
    "ProtocolError",
    "ProtocolSocket",
    "Proxy",
    "ProxyError",
    "ProxyService",
    "ProxyState",
    "ProxyStatistics",
    "PubSocket",
    "PublishingHandler",
    "PublishingObserver",
    "PublishingSocket",
    "PullSocket",
    "PushSocket",
    "RadioSocket",
    "ReceiveTimeout",
    "ReceivingSocket",
    "ReconnectStop",
    "Refusal",
    "RepSocket",
    "ReqSocket",
    "RequestTimeout",
    "Requester",
    "RoleMismatch",
    "RouterNotify",
    "RouterSocket",
    "RoutingIdInUse",
    "ScatterSocket",
    "SendTimeout",
    "SendingSocket",
    "SequenceError",
    "ServerSocket",
    "Socket",
    "SocketClosed",
    "SocketOptions",
    "SocketService",
    "SocketType",
    "Stats",
    "StreamSocket",
    "SubSocket",
    "TLSClientCertificate",
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
    "XPubSocket",
    "XSubSocket",
    "ZMTPError",
    "ZapError",
    "connectZMQ",
    "curve_keypair",
    "curve_public",
    "decode_json",
    "decode_string",
    "encode_json",
    "encode_string",
    "listenZMQ",
    "receive_json",
    "receive_string",
    "send_json",
    "send_string",
    "z85_decode",
    "z85_encode",
]

#: Where the public names are at home, each imported from there when it is first asked for: a program takes
#: no longer to start than what it uses.
_HOMES: Final = {
    "pyzmtp.authentication": "ZAP AuthenticationRequest Grant Refusal",
    "pyzmtp.authenticator": "Authenticator",
    "pyzmtp.callbacks": "MessageTransport ProtocolSocket connectZMQ listenZMQ",
    "pyzmtp.codecs": """
        decode_json decode_string encode_json encode_string receive_json receive_string
        send_json send_string
    """,
    "pyzmtp.constants": "ReconnectStop RouterNotify SocketType",
    "pyzmtp.engine.events": """
        Accepted AcceptFailed BindFailed Closed CloseFailed ConnectDelayed Connected
        ConnectRetried Disconnected Event HandshakeFailed HandshakeSucceeded Listening
        MessagesDropped MonitorStopped
    """,
    "pyzmtp.errors": """
        AddressError AddressInUse AuthenticationFailed AuthenticationRevoked
        AuthenticationUnavailable BindError CertificateError CommandError CommandTooLarge
        ConnectAborted ConnectError CryptographicError DecodeError FrameTooLarge
        FramingError HandshakeTimeout HeartbeatTimeout HostUnreachable
        IncompatibleSocketType KeyExchangeError LibraryMissing MechanismMismatch
        MetadataError NotAdmitted NotPossibleNow NotZMTP OperationTimeout OptionError
        PeerLost PeerRefused ProtocolError ProxyError ReceiveTimeout RequestTimeout
        RoleMismatch RoutingIdInUse SendTimeout SequenceError SocketClosed TLSFailed
        TooManyPeers TooManySubscriptions TransportUnavailable UnexpectedCommand
        UnknownEndpoint UnsupportedVersion UpgradeFailed UsageError WebsocketClosed
        WouldBlock WrongState ZapError ZMTPError
    """,
    "pyzmtp.logs": "LogEntry PublishingHandler PublishingObserver",
    "pyzmtp.options": "SocketOptions",
    "pyzmtp.peer": "Peer",
    "pyzmtp.proxy": "Proxy ProxyState ProxyStatistics",
    "pyzmtp.requester": "Requester",
    "pyzmtp.security.curve": "ALLOW_ANY CurveClient CurveServer",
    "pyzmtp.security.keys": "KeyPair curve_keypair curve_public",
    "pyzmtp.security.null": "Null",
    "pyzmtp.security.plain": "PlainClient PlainServer",
    "pyzmtp.security.policy": "Policy",
    "pyzmtp.security.tls": "TLSClientCertificate",
    "pyzmtp.service": "ProxyService SocketService",
    "pyzmtp.sockets.base": "Socket",
    "pyzmtp.sockets.channel": "ChannelSocket",
    "pyzmtp.sockets.client": "ClientSocket",
    "pyzmtp.sockets.dealer": "DealerSocket",
    "pyzmtp.sockets.dgram": "DgramSocket",
    "pyzmtp.sockets.dish": "DishSocket",
    "pyzmtp.sockets.gather": "GatherSocket",
    "pyzmtp.sockets.pair": "PairSocket",
    "pyzmtp.sockets.peer": "PeerSocket",
    "pyzmtp.sockets.pub": "PubSocket",
    "pyzmtp.sockets.publisher": "PublishingSocket",
    "pyzmtp.sockets.pull": "PullSocket",
    "pyzmtp.sockets.push": "PushSocket",
    "pyzmtp.sockets.radio": "RadioSocket",
    "pyzmtp.sockets.receiver": "ReceivingSocket",
    "pyzmtp.sockets.rep": "RepSocket",
    "pyzmtp.sockets.req": "ReqSocket",
    "pyzmtp.sockets.router": "RouterSocket",
    "pyzmtp.sockets.scatter": "ScatterSocket",
    "pyzmtp.sockets.sender": "SendingSocket",
    "pyzmtp.sockets.server": "ServerSocket",
    "pyzmtp.sockets.stats": "PeerQueues Stats",
    "pyzmtp.sockets.stream": "StreamSocket",
    "pyzmtp.sockets.sub": "SubSocket",
    "pyzmtp.sockets.xpub": "XPubSocket",
    "pyzmtp.sockets.xsub": "XSubSocket",
    "pyzmtp.wire.z85": "z85_decode z85_encode",
}
_HOME_OF: Final = {name: home for home, names in _HOMES.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    if name in _HOME_OF:
        value = globals()[name] = getattr(import_module(_HOME_OF[name]), name)
        return value
    if name == "__version__":
        # Read only when asked for: it costs more than half of the import.
        from importlib.metadata import PackageNotFoundError, version

        try:
            return version("pyzmtp")
        except PackageNotFoundError as error:
            raise AttributeError("pyzmtp is not installed, so it has no version") from error
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
