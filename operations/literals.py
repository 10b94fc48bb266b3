"""Literals that can't be read are refused as variables are: which argument, where within it, and why."""

from graphql import (
    SKIP,
    ArgumentNode,
    GraphQLError,
    GraphQLInputType,
    ValueNode,
    VariableDefinitionNode,
    VisitorAction,
    specified_rules,
)
from graphql.pyutils import print_path_list
from graphql.utilities import validate_input_literal
from graphql.validation import ValuesOfCorrectTypeRule


class _LiteralValuesRule(ValuesOfCorrectTypeRule):
    """graphql-core's rule, whose errors say neither which argument they are about nor, for our scalars, where it is."""

    _name = ""

    def enter_argument(self, node: ArgumentNode, *_: object) -> None:
        self._name = f"Argument '{node.name.value}'"

    def enter_variable_definition(self, node: VariableDefinitionNode, *_: object) -> None:
        self._name = f"Variable '${node.variable.name.value}'"

    def is_valid_value_node(self, node: ValueNode, input_type: GraphQLInputType | None) -> VisitorAction:
        def report(error: GraphQLError, path: list[str | int]) -> None:
            message = f"{self._name} has invalid value{print_path_list(path)}: {error.message}"
            self.report_error(GraphQLError(message, error.nodes or node, original_error=error))

        if input_type:
            validate_input_literal(node, input_type, report, None, None, self.context.hide_suggestions)
        return SKIP


VALIDATION_RULES = tuple(_LiteralValuesRule if rule is ValuesOfCorrectTypeRule else rule for rule in specified_rules)
