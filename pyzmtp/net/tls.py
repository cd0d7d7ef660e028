"""What TLS has found out about a peer: :func:`verified_certificate`, :func:`tls_failure`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from pyzmtp.errors import TLSFailed

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

__all__ = ["tls_failure", "verified_certificate"]


def verified_certificate(transport: object, of_client: bool) -> bytes | None:
    """The peer's certificate in DER, if it can be relied on; else, and without TLS, ``None``.

    That the peer owns its certificate, TLS has seen to. But the endpoint may have been told to let any
    certificate pass, and OpenSSL does not tell afterwards. So it has to ask for certificates, and the
    chain is verified once more, by the trust roots of the endpoint and nothing else. It also has to be
    one for clients, or for servers.
    """
    # Whoever made a connection with TLS has imported it.
    ssl: Any = sys.modules.get("OpenSSL.SSL")
    get_handle = getattr(transport, "getHandle", None)
    handle: Any = None if get_handle is None else get_handle()
    if ssl is None or not isinstance(handle, ssl.Connection):
        return None
    from OpenSSL import crypto

    context = handle.get_context()
    certificate, store = handle.get_peer_certificate(), context.get_cert_store()
    if certificate is None or store is None or not context.get_verify_mode() & ssl.VERIFY_PEER:
        return None
    chain = handle.get_peer_cert_chain()
    try:
        crypto.X509StoreContext(store, certificate, chain).verify_certificate()
    except (crypto.X509StoreContextError, crypto.Error):
        return None
    if not _is_for(certificate.to_cryptography(), of_client):
        return None
    return crypto.dump_certificate(crypto.FILETYPE_ASN1, certificate)


def _is_for(certificate: Certificate, client: bool) -> bool:
    """Whether it may be a client's, or else a server's (RFC 5280, 4.2.1.12)."""
    from cryptography.x509 import ExtendedKeyUsage, ExtensionNotFound
    from cryptography.x509.oid import ExtendedKeyUsageOID

    try:
        usages = certificate.extensions.get_extension_for_class(ExtendedKeyUsage).value
    except ExtensionNotFound:
        return True
    except ValueError:  # malformed
        return False
    wanted = ExtendedKeyUsageOID.CLIENT_AUTH if client else ExtendedKeyUsageOID.SERVER_AUTH
    return wanted in usages or ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE in usages


def tls_failure(error: Exception) -> TLSFailed | None:
    """What ``error`` means, if it is one of OpenSSL's or of the check of names; else ``None``."""
    ssl: Any = sys.modules.get("OpenSSL.SSL")
    if ssl is not None and isinstance(error, ssl.Error):
        queue = error.args[0] if error.args and isinstance(error.args[0], list) else []
        reasons = [entry[-1] for entry in queue if entry[-1]]
        return TLSFailed("; ".join(reasons) or str(error) or "no reason is given")
    names: Any = sys.modules.get("service_identity")
    if names is not None and isinstance(error, names.VerificationError):
        return TLSFailed(f"the certificate is for another name ({error})")
    return None
