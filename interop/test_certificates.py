"""Keys and certificate files of pyzmq and libzmq, read by pyzmtp, and the other way round."""

from __future__ import annotations

import os
from pathlib import Path

import zmq
from zmq.auth import certs
from zmq.utils import z85

from pyzmtp.certificates import CertificateDirectory, create_certificates, load_certificate
from pyzmtp.security.keys import curve_keypair, curve_public
from pyzmtp.wire.z85 import z85_decode, z85_encode

METADATA = {"email": "ph@example.com", "name": "Pieter H.", "quote": 'say "a"'}


def test_pyzmtp_reads_what_pyzmq_wrote(tmp_path: Path) -> None:
    paths = certs.create_certificates(tmp_path, "server", METADATA)
    for path in paths:
        certificate = load_certificate(path)
        public, secret = certs.load_certificate(path)
        assert certificate.public_key.encode() == public
        assert certificate.secret_key == (None if secret is None else secret.decode())
    assert load_certificate(paths[0]).metadata == {}
    assert load_certificate(paths[1]).metadata == METADATA


def test_pyzmq_reads_what_pyzmtp_wrote(tmp_path: Path) -> None:
    paths = create_certificates(tmp_path, "server", METADATA)
    public, secret = map(certs.load_certificate, paths)
    assert secret[1] is not None
    assert public == (zmq.curve_public(secret[1]), None)
    assert secret[0] == public[0] == load_certificate(paths[0]).public_key.encode()
    assert secret[1].decode() == load_certificate(paths[1]).secret_key


def test_a_directory_holds_the_same_keys_for_both(tmp_path: Path) -> None:
    for number in range(10):
        certs.create_certificates(tmp_path, f"theirs{number}", METADATA)
        create_certificates(tmp_path, f"ours{number}", METADATA)
    theirs = certs.load_certificates(tmp_path)
    ours = CertificateDirectory(tmp_path).keys()
    assert {z85.decode(key) for key in theirs} == set(ours)
    assert len(ours) == 20


def test_public_keys_are_those_of_libzmq() -> None:
    for _ in range(100):
        public, secret = zmq.curve_keypair()
        assert curve_public(secret).encode() == public
        pair = curve_keypair()
        assert zmq.curve_public(pair.secret.encode()) == pair.public.encode()
        random = z85_encode(os.urandom(32))
        assert zmq.curve_public(random.encode()) == curve_public(random).encode()


def test_z85_is_that_of_pyzmq() -> None:
    for size in range(0, 400, 4):
        data = os.urandom(size)
        text = z85_encode(data)
        assert z85.encode(data) == text.encode()
        assert z85.decode(text) == data == z85_decode(z85.encode(data).decode())
