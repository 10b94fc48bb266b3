"""`@breadth`: a field whose function answers for all parents of a level at once, so that N+1 can't be written.

The breadth-first executor calls the function directly. graphql-core, which resolves object by object, reaches the same
function through a DataLoader that lives only as long as somebody waits for it: nothing is remembered between the
operations of a context, nor between the deliveries of a subscription.
"""

from collections.abc import Callable, Collection, Hashable, Sequence
from inspect import Parameter as Kind
from inspect import isawaitable, iscoroutinefunction
from typing import Any
from weakref import WeakValueDictionary

import strawberry
from graphql import FieldNode, GraphQLField, print_ast
from strawberry.dataloader import DataLoader
from strawberry.types.field import StrawberryField
from strawberry.types.fields.resolver import Parameter, Signature

from execution.level import DEFINITION, Level

#: graphql-core goes on with each of the parents by itself, and with all that are answered at the same time in one go.
_PARENTS_AT_ONCE = 200

Function = Callable[..., Any]
Asked = tuple[object, Sequence[FieldNode]]


def breadth(
    *, graphql_type: object, reads: Collection[str] | None = None, cost: int = 0, **options: Any
) -> Callable[[Function], StrawberryField]:
    """Declare a field by a function over all parents of a level.

    The function takes the parents as its first parameter and returns as many answers, in their order; an answer that is
    an exception is that parent's error, a raised one is everybody's. A parameter annotated `Level` gets the request;
    all others are the field's GraphQL arguments. The return annotation is Python's truth, `graphql_type` is GraphQL's.
    `reads` are the attributes of the parents that it takes, for `Level.reads`; None: it may take any.
    `cost` is what each parent costs, where an answer takes more work than it shows.
    `options` are those of `strawberry.field`: name, description, deprecation_reason, permission_classes.
    """

    def declare(function: Function) -> StrawberryField:
        relation = Relation(getattr(function, "__func__", function), reads, cost)
        return strawberry.field(relation.resolver(), graphql_type=graphql_type, **options)

    return declare


class Relation:
    """A breadth function, and how it is called."""

    def __init__(self, function: Function, reads: Collection[str] | None, cost: int) -> None:
        self.function = function
        self.reads = reads
        self.cost = cost
        self.signature = Signature.from_callable(function)
        self.waits = iscoroutinefunction(function)
        self._level = next(
            (name for name, parameter in self.signature.parameters.items() if _is_level(parameter.annotation)), None
        )

    async def answers(self, parents: list[object], level: Level, arguments: dict[str, object]) -> list[object]:
        """The function's answers, one a parent; an exception among them is that parent's error.

        Raises what the function raises, and a `TypeError` where there are not as many answers as parents.
        """
        known = {self._level: level} if self._level else {}
        answers = self.function(parents, **known, **arguments)
        if isawaitable(answers):
            answers = await answers
        answers = list(answers)
        if len(answers) != len(parents):
            raise TypeError(f"{self.function.__qualname__} gave {len(answers)} answers for {len(parents)} parents")
        return answers

    def resolver(self) -> Function:
        """The same for a single parent, as graphql-core asks for it; `relation` leads back here."""

        async def resolve(root: object, info: strawberry.Info, **arguments: object) -> object:
            return await self._loader(info, arguments).load((root, info._raw_info.field_nodes))

        resolve.__name__ = self.function.__name__
        resolve.__module__ = self.function.__module__
        resolve.__signature__ = self._single_signature()  # type: ignore[attr-defined]
        resolve.relation = self  # type: ignore[attr-defined]
        return resolve

    def _single_signature(self) -> Signature:
        _, *others = self.signature.parameters.values()
        reserved = [
            Parameter("root", Kind.POSITIONAL_OR_KEYWORD),
            Parameter("info", Kind.POSITIONAL_OR_KEYWORD, annotation=strawberry.Info),
        ]
        arguments = [each.replace(kind=Kind.KEYWORD_ONLY) for each in others if each.name != self._level]
        return Signature([*reserved, *arguments])

    def _loader(self, info: strawberry.Info, arguments: dict[str, object]) -> DataLoader[Asked, object]:
        # The identities can't be reused while they are a key: the loader holds what they belong to. The root value
        # tells a subscription's events apart, of which one may begin while one that failed is still being given up.
        one_execution = id(info.context), id(info.operation), id(info.variable_values), id(info.root_value)
        literals = tuple(print_ast(argument) for argument in info._raw_info.field_nodes[0].arguments or ())
        key = (self, *one_execution, literals)
        loader = _loaders.get(key)
        if loader is None:

            async def load(asked: list[Asked]) -> Sequence[object]:
                # Parents may come from several places of the document; the level is what all of them select.
                nodes = {id(node): node for _, nodes in asked for node in nodes}
                level = Level.of(info, nodes.values())
                return await self.answers([parent for parent, _ in asked], level, arguments)

            loader = _loaders[key] = DataLoader(load, cache=False, max_batch_size=_PARENTS_AT_ONCE)
        return loader


def field_cost(definition: GraphQLField) -> int:
    """What a field is declared to cost for each parent."""
    field = definition.extensions.get(DEFINITION)
    relation = field and field.base_resolver and getattr(field.base_resolver.wrapped_func, "relation", None)
    return relation.cost if relation else 0


_loaders: WeakValueDictionary[Hashable, DataLoader[Asked, object]] = WeakValueDictionary()


def _is_level(annotation: object) -> bool:
    return annotation is Level or (isinstance(annotation, str) and annotation.split(".")[-1] == "Level")
