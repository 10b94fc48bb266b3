"""Documents that are kept: within their bytes of memory, by account, and without what parsing leaves behind."""

import contextlib
import gc
import tracemalloc

import pytest
from graphql import Token

from operations.documents import NOBODY, Documents
from operations.errors import InvalidDocument
from tests.conftest import Set

pytestmark = pytest.mark.once


def a_document(number: int) -> str:
    return f"query Q{number} {{ account {{ {'id name slug ' * 10} }} }}"


def test_documents_take_no_more_than_their_bytes_whatever_their_number(limited: Set) -> None:
    limited(document_cache_bytes=1_048_576)
    documents = Documents()

    for number in range(300):
        documents.prepare(a_document(number), None, "acc_one")

    assert 1_048_576 * 0.9 < documents.sizes.total() <= 1_048_576
    assert a_document(299) in documents
    assert a_document(0) not in documents


def test_the_account_with_most_documents_gives_room_first(limited: Set) -> None:
    limited(document_cache_bytes=1_048_576)
    documents = Documents()
    for number in range(10):
        documents.prepare(a_document(number), None, "acc_quiet")

    for number in range(1_000, 1_300):
        documents.prepare(a_document(number), None, "acc_busy")

    assert all(a_document(number) in documents for number in range(10))


def test_a_document_that_anybody_sent_is_an_accounts_once_it_is_used_there() -> None:
    documents = Documents()
    documents.prepare(a_document(1), None, NOBODY)

    documents.prepare(a_document(1), None, "acc_one")

    assert set(documents.sizes) == {"acc_one"}


def test_a_document_that_is_used_stays_longer_than_others(limited: Set) -> None:
    limited(document_cache_bytes=1_048_576)
    documents = Documents()

    for number in range(300):
        documents.prepare(a_document(number), None, "acc_one")
        documents.prepare(a_document(0), None, "acc_one")

    assert a_document(0) in documents
    assert a_document(1) not in documents


@pytest.mark.parametrize("query", [a_document(1), "query Q { ## c\n # d\n nothing }", "{ # c\n }", "{ account { id "])
def test_no_token_of_a_document_is_left_behind(query: str) -> None:
    gc.collect()
    gc.disable()
    try:
        before = _tokens()
        documents = Documents()
        with contextlib.suppress(InvalidDocument):
            documents.prepare(query, None)
        assert _tokens() == before
    finally:
        gc.enable()


def _tokens() -> int:
    """How many tokens there are in memory, garbage too."""
    return sum(isinstance(each, Token) for each in gc.get_objects())


def test_a_document_takes_no_more_memory_than_it_is_counted_for() -> None:
    documents = Documents()
    documents.prepare(a_document(0), None)
    documents.clear()
    gc.collect()
    tracemalloc.start()
    try:
        for number in range(20):
            documents.prepare(a_document(number), None)
        gc.collect()
        taken, _ = tracemalloc.get_traced_memory()
        counted = documents.sizes.total()
    finally:
        tracemalloc.stop()

    assert counted / 2 < taken < counted
