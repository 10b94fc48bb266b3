"""API keys: their shape, their checksum, and that nothing but a key passes for one."""

import hashlib
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth import keys

pytestmark = pytest.mark.once

BASE62 = string.digits + string.ascii_letters


def test_a_key_is_cb_live_then_32_random_bytes_in_base62_and_a_checksum_of_6():
    key = keys.make()

    assert key.secret.startswith("cb_live_")
    assert len(key.secret) == 8 + 43 + 6
    assert set(key.secret.removeprefix("cb_live_")) <= set(BASE62)
    assert keys.well_formed(key.secret)


def test_of_a_key_the_hash_and_the_first_12_characters_are_stored():
    key = keys.make()

    assert key.prefix == key.secret[:12]
    assert key.digest == keys.digest(key.secret) == hashlib.sha256(key.secret.encode()).hexdigest()


def test_a_key_does_not_show_its_secret_when_printed():
    key = keys.make()

    assert key.secret not in repr(key)


def test_no_two_keys_are_alike():
    assert len({keys.make().digest for _ in range(200)}) == 200


def test_all_of_a_keys_width_is_kept_however_small_its_number():
    assert keys._base62(0, 43) == "0" * 43
    assert keys._base62(2**256 - 1, 43)[0] != "0"
    assert keys._base62(2**32 - 1, 6) == "4gfFC3"


@given(place=st.integers(8, 56), letter=st.sampled_from(BASE62))
def test_a_key_with_one_character_changed_is_not_well_formed(place, letter):
    secret = keys.make().secret

    mistyped = secret[:place] + letter + secret[place + 1 :]

    assert keys.well_formed(mistyped) == (mistyped == secret)


@given(st.one_of(st.text(), st.text(BASE62, min_size=49, max_size=49).map("cb_live_".__add__)))
def test_garbage_is_not_well_formed(text):
    assert not keys.well_formed(text)


def test_what_surrounds_a_key_makes_it_no_key():
    secret = keys.make().secret

    assert not any(map(keys.well_formed, [secret + "\n", " " + secret, secret + secret, secret[:-1], secret.upper()]))


def test_digests_are_compared_whole():
    one, other = keys.make().digest, keys.make().digest

    assert keys.same(one, one)
    assert not keys.same(one, other)
    assert not keys.same(one, one[:-1])
