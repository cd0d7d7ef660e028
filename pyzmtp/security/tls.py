"""Who a TLS certificate says a peer is: :class:`TLSClientCertificate`."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Mapping
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, Final

from attrs import evolve

from pyzmtp.authentication import (
    ZAP,
    AuthenticationRequest,
    Check,
    Grant,
    Refusal,
    Verdict,
    ZapHandler,
)
from pyzmtp.errors import LibraryMissing, OptionError
from pyzmtp.mechanisms.base import Properties
from pyzmtp.mechanisms.null import NullMechanism
from pyzmtp.security.policy import check_of, domain_of

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

__all__ = ["TLSClientCertificate", "common_name"]

#: SHA-256 in hexadecimal, with or without colons between the bytes, as openssl writes it.
_FINGERPRINT: Final = re.compile(r"[0-9a-f]{2}(?::?[0-9a-f]{2}){31}", re.IGNORECASE)

#: A fingerprint by another algorithm: nobody is called so.
_OTHER_FINGERPRINT: Final = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){15,}", re.IGNORECASE)


def common_name(certificate: Certificate) -> str:
    """The one common name of a certificate's subject. Raises :exc:`ValueError`."""
    from cryptography.x509.oid import NameOID

    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    if len(names) != 1 or not isinstance(names[0].value, str) or not names[0].value:
        raise ValueError("the certificate's subject has not one common name")
    return names[0].value


class TLSClientCertificate:
    """Lets in whose TLS certificate the endpoint has verified; the mechanism is NULL.

    For binds that ask for certificates and know whom to trust: an ``SSL4ServerEndpoint`` whose
    ``CertificateOptions`` have a ``trustRoot`` (an ``ssl:`` string cannot name one), or ``wss://`` with
    ``wss_trust_pem``. A peer without TLS, or whose certificate no trust root vouches for, is refused.

    ``check``: who of them is let in: a collection of user ids and of fingerprints (SHA-256 in
    hexadecimal, with or without colons, or its 32 bytes), a callable (see :data:`Check`) for which
    :attr:`AuthenticationRequest.certificate` is there, or :data:`ZAP`; without one, all. A ZAP
    handler sees the mechanism NULL, and behind it the user id and the certificate in DER.

    ``user_id``: what becomes :attr:`Peer.user_id`, and is called with the ``cryptography`` library's
    certificate: the subject's common name, unless another callable is given. Whom it raises
    :exc:`ValueError` for is refused.

    Raises :exc:`LibraryMissing`, :exc:`OptionError`.
    """

    mechanism = "NULL"
    needs_check = False

    def __init__(
        self,
        check: Collection[str | bytes] | Check | ZapHandler | None = None,
        *,
        user_id: Callable[[Certificate], str] = common_name,
        domain: str | None = None,
    ) -> None:
        try:
            import cryptography.x509  # noqa: F401
        except ImportError as error:
            raise LibraryMissing("TLSClientCertificate", "pyOpenSSL", "tls") from error
        self.domain = domain_of(domain)
        self._check: _Listed | Check | ZapHandler | None
        if isinstance(check, Mapping):
            raise TypeError("check is a collection of user ids and fingerprints, not a mapping")
        if isinstance(check, Collection) and not isinstance(check, str | bytes):
            self._check = _Listed(check)
        else:
            self._check = check_of(check)
        self._user_id = user_id

    @property
    def check(self) -> Check:
        """See :class:`Policy`."""
        return self._decide

    def new_mechanism(self, properties: Properties, domain: str) -> NullMechanism:
        """See :class:`Policy`."""
        return NullMechanism(properties, asks=True)

    async def _decide(self, request: AuthenticationRequest) -> Any:
        from cryptography.x509 import load_der_x509_certificate

        if request.certificate is None:
            return Refusal(reason="there is no verified TLS certificate")
        try:
            user_id = self._user_id(load_der_x509_certificate(request.certificate))
        except ValueError as error:
            return Refusal(reason=str(error))
        check = self._check
        if check is None:
            return Grant(user_id)
        if check is ZAP:
            result: Any = await request.ask_zap(request, user_id.encode(), request.certificate)
        elif isinstance(check, _Listed):
            return check.decide(user_id, request.certificate)
        else:
            result = check(request)
            if isawaitable(result):
                result = await result
        if result is True:
            return Grant(user_id)
        if isinstance(result, Grant) and not result.user_id:
            return evolve(result, user_id=user_id)
        return result

    def __repr__(self) -> str:
        return f"TLSClientCertificate(domain={self.domain!r})"


class _Listed:
    """Decides by a list of user ids and fingerprints. What looks like one is never taken for the other."""

    def __init__(self, entries: Collection[str | bytes]) -> None:
        self._user_ids: set[str] = set()
        self._fingerprints: set[bytes] = set()
        for entry in entries:
            if isinstance(entry, str) and _FINGERPRINT.fullmatch(entry):
                self._fingerprints.add(bytes.fromhex(entry.replace(":", "")))
            elif isinstance(entry, str) and not _OTHER_FINGERPRINT.fullmatch(entry):
                self._user_ids.add(entry)
            elif isinstance(entry, bytes) and len(entry) == hashlib.sha256().digest_size:
                self._fingerprints.add(entry)
            else:
                raise OptionError("check", entry, "it takes user ids and fingerprints (SHA-256)")

    def decide(self, user_id: str, certificate: bytes) -> Verdict:
        if hashlib.sha256(certificate).digest() in self._fingerprints or user_id in self._user_ids:
            return Grant(user_id)
        return Refusal(reason=f"{user_id!r} is not in the list")
