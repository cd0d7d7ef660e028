"""One place that says who may come in, for all sockets of a reactor: :class:`Authenticator`."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Final, Protocol, TypeVar, runtime_checkable
from weakref import WeakSet

from attrs import evolve
from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from pyzmtp.authentication import AuthenticationRequest, Check, Grant, Refusal, Verdict
from pyzmtp.certificates import CertificateDirectory
from pyzmtp.constants import PROPERTY_NAME_CHARACTERS
from pyzmtp.errors import OptionError, UsageError, WrongState
from pyzmtp.net.address_list import AddressList
from pyzmtp.net.authentication import authenticate
from pyzmtp.net.reactor import Reactor
from pyzmtp.security.curve import AnyClient
from pyzmtp.security.keys import Text, key_bytes
from pyzmtp.security.plain import Passwords
from pyzmtp.security.policy import SecretPolicy
from pyzmtp.validators import check_callable
from pyzmtp.wire.z85 import z85_encode
from pyzmtp.zap_server import ZapServer

__all__ = ["Authenticator", "KeyStore"]

_Self = TypeVar("_Self", bound="Authenticator")
_V = TypeVar("_V")

_log: Final = Logger()

#: The domain that stands for all that have no settings of their own.
_EVERY_DOMAIN: Final = "*"


@runtime_checkable
class KeyStore(Protocol):
    """Public keys that may change, such as a :class:`CertificateDirectory`."""

    def keys(self) -> Mapping[bytes, Any]:
        """By key (32 bytes), what is known of its owner: a user id, or an object that may have
        ``metadata``, such as a certificate.
        """

    def refresh(self) -> bool:
        """Look whether the keys have changed."""


_Location = AnyClient | Mapping[Text, str] | Iterable[Text] | KeyStore


class _FixedKeys:
    """A collection of keys."""

    def __init__(self, keys: Mapping[Text, str] | Iterable[Text]) -> None:
        known = keys if isinstance(keys, Mapping) else dict.fromkeys(keys)
        self._keys = {key_bytes("location", key): user_id for key, user_id in known.items()}

    def keys(self) -> Mapping[bytes, str | None]:
        return self._keys

    def refresh(self) -> bool:
        return False


class Authenticator(SecretPolicy):
    """Decides on peers by address, password and key, as pyzmq's ``zmq.auth.Authenticator`` does.

    It can be given to a policy as ``check`` or ``allow``: ``PlainServer(authenticator)``,
    ``CurveServer(secret_key, allow=authenticator)``. Between :meth:`start` and :meth:`stop` it is the
    ZAP handler of ``reactor`` as well, for the sockets whose policies say :data:`ZAP`, and for the
    domains of NULL.

    Until something is configured every NULL peer may come in, and no PLAIN or CURVE peer. What is
    configured for the domain ``"*"`` holds for every domain without settings of its own.

    A change counts for the peers that are there too: who would not be let in any more is parted from,
    with :exc:`AuthenticationRevoked`. Only who was let in by a callback is not asked about again.

    ``reload_interval``: seconds after which certificates are looked at again, while it is started; else
    that happens when a peer comes, or by :meth:`reload`.
    """

    def __init__(self, reactor: Reactor, *, reload_interval: float = 1.0) -> None:
        if not isinstance(reload_interval, int | float) or not reload_interval > 0:
            raise UsageError(f"reload_interval={reload_interval!r}: it takes seconds above 0")
        self._reactor = reactor
        self._reload_interval = reload_interval
        self._reloaded = reactor.seconds()
        self._reloading = LoopingCall(self.reload)
        self._reloading.clock = reactor
        self._server: ZapServer | None = None
        self._allowed = AddressList()
        self._denied = AddressList()
        self._passwords: dict[str, Passwords] = {}
        self._keys: dict[str, KeyStore | Check | None] = {}  # None: any key will do
        self._known: dict[str, frozenset[bytes]] = {}  # when the peers were last judged
        self._revoked_keys: set[bytes] = set()
        self._admitted: WeakSet[AuthenticationRequest] = WeakSet()

    # As a ZAP handler

    def start(self) -> Deferred[None]:
        """Answer the reactor's sockets at ``inproc://zeromq.zap.01``.

        Raises :exc:`WrongState` if it does; fails with :exc:`AddressInUse` if there is another handler.
        """
        if self._server is not None:
            raise WrongState("the Authenticator is started")
        server = ZapServer(self._reactor, self)
        started = server.start()
        started.addCallbacks(
            lambda _: self._started(server), lambda failure: _stop(server, failure)
        )
        return started  # type: ignore[return-value]

    def _started(self, server: ZapServer) -> None:
        self._server = server
        self._reloading.start(self._reload_interval, now=False)

    def stop(self) -> Deferred[None]:
        """Answer no more; fires when nothing is left in the reactor. The peers stay."""
        server, self._server = self._server, None
        if self._reloading.running:
            self._reloading.stop()
        return succeed(None) if server is None else server.stop()

    async def __aenter__(self: _Self) -> _Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.stop()

    # The settings

    def allow(self, *addresses: str) -> None:
        """Refuse all peers but those at ``addresses``, which still have to pass their mechanism.

        An address is an IP address, a network (``"10.0.0.0/8"``), or ``"localhost:uid:gid:pid"``, whose
        end may be missing, for ``ipc://``. Raises :exc:`UsageError` for another, and after :meth:`deny`.
        """
        if self._denied:
            raise UsageError("there is deny() already: use one of allow() and deny()")
        self._allowed.update(*addresses)
        self._judge_again()

    def deny(self, *addresses: str) -> None:
        """Refuse the peers at ``addresses``; see :meth:`allow`, which it excludes."""
        if self._allowed:
            raise UsageError("there is allow() already: use one of allow() and deny()")
        self._denied.update(*addresses)
        self._judge_again()

    def configure_plain(
        self,
        domain: str = _EVERY_DOMAIN,
        passwords: Mapping[str, Text] | Mapping[bytes, Text] | None = None,
    ) -> None:
        """Let in who knows one of the ``passwords``, by name; none at all ends that.

        They are copied, and take the place of those that the domain had. Raises :exc:`OptionError`.
        """
        self._passwords[_checked(domain)] = Passwords(passwords or {})
        self._judge_again()

    def configure_curve(
        self,
        domain: str = _EVERY_DOMAIN,
        location: str | os.PathLike[str] | _Location | None = None,
    ) -> None:
        """Let in who has one of the keys at ``location``, in place of what the domain had.

        ``location``: a directory of certificates, whose changes count from the next look on (see
        ``reload_interval``); :data:`ALLOW_ANY`; a collection of keys, each 32 bytes or 40 characters of
        Z85; a mapping of these to user ids; or a :class:`KeyStore`. What certificates say of their
        owners becomes metadata of the peers.

        Raises :exc:`OptionError` for what is no key, :exc:`OSError` for a directory that cannot be read,
        :exc:`TypeError` for another location or none.
        """
        self._keys[_checked(domain)] = _key_store(location)
        self._judge_again()

    def configure_curve_callback(
        self, domain: str = _EVERY_DOMAIN, provider: Check | None = None
    ) -> None:
        """Let ``provider(request)`` decide on keys (``request.public_key``), in place of what was.

        See :data:`Check` for what it may return; the user id of a peer for which it says no other is
        :meth:`curve_user_id`. Raises :exc:`TypeError` for what cannot be called.
        """
        check_callable(provider)
        self._keys[_checked(domain)] = provider
        self._judge_again()

    def revoke_key(self, public_key: Text) -> None:
        """Let nobody in with this key any more, wherever it stands, and part from who used it.

        Raises :exc:`OptionError`.
        """
        self._revoked_keys.add(key_bytes("public_key", public_key))
        self._judge_again()

    def reload(self) -> None:
        """Look at once whether certificates have changed."""
        self._reloaded = self._reactor.seconds()
        known = {}
        for domain, store in self._keys.items():
            if isinstance(store, KeyStore):
                with _logged("Keys cannot be read again"):  # it keeps those that it had
                    store.refresh()
                    known[domain] = frozenset(store.keys())
        # What refresh() says would not do: somebody else may have called it before.
        if known != self._known:
            self._known = known
            self._judge_again()

    def curve_user_id(self, public_key: bytes) -> str:
        """The user id of the peer that has this key, 32 bytes: the key in Z85.

        To be overridden by who knows better.
        """
        return z85_encode(public_key)

    # The decision

    def __call__(self, request: AuthenticationRequest) -> Verdict | Deferred[Verdict]:
        """Decide on a peer; see :data:`Check`."""
        if self._reactor.seconds() - self._reloaded >= self._reload_interval:
            self.reload()
        objection = self._objection(request)
        if objection is not None:
            return Refusal(reason=objection)
        keys = self._keys_of(request) if request.mechanism == "CURVE" else None
        if keys is not None and not isinstance(keys, KeyStore):
            return Deferred.fromCoroutine(self._ask_provider(keys, request))
        self._admitted.add(request)
        return self._grant(request, keys)

    async def _ask_provider(self, provider: Check, request: AuthenticationRequest) -> Verdict:
        verdict = await authenticate(self._reactor, provider, request, None)
        if isinstance(verdict, Refusal):
            return verdict
        objection = self._objection(request)  # meanwhile things may have changed
        if objection is not None:
            return Refusal(reason=objection)
        self._admitted.add(request)
        if verdict.user_id:
            return verdict
        return evolve(verdict, user_id=self.curve_user_id(request.public_key))

    def _grant(self, request: AuthenticationRequest, keys: KeyStore | None) -> Grant:
        if request.mechanism == "PLAIN":
            return Grant(request.username.decode())
        if request.mechanism != "CURVE":
            return Grant()
        known = None if keys is None else keys.keys()[request.public_key]
        if isinstance(known, str):
            return Grant(known)
        metadata = getattr(known, "metadata", {})
        return Grant(self.curve_user_id(request.public_key), _as_properties(metadata))

    def _objection(self, request: AuthenticationRequest) -> str | None:
        """Why a peer may not come in, as far as that can be said without asking anybody."""
        if self._allowed and request.address not in self._allowed:
            return "the address is not among those allowed"
        if request.address in self._denied:
            return "the address is denied"
        if request.mechanism == "NULL":
            return None
        if request.mechanism == "PLAIN":
            passwords = _in_domain(self._passwords, request.domain)
            if passwords is None:
                return "there are no passwords for the domain"
            verdict = passwords(request)
            return verdict.reason if isinstance(verdict, Refusal) else None
        if request.mechanism == "CURVE":
            return self._objection_to_key(request)
        return "the mechanism is unknown"

    def _objection_to_key(self, request: AuthenticationRequest) -> str | None:
        if request.public_key in self._revoked_keys:
            return "the key is revoked"
        if not {request.domain, _EVERY_DOMAIN} & self._keys.keys():
            return "there are no keys for the domain"
        store = self._keys_of(request)
        keys = store.keys() if isinstance(store, KeyStore) else {request.public_key: None}
        if request.public_key not in keys:
            return "the key is unknown"
        return None

    def _keys_of(self, request: AuthenticationRequest) -> KeyStore | Check | None:
        return _in_domain(self._keys, request.domain)

    # Changes

    def _judge_again(self) -> None:
        """Part from those who would not be let in any more."""
        for request in list(self._admitted):
            with _logged("A peer cannot be judged again"):
                objection = self._objection(request)
                if objection is not None:
                    self._admitted.discard(request)
                    request.revoke(objection)


@contextmanager
def _logged(problem: str) -> Iterator[None]:
    """Whatever a store of keys raises ends neither the looking nor the judging."""
    try:
        yield
    except Exception as error:
        _log.error("{problem}: {error}", problem=problem, error=type(error).__name__)


def _stop(server: ZapServer, failure: Any) -> Any:
    server.stop()
    return failure


def _checked(domain: object) -> str:
    """``domain``, which somebody may have left out: then it is no str, but passwords or keys."""
    if not isinstance(domain, str):
        raise OptionError("domain", f"({type(domain).__name__})", "it takes a str")
    return domain


def _in_domain(settings: Mapping[str, _V], domain: str) -> _V | None:
    """What holds in ``domain``."""
    return settings.get(domain, settings.get(_EVERY_DOMAIN))


def _key_store(location: object) -> KeyStore | None:
    if isinstance(location, AnyClient):
        return None
    if isinstance(location, str | os.PathLike):
        return CertificateDirectory(location)
    if isinstance(location, KeyStore):
        return location
    if isinstance(location, bytes | bytearray) or not isinstance(location, Iterable):
        kind = type(location).__name__
        raise TypeError(f"keys are a directory, ALLOW_ANY or a collection of keys, not {kind}")
    return _FixedKeys(location)


def _as_properties(metadata: Mapping[str, str]) -> dict[str, bytes]:
    """What a certificate says, as far as it can be a property (RFC 37, "Metadata").

    Of names that differ in case only, the first one counts.
    """
    properties: dict[str, tuple[str, bytes]] = {}
    for name, value in metadata.items():
        if 0 < len(name) < 256 and PROPERTY_NAME_CHARACTERS.issuperset(name.encode()):
            properties.setdefault(name.lower(), (name, value.encode("utf-8")))
    return dict(properties.values())
