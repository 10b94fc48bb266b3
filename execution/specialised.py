"""Functions made for the attributes that they read and the dictionaries that they build.

CPython is twice as fast where such names stand in the code (PEP 659), and once more where a value that is its own
answer is checked in passing. The code is made as a syntax tree, by filling in two expressions that are written out
here: nothing that a client writes is ever parsed as Python.
"""

import ast
import gc
from collections.abc import Callable, Mapping
from types import CodeType, FunctionType
from typing import Any, NamedTuple

Values = list[Any]
Coerce = Callable[[Any], object]
"""Makes the answer of a value, or raises."""


class UsualType(NamedTuple):
    """The Python type that values usually have, and how they become answers; all other values are coerced."""

    type: type
    #: Whether the answer is the name of the enum's member, rather than the value itself.
    is_enum: bool
    coerce: Coerce


class AttributeCell(NamedTuple):
    """A field whose values are read from an attribute and usually have one type."""

    attribute: str
    usual: UsualType


def attribute_reader(name: str) -> Callable[[Values], Values]:
    """`[each.name for each in objects]`, as a function of the objects."""
    if not name.isidentifier():
        return lambda objects: [getattr(each, name) for each in objects]
    return _function(_Filled(name).visit(_parse("lambda objects: [each.ATTRIBUTE for each in objects]")), {})


def dictionary_builder(cells: Mapping[str, AttributeCell | None]) -> Callable[..., list[dict[str, object]]]:
    """Makes a dictionary of each object, as a function of the objects and of a column for each name that has None."""
    names: dict[str, object] = {"type": type, "zip": zip}
    values: list[ast.expr] = []
    columns: list[str] = []
    for number, cell in enumerate(cells.values()):
        if cell is None:
            columns.append(f"column{number}")
            values.append(ast.Name(f"column{number}", ast.Load()))
        else:
            names |= {f"TYPE{number}": cell.usual.type, f"COERCE{number}": cell.usual.coerce}
            answer = "value._name_" if cell.usual.is_enum else "value"
            text = f"{answer} if type(value := each.ATTRIBUTE) is TYPE{number} else COERCE{number}(value)"
            values.append(_Filled(cell.attribute).visit(_parse(text)).body)
    text = f"lambda objects, *columns: [{{}} for each, {', '.join(columns)} in zip(objects, *columns)]"
    tree = _parse(text if columns else "lambda objects: [{} for each in objects]")
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            node.keys, node.values = [ast.Constant(name) for name in cells], values
            break
    return _function(tree, names)


class _Filled(ast.NodeTransformer):
    """Fills an attribute's name into an expression."""

    def __init__(self, name: str) -> None:
        self.name = name

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        return ast.Attribute(node.value, self.name, node.ctx) if node.attr == "ATTRIBUTE" else node


def _parse(text: str) -> ast.Expression:
    # CPython 3.11 raises SystemError where the garbage collector runs Python code while a tree is made.
    collects = gc.isenabled()
    gc.disable()
    try:
        return ast.parse(text, mode="eval")
    finally:
        if collects:
            gc.enable()


def _function(tree: ast.Expression, names: dict[str, object]) -> Callable[..., Any]:
    code = compile(ast.fix_missing_locations(tree), __name__, "eval")
    [function] = [constant for constant in code.co_consts if isinstance(constant, CodeType)]
    return FunctionType(function, names)
