"""The plans in use, kept beside the parsed documents by identity: a document that is parsed again is compiled again."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from graphql import VariableNode, Visitor, visit
from graphql.execution import Executor

from execution.plan import OBEYED_DIRECTIVES, Compilation, Plan

#: What a character of a document takes in memory, parsed and compiled.
_BYTES_PER_CHARACTER = 100


class Plans:
    """Plans; the least recently used go when there are more than `entries`, or they take over `size` bytes.

    A plan's bytes are estimated from the document that it keeps alive.
    """

    def __init__(self, entries: int = 1_000, size: int = 64 * 2**20) -> None:
        self.entries, self.size = entries, size
        self.taken = 0
        self._entries: OrderedDict[tuple[Any, ...], tuple[Any, int, Any]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def of(self, executor: Executor[Any]) -> Plan:
        """The plan of the executor's operation, under what its variables include and skip."""
        nodes = (executor.schema, executor.operation, *executor.fragment_definitions.values())
        key: tuple[Any, ...] = tuple(map(id, nodes))
        conditions: list[str] = self._get_or_make(key, executor, lambda: _condition_variables(executor))
        values = {name: executor.variable_values.coerced.get(name) for name in conditions}
        key = (key, *values.values())
        plan: Plan = self._get_or_make(key, executor, lambda: Compilation(executor, values).plan())
        return plan

    def _get_or_make(self, key: tuple[Any, ...], executor: Executor[Any], make: Callable[[], Any]) -> Any:
        if key in self._entries:
            self._entries.move_to_end(key)
            return self._entries[key][0]
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


def _condition_variables(executor: Executor[Any]) -> list[str]:
    """The variables that decide about `@skip` and `@include`."""
    names: dict[str, None] = {}

    class Conditions(Visitor):
        def enter_directive(self, node: Any, *_: object) -> None:
            if node.name.value in OBEYED_DIRECTIVES:
                values = [argument.value for argument in node.arguments]
                names.update((value.name.value, None) for value in values if isinstance(value, VariableNode))

    for definition in (executor.operation, *executor.fragment_definitions.values()):
        visit(definition, Conditions())
    return list(names)
