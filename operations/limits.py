"""What a document may look like, checked before it is validated. docs/limits.md has the rules.

A fragment counts as often as it is spread. No document takes longer to check than to parse.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    Lexer,
    OperationDefinitionNode,
    SelectionSetNode,
    Source,
    Token,
)
from graphql.language import Location
from graphql.language.parser import Parser, nested_too_deeply_error

import settings
from auth.refusals import Code
from operations.errors import InvalidDocument

#: The highest number that an error reports: fragments that spread others twice come to more than JSON readers take.
_MAX_REPORTED = 10**9
_PLAIN_PAIRS_PER_MERGE = 20


def limit_error(message: str, limit: int, **actual: int) -> GraphQLError:
    """The GraphQL error for what is beyond a limit; `actual` is what it is instead, under its name in `extensions`."""
    return GraphQLError(message, extensions={"code": Code.LIMIT_EXCEEDED, "limit": limit, **actual})


class _Lexer(Lexer):
    """Links tokens forwards only: in circles they would take their memory until the next full garbage collection."""

    def lookahead(self) -> Token:
        token, last = self.token, super().lookahead()
        while token is not last and token.next is not None:
            token = token.next
            token.prev = None
        return last


class _Parser(Parser):
    """Makes nodes that know where they stand in the text, and hold none of the tokens."""

    def loc(self, start_token: Token) -> Location | None:
        location = super().loc(start_token)
        if location is not None:
            del location.start_token, location.end_token
        return location


def parse_document(query: str) -> DocumentNode:
    """Parse a document that is within all limits on documents. Raises InvalidDocument, and GraphQLError."""
    limits = settings.current()
    if len(query) > limits.max_characters:
        message = f"A document has at most {limits.max_characters:,} characters: put values into variables."
        raise InvalidDocument([limit_error(message, limits.max_characters, characters=len(query))])
    parser = _Parser(query, max_tokens=limits.max_tokens, lexer=_Lexer(Source(query)))
    try:
        document = parser.parse_document()
    except RecursionError:
        raise nested_too_deeply_error(parser) from None
    except GraphQLError as error:
        if error.message.endswith("Parsing aborted.") and "tokens" in error.message:
            message = f"A document has at most {limits.max_tokens:,} tokens, comments counted."
            raise InvalidDocument([limit_error(message, limits.max_tokens)]) from None
        raise
    if errors := list(_shape_errors(document)):
        raise InvalidDocument(errors)
    return document


def operation_definitions(document: DocumentNode) -> list[OperationDefinitionNode]:
    """The operations of a document."""
    return [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]


def fragment_definitions(document: DocumentNode) -> dict[str, FragmentDefinitionNode]:
    """The fragments of a document, by their names."""
    return {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}


def _shape_errors(document: DocumentNode) -> Iterator[GraphQLError]:
    limits, shapes, operations = settings.current(), _Shapes(document), operation_definitions(document)
    if len(operations) > limits.max_operations:
        message = f"A document has at most {limits.max_operations:,} operations."
        yield limit_error(message, limits.max_operations, operations=len(operations))
        return
    for operation in operations:
        try:
            shape = shapes.of(operation)
        except RecursionError:
            yield limit_error("The document is nested too deep.", limits.max_depth)
            return
        for name, noun, actual, limit in (
            ("depth", "levels", shape.depth, limits.max_depth),
            ("rootFields", "root fields", shape.fields, limits.max_root_fields),
            ("aliases", "aliases", shape.aliases, limits.max_aliases),
            ("directives", "directives", shape.directives, limits.max_directives),
            ("merges", "merges", shape.merges, limits.max_merges),
        ):
            if actual > limit:
                message = f"An operation has at most {limit:,} {noun}, with its fragments spread: this one has more."
                yield limit_error(message, limit, **{name: min(actual, _MAX_REPORTED)})


@dataclass(slots=True)
class _Shape:
    """What is counted in a selection, its fragments spread."""

    #: Fields of its first level.
    fields: int = 0
    depth: int = 0
    aliases: int = 0
    directives: int = 0
    #: Pairs of objects under one name in one place: validation compares all that the two of a pair select. Of plain
    #: fields, which it compares too, so many pairs count as one.
    merges: int = 0
    #: How many objects its first level has under each name, and how many plain fields.
    objects: Counter[str] = field(default_factory=Counter)
    plain: Counter[str] = field(default_factory=Counter)

    def add(self, other: "_Shape", levels: int = 0) -> None:
        """Add what is so many levels below."""
        self.depth = max(self.depth, other.depth + levels)
        self.aliases += other.aliases
        self.directives += other.directives
        self.merges += other.merges


def _pairs(names: Counter[str]) -> int:
    return sum(count * (count - 1) // 2 for count in names.values())


class _Shapes:
    """The shapes of a document's parts, each looked at once."""

    def __init__(self, document: DocumentNode) -> None:
        self._fragments = fragment_definitions(document)
        self._of_fragments: dict[str, _Shape] = {}

    def of(self, node: OperationDefinitionNode | FragmentDefinitionNode | FieldNode) -> _Shape:
        shape = _Shape(directives=len(node.directives or ()))
        if node.selection_set is not None:
            self._add_selections(shape, node.selection_set)
        shape.merges += _pairs(shape.objects) + _pairs(shape.plain) // _PLAIN_PAIRS_PER_MERGE
        return shape

    def _add_selections(self, shape: _Shape, selected: SelectionSetNode) -> None:
        for node in selected.selections:
            if isinstance(node, FieldNode):
                self._add_field(shape, node)
            elif isinstance(node, InlineFragmentNode):
                shape.directives += len(node.directives or ())
                self._add_selections(shape, node.selection_set)
            elif isinstance(node, FragmentSpreadNode):
                shape.directives += len(node.directives or ())
                spread = self._of_fragment(node.name.value)
                shape.add(spread)
                shape.fields += spread.fields
                shape.objects.update(spread.objects)
                shape.plain.update(spread.plain)

    def _add_field(self, shape: _Shape, node: FieldNode) -> None:
        # How deep types are wrapped is the schema's choice, not the client's.
        shape.add(self.of(node), levels=node.name.value != "ofType")
        shape.fields += 1
        shape.aliases += node.alias is not None
        names = shape.plain if node.selection_set is None else shape.objects
        names[(node.alias or node.name).value] += 1

    def _of_fragment(self, name: str) -> _Shape:
        if name not in self._of_fragments:
            # For a fragment that leads back to itself, or that does not exist: validation refuses both.
            self._of_fragments[name] = _Shape()
            if name in self._fragments:
                self._of_fragments[name] = self.of(self._fragments[name])
        return self._of_fragments[name]
