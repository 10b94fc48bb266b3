"""The schema against docs/contract.graphql: every name stands there as the contract has it, and is described."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    Undefined,
    build_schema,
    is_specified_scalar_type,
)
from graphql.utilities import find_breaking_changes, find_dangerous_changes
from typer.testing import CliRunner

import server

pytestmark = pytest.mark.once

CONTRACT = build_schema((Path(server.__file__).parent / "docs" / "contract.graphql").read_text())


@pytest.fixture(scope="module")
def real() -> GraphQLSchema:
    """The schema as `server.py schema` prints it."""
    return build_schema(CliRunner().invoke(server.cli, ["schema"], catch_exceptions=False).output)


def test_nothing_of_the_contract_is_missing_or_broken(real: GraphQLSchema) -> None:
    assert find_breaking_changes(CONTRACT, real) == []


def test_no_default_differs_and_nothing_else_that_a_client_could_trip_over(real: GraphQLSchema) -> None:
    assert find_dangerous_changes(CONTRACT, real) == []


def test_no_type_or_nullability_differs_from_the_contract(real: GraphQLSchema) -> None:
    promised, there = dict(_signatures(CONTRACT)), dict(_signatures(real))

    assert {name: there.get(name) for name in promised} == promised


def test_nothing_can_be_asked_for_that_the_contract_does_not_name(real: GraphQLSchema) -> None:
    assert sorted(dict(_signatures(real)).keys() - dict(_signatures(CONTRACT)).keys()) == []


def test_everything_is_described(real: GraphQLSchema) -> None:
    assert [name for name, description in _descriptions(real) if not (description or "").strip()] == []


def test_descriptions_end_in_a_full_stop_and_name_no_python(real: GraphQLSchema) -> None:
    texts = [(name, text or "") for name, text in _descriptions(real)]

    assert [name for name, text in texts if not text.endswith(".") or "None" in text or "_id" in text] == []


def _own_types(schema: GraphQLSchema) -> Iterator[GraphQLNamedType]:
    for name, kind in schema.type_map.items():
        if not name.startswith("__") and not is_specified_scalar_type(kind):
            yield kind


def _signatures(schema: GraphQLSchema) -> Iterator[tuple[str, str]]:
    """Each name of the schema, with its whole type."""
    for kind in _own_types(schema):
        match kind:
            case GraphQLObjectType() | GraphQLInterfaceType():
                yield kind.name, f"{type(kind).__name__} {sorted(each.name for each in kind.interfaces)}"
                for name, field in kind.fields.items():
                    yield f"{kind.name}.{name}", str(field.type)
                    for argument, of in field.args.items():
                        yield f"{kind.name}.{name}({argument})", _with_default(of)
            case GraphQLInputObjectType():
                yield kind.name, "input"
                for name, of in kind.fields.items():
                    yield f"{kind.name}.{name}", _with_default(of)
            case GraphQLEnumType():
                for name in kind.values:
                    yield f"{kind.name}.{name}", "value"
            case GraphQLUnionType():
                yield kind.name, str(sorted(each.name for each in kind.types))
            case _:
                yield kind.name, type(kind).__name__


def _with_default(element: GraphQLArgument | GraphQLInputField | GraphQLField) -> str:
    default = getattr(element, "default_value", Undefined)
    return f"{element.type} = {default}"


def _descriptions(schema: GraphQLSchema) -> Iterator[tuple[str, str | None]]:
    for kind in _own_types(schema):
        yield kind.name, kind.description
        for name, of in {**getattr(kind, "fields", {}), **getattr(kind, "values", {})}.items():
            yield f"{kind.name}.{name}", of.description
            for argument, value in getattr(of, "args", {}).items():
                yield f"{kind.name}.{name}({argument})", value.description
