"""`@breadth`: a field whose function answers for all parents of a level at once, so that N+1 can't be written.

The breadth-first executor calls the function directly. graphql-core, which resolves object by object, reaches the same
function through a loader that lives only as long as somebody waits for it: nothing is remembered between the
operations of a context, nor between the deliveries of a subscription.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Hashable, Sequence
from inspect import Parameter as Kind
from inspect import isawaitable, iscoroutinefunction
from typing import Any
from weakref import WeakValueDictionary

import strawberry
from graphql import FieldNode, GraphQLField, print_ast
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
            return await self._loader(info, arguments).answer((root, info._raw_info.field_nodes))

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

    def _loader(self, info: strawberry.Info, arguments: dict[str, object]) -> "_Loader":
        # The identities can't be reused while they are a key: the loader holds what they belong to. The root value
        # tells a subscription's events apart, of which one may begin while one that failed is still being given up.
        one_execution = id(info.context), id(info.operation), id(info.variable_values), id(info.root_value)
        literals = tuple(print_ast(argument) for argument in info._raw_info.field_nodes[0].arguments or ())
        key = (self, *one_execution, literals)
        loader = _loaders.get(key)
        if loader is None:

            async def load(asked: Sequence[Asked]) -> list[object]:
                # Parents may come from several places of the document; the level is what all of them select.
                nodes = {id(node): node for _, nodes in asked for node in nodes}
                level = Level.of(info, nodes.values())
                return await self.answers([parent for parent, _ in asked], level, arguments)

            loader = _loaders[key] = _Loader(load)
        return loader


class _Loader:
    """Asks a function for all parents at once that are asked for until its turn comes.

    Strawberry's DataLoader takes that for the next pass of the event loop: whoever joins a batch later, all others of
    which have been cancelled, would wait for ever.
    """

    def __init__(self, load: Callable[[Sequence[Asked]], Awaitable[list[object]]]) -> None:
        self._load = load
        self._waiting: list[tuple[Asked, asyncio.Future[object]]] = []
        self._task: asyncio.Task[None] | None = None

    async def answer(self, asked: Asked) -> object:
        """The function's answer for one parent. Raises what the function raises, or gives as its answer."""
        future = asyncio.get_running_loop().create_future()
        if not self._waiting:
            self._task = asyncio.create_task(self._answer_all())
        self._waiting.append((asked, future))
        return await future

    async def _answer_all(self) -> None:
        # Those come along who are reached one step later.
        await asyncio.sleep(0)
        waiting, self._waiting = self._waiting, []
        for start in range(0, len(waiting), _PARENTS_AT_ONCE):
            some = [each for each in waiting[start : start + _PARENTS_AT_ONCE] if not each[1].done()]
            try:
                answers = await self._load([asked for asked, _ in some]) if some else []
            except Exception as failure:
                answers = [failure] * len(some)
            for (_, future), answer in zip(some, answers, strict=True):
                if isinstance(answer, BaseException) and not future.done():
                    future.set_exception(answer)
                    # Marks it as retrieved: whoever asked may have been cancelled by now.
                    future.exception()
                elif not future.done():
                    future.set_result(answer)


def field_cost(definition: GraphQLField) -> int:
    """What a field is declared to cost for each parent."""
    relation = _relation(definition)
    return relation.cost if relation else 0


def waits(definition: GraphQLField) -> bool:
    """Whether a field's function waits for something, such as a statement."""
    relation, field = _relation(definition), definition.extensions.get(DEFINITION)
    return relation.waits if relation else bool(field and field.is_async)


def _relation(definition: GraphQLField) -> Relation | None:
    field = definition.extensions.get(DEFINITION)
    return getattr(field.base_resolver.wrapped_func, "relation", None) if field and field.base_resolver else None


_loaders: WeakValueDictionary[Hashable, _Loader] = WeakValueDictionary()


def _is_level(annotation: object) -> bool:
    return annotation is Level or (isinstance(annotation, str) and annotation.split(".")[-1] == "Level")
