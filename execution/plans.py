"""The plans in use, kept beside the parsed documents by identity: a document that is parsed again is compiled again."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from graphql import DirectiveNode, VariableNode, Visitor, visit

from execution.plan import OBEYED_DIRECTIVES, AnyExecutor, Compilation, Plan

T = TypeVar("T")

#: What a character of a document takes in memory, parsed and compiled.
_BYTES_PER_CHARACTER = 100


class Plans:
    """Plans; the least recently used go when there are more than `entries`, or they take over `size` bytes.

    A plan's bytes are estimated from the document that it keeps alive.
    """

    def __init__(self, entries: int = 1_000, size: int = 64 * 2**20) -> None:
        self.entries, self.size = entries, size
        self.taken = 0
        self._entries: OrderedDict[Hashable, tuple[Any, int, object]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def of(self, executor: AnyExecutor) -> Plan:
        """The plan of the executor's operation, under what its variables include and skip."""
        nodes = (executor.schema, executor.operation, *executor.fragment_definitions.values())
        key: tuple[object, ...] = tuple(map(id, nodes))
        conditions = self._get_or_make(key, executor, lambda: _condition_variables(executor))
        values = {name: executor.variable_values.coerced.get(name) for name in conditions}
        key = (key, *values.values())
        return self._get_or_make(key, executor, lambda: Compilation(executor, values).plan())

    def _get_or_make(self, key: Hashable, executor: AnyExecutor, make: Callable[[], T]) -> T:
        if key in self._entries:
            self._entries.move_to_end(key)
            known: T = self._entries[key][0]
            return known
        made = make()
        location = executor.operation.loc
        size = _BYTES_PER_CHARACTER * len(location.source.body if location else "")
        # The nodes are kept with it, so that no others get their identities.
        self._entries[key] = made, size, (executor.schema, executor.operation, executor.fragment_definitions)
        self.taken += size
        while len(self) > self.entries or self.taken > self.size:
            _, (_, size, _) = self._entries.popitem(last=False)
            self.taken -= size
        return made


def _condition_variables(executor: AnyExecutor) -> list[str]:
    """The variables that decide about `@skip` and `@include`."""
    names: dict[str, None] = {}

    class Conditions(Visitor):
        def enter_directive(self, node: DirectiveNode, *_: object) -> None:
            if node.name.value in OBEYED_DIRECTIVES:
                values = [argument.value for argument in node.arguments or ()]
                names.update((value.name.value, None) for value in values if isinstance(value, VariableNode))

    for definition in (executor.operation, *executor.fragment_definitions.values()):
        visit(definition, Conditions())
    return list(names)
