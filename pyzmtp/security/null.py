"""No security, or admission by address only: :class:`Null`."""

from __future__ import annotations

from pyzmtp.authentication import ZAP, Check, ZapHandler
from pyzmtp.mechanisms.base import Properties
from pyzmtp.mechanisms.null import NullMechanism
from pyzmtp.security.policy import check_of, domain_of

__all__ = ["Null"]


class Null:
    """The NULL mechanism: nothing is encrypted, and nobody proves who he is.

    ``domain``: a ZAP domain; if there is one, a handler is asked for each peer, by address alone
    (ZMQ_ZAP_DOMAIN). ``check``: who is asked in its place: a callable (see :data:`Check`).
    """

    mechanism = "NULL"
    needs_check = False

    def __init__(
        self, domain: str | None = None, *, check: Check | ZapHandler | None = None
    ) -> None:
        self.domain = domain_of(domain)
        self._own_check = check_of(check)

    @property
    def check(self) -> Check | ZapHandler:
        """See :class:`Policy`."""
        return ZAP if self._own_check is None else self._own_check

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Null):
            return NotImplemented
        return (self.domain, self._own_check) == (other.domain, other._own_check)

    def __hash__(self) -> int:
        return hash((self.domain, self._own_check))

    def new_mechanism(self, properties: Properties, domain: str) -> NullMechanism:
        """See :class:`Policy`."""
        return NullMechanism(properties, asks=bool(domain) or self._own_check is not None)

    def __repr__(self) -> str:
        return f"Null(domain={self.domain!r})"
