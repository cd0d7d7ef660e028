"""The seam between a socket and what secures it: :class:`Policy`."""

from __future__ import annotations

from contextlib import suppress
from typing import Final, NoReturn, Protocol, TypeVar, runtime_checkable

from pyzmtp.authentication import Check, ZapHandler
from pyzmtp.errors import OptionError
from pyzmtp.mechanisms.base import Mechanism, Properties

__all__ = ["Policy", "SecretPolicy", "check_of", "domain_of"]

_Self = TypeVar("_Self", bound="SecretPolicy")

#: As of the option ``zap_domain``.
_MAX_DOMAIN: Final = 255


@runtime_checkable
class Policy(Protocol):
    """Makes the mechanisms of a bind's or connect's connections, and says who decides on peers.

    Any class of this form can be given as the option ``security``: a mechanism of your own needs
    nothing else.
    """

    @property
    def mechanism(self) -> str:
        """The name of the mechanism, as in :attr:`Peer.mechanism`."""

    @property
    def domain(self) -> str | None:
        """The ZAP domain of its questions; ``None``: the option ``zap_domain``."""

    @property
    def check(self) -> Check | ZapHandler | None:
        """Who answers the questions of its mechanisms; ``None``: nobody, so that whoever is asked for is
        refused.
        """

    @property
    def needs_check(self) -> bool:
        """Whether it lets nobody in without :attr:`check`, which makes a bind an error."""

    def new_mechanism(self, properties: Properties, domain: str) -> Mechanism:
        """One side of a handshake. It is to say the ``properties``; ``domain`` is the one in force."""


class SecretPolicy:
    """The base of what holds secrets: it is shared by copies, and not pickled."""

    def __copy__(self: _Self) -> _Self:
        return self

    def __deepcopy__(self: _Self, memo: object) -> _Self:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"{type(self).__name__} holds secrets, and is not pickled")


def domain_of(domain: object) -> str | None:
    """``domain``, if it can be one. Raises :exc:`OptionError`."""
    with suppress(UnicodeEncodeError):
        if domain is None or (isinstance(domain, str) and len(domain.encode()) <= _MAX_DOMAIN):
            return domain
    raise OptionError("domain", domain, f"it takes a str of at most {_MAX_DOMAIN} bytes, or None")


def check_of(check: object) -> Check | ZapHandler | None:
    """``check``, if it can decide. Raises :exc:`TypeError`."""
    if check is None or isinstance(check, ZapHandler) or callable(check):
        return check
    raise TypeError(f"who decides on peers is a callable or ZAP, not {type(check).__name__}")
