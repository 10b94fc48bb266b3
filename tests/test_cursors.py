"""Cursors by themselves: whatever is read is a cursor's, or is refused."""

import base64
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth.refusals import Refused
from resolvers import cursors
from tests.budgets import examples

pytestmark = pytest.mark.once


def coded(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


BAD = [
    "",
    "nonsense",
    "ü",
    "====",
    "a" * 100_000,
    coded(None),
    coded([]),
    coded({}),
    coded(["changes"]),
    coded(["changes", True]),
    coded(["changes", -1]),
    coded(["changes", 10**30]),
    coded(["changes", "1"]),
    coded(["panel:listed_at,id", "9999-12-31T23:59:59-23:59", "pan_"]),
    coded(["panel:listed_at,id", "0001-01-01T00:00:00+23:59", "pan_"]),
    coded(["panel:listed_at,id", "2026-01-01T00:00:00", "pan_"]),
    coded(["user:name,id", "\ud800", "usr_"]),
    coded(["user:name,id", "a\x00b", "usr_"]),
    coded(["user:name,id", None, "usr_"]),
    base64.urlsafe_b64encode(b"[" * 3_000).decode(),
    base64.urlsafe_b64encode(b'["changes", NaN]').decode(),
    base64.urlsafe_b64encode(b"\xff\xfe").decode(),
]

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
CURSORS = (
    st.sampled_from(BAD)
    | st.text()
    | st.binary().map(lambda raw: base64.urlsafe_b64encode(raw).decode())
    | JSON.map(coded)
    | st.lists(JSON).map(lambda values: coded(["panel:listed_at,id", *values]))
    | st.tuples(st.datetimes(timezones=st.timezones()).map(str) | st.text(), JSON).map(
        lambda values: coded(["panel:listed_at,id", *values])
    )
)


@examples(100)
@given(text=CURSORS)
def test_whatever_a_cursor_is_it_reads_or_is_refused(text: str) -> None:
    try:
        instant, id = cursors.read("panel:listed_at,id", text, datetime, str)
    except Refused:
        return
    assert instant.tzinfo is UTC
    assert id.encode().decode() == id


@examples(100)
@given(st.datetimes(timezones=st.just(UTC)), st.text(), st.integers(-(2**63), 2**63 - 1))
def test_a_cursor_reads_back_as_what_went_into_it(instant: datetime, text: str, number: int) -> None:
    if "\x00" not in text:
        cursor = cursors.write("kind", instant, text, number)
        assert cursors.read("kind", cursor, datetime, str, int) == [instant, text, number]
        with pytest.raises(Refused):
            cursors.read("another", cursor, datetime, str, int)


def test_a_cursor_of_the_longest_texts_is_not_too_long() -> None:
    cursor = cursors.write("candidate:name,id", "\U0001f600" * 500, "cnd_01hq0000000000000000000000")

    assert cursors.read("candidate:name,id", cursor, str, str)[0] == "\U0001f600" * 500
