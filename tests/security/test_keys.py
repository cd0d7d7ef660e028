"""Keys of CURVE: pairs, the public key of a secret one, the forms that a key can have."""

from __future__ import annotations

import copy
import pickle
import sys
import traceback

import pytest

from pyzmtp.errors import LibraryMissing, OptionError
from pyzmtp.security.keys import (
    KEY_SIZE,
    KeyPair,
    curve_keypair,
    curve_public,
    key_bytes,
    sodium,
)
from pyzmtp.wire.z85 import z85_decode, z85_encode

# zmq_curve(7), "Test key values".
PUBLIC = "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"
SECRET = "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs"

# RFC 7748, section 6.1: Alice's keys.
RFC_SECRET = "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"
RFC_PUBLIC = "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"


class TestPairs:
    def test_a_pair_belongs_together_and_is_of_z85(self) -> None:
        pair = curve_keypair()
        assert [len(key) for key in pair] == [40, 40]
        assert len(z85_decode(pair.public)) == len(z85_decode(pair.secret)) == KEY_SIZE
        assert curve_public(pair.secret) == pair.public != pair.secret

    def test_each_pair_is_another(self) -> None:
        assert len({key for _ in range(20) for key in curve_keypair()}) == 40

    def test_the_keys_of_the_manual(self) -> None:
        assert curve_public(SECRET) == PUBLIC

    def test_the_keys_of_the_rfc(self) -> None:
        assert z85_decode(curve_public(bytes.fromhex(RFC_SECRET))).hex() == RFC_PUBLIC

    def test_all_forms_of_a_secret_have_one_public_key(self) -> None:
        for form in (SECRET, SECRET.encode(), z85_decode(SECRET)):
            assert curve_public(form) == PUBLIC

    def test_what_is_no_secret_key_is_refused(self) -> None:
        with pytest.raises(OptionError) as raised:
            curve_public(SECRET[:-1])
        assert raised.value.option == "secret_key"
        assert SECRET[:-1] not in str(raised.value)


class TestKeyPair:
    def test_it_is_public_and_secret_in_this_order(self) -> None:
        public, secret = pair = KeyPair(PUBLIC, SECRET)
        assert (public, secret) == (PUBLIC, SECRET) == (pair.public, pair.secret)

    def test_the_secret_is_not_shown(self) -> None:
        pair = KeyPair(PUBLIC, SECRET)
        for shown in (repr(pair), str(pair), f"{pair}", f"{[pair]}"):
            assert PUBLIC in shown
            assert SECRET not in shown

    @pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
    def test_it_is_not_pickled(self, protocol: int) -> None:
        with pytest.raises(TypeError, match="secret") as raised:
            pickle.dumps(KeyPair(PUBLIC, SECRET), protocol)
        assert SECRET not in str(raised.value)
        with pytest.raises(TypeError, match="secret"):
            copy.copy(KeyPair(PUBLIC, SECRET))


class TestForms:
    @pytest.mark.parametrize("form", [PUBLIC, PUBLIC.encode(), bytearray(PUBLIC.encode())])
    def test_forty_characters(self, form: object) -> None:
        assert key_bytes("server_key", form) == z85_decode(PUBLIC)

    @pytest.mark.parametrize("form", [bytes(range(32)), bytearray(range(32))])
    def test_32_bytes(self, form: object) -> None:
        key = key_bytes("server_key", form)
        assert key == bytes(range(32))
        assert type(key) is bytes

    def test_32_bytes_of_text_are_a_key_and_a_text_of_32_is_none(self) -> None:
        assert key_bytes("server_key", b"a" * 32) == b"a" * 32
        with pytest.raises(OptionError):
            key_bytes("server_key", "a" * 32)

    @pytest.mark.parametrize(
        "value",
        [
            None,
            7,
            "",
            b"",
            b"k" * 31,
            b"k" * 33,
            PUBLIC[:39],
            PUBLIC + "0",
            "~" * 40,
            "#" * 40,
            "ä" * 40,
            b"\xff" * 40,
            ("k" * 40,),
        ],
    )
    def test_anything_else_is_refused_and_not_shown(self, value: object) -> None:
        with pytest.raises(OptionError, match="32 bytes, or 40 characters of Z85") as raised:
            key_bytes("server_key", value)
        assert raised.value.option == "server_key"
        assert raised.value.value == "(not shown)"
        shown = "".join(traceback.format_exception(raised.value, chain=True))
        assert not isinstance(value, str) or len(value) < 31 or value not in shown

    def test_a_key_of_zeroes_has_its_form_too(self) -> None:
        assert key_bytes("server_key", z85_encode(bytes(32))) == bytes(32)


class TestWithoutPyNaCl:
    @pytest.fixture(autouse=True)
    def _missing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "nacl", None)

    def test_it_is_said_what_to_install(self) -> None:
        for call in (sodium, curve_keypair, lambda: curve_public(SECRET)):
            with pytest.raises(LibraryMissing, match=r"pip install pyzmtp\[curve\]") as raised:
                call()
            assert (raised.value.library, raised.value.extra) == ("PyNaCl", "curve")

    def test_the_forms_of_keys_need_nothing(self) -> None:
        assert key_bytes("server_key", PUBLIC) == z85_decode(PUBLIC)
