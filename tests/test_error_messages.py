"""What graphql-core quotes of values is left out of errors: one example of each of its sentences that are rewritten."""

from typing import Any

import pytest
from graphql import GraphQLError, build_schema, graphql_sync

from operations.errors import _CONFIDENTIAL, format_errors

pytestmark = pytest.mark.once

SCHEMA = build_schema(
    """
    enum Role { ADMIN }
    input Filter { role: Role }
    type Query { names(first: Int, role: Role, filter: Filter): [Int] }
    """
)


#: For each pattern: an operation in whose error graphql-core quotes a value or suggests a name, and what is left of it.
EXAMPLES: list[tuple[str, Any, str]] = [
    ("{ namez }", None, "Cannot query field 'namez' on type 'Query'."),
    (
        "query ($value: Filter) { names(filter: $value) }",
        "Secret",
        "Variable '$value' has invalid value: Expected value of type 'Filter' to be an object.",
    ),
    (
        "query ($value: Int) { names(first: $value) }",
        "Secret",
        "Variable '$value' has invalid value: Int cannot represent non-integer value.",
    ),
    (
        "query ($value: Role) { names(role: $value) }",
        "Secret",
        "Variable '$value' has invalid value: The value does not exist in 'Role' enum. "
        "It takes SUPER_ADMIN, ADMIN, TEAM_MEMBER, LIMITED_TEAM_MEMBER, INTERVIEWER.",
    ),
    ('{ names("Secret") }', None, "Syntax Error: Expected Name, found String."),
]


def errors(query: str, value: object) -> list[GraphQLError]:
    errors = graphql_sync(SCHEMA, query, variable_values={"value": value}).errors
    assert errors
    return errors


@pytest.mark.parametrize(("query", "value", "expected"), EXAMPLES)
def test_an_error_says_what_is_wrong_without_the_value(query: str, value: object, expected: str) -> None:
    [error] = errors(query, value)
    [formatted] = format_errors([error], "request", executed=True)

    assert error.message != expected
    assert formatted["message"] == expected


def test_every_sentence_that_is_rewritten_has_an_example() -> None:
    messages = [error.message for query, value, _ in EXAMPLES for error in errors(query, value)]

    assert all(any(pattern.search(message) for message in messages) for pattern, _ in _CONFIDENTIAL)
