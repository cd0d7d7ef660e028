"""Files of CURVE keys: written, read, and watched in a directory.

The files are those of pyzmq's ``zmq.auth`` and of CZMQ's ``zcert``: ``NAME.key`` holds a public key
and may be given away, ``NAME.key_secret`` holds the secret key too, and may not.
"""

from __future__ import annotations

from pyzmtp.certificates.certificate import MAX_FILE_SIZE, Certificate, load_certificate
from pyzmtp.certificates.creation import create_certificates
from pyzmtp.certificates.directory import CertificateDirectory

__all__ = [
    "MAX_FILE_SIZE",
    "Certificate",
    "CertificateDirectory",
    "create_certificates",
    "load_certificate",
]
