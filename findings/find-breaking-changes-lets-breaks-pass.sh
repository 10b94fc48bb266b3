#!/usr/bin/env bash
# graphql-core's find_breaking_changes finds nothing where the whole mutation root goes, an input becomes @oneOf, or
# a required argument loses its default.
#
# Packages: graphql-core==3.3.2 (Python 3.11)
# Date: 2026-11-30
# One would guess: An empty list means that each operation that was valid before is still valid: that is what a
#   schema check in CI is for.
# What happens: Three changes that break clients pass: the schema no longer names its mutation type (while the type
#   stays in use), an input object becomes @oneOf, and the default of a required argument is dropped, which makes it
#   one that must be given. The last is reported as dangerous only, the first two not at all.
# Why the guess is a good one: GraphQL specification: sections 3.3.1 (root operation types), 3.10.1 (an input that
#   is OneOf takes exactly one field) and 3.6.1 (an argument is required if it is non-null and has no default
#   value). The function's name and documentation: lists the breaking changes.
# What it means for a GraphQL service: A contract test that only compares find_breaking_changes with [] misses them.
#   Compare the root types, isOneOf and defaults too, or run a stored set of operations through validation against
#   the new schema, as this script does.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check \
  graphql-core==3.3.2

cat >probe.py <<'EOF'
from graphql import build_schema, parse, validate
from graphql.utilities import find_breaking_changes, find_dangerous_changes

CASES = {
    "no mutation root any more": (
        "schema { query: Query mutation: Mutation } type Query { last: Mutation } type Mutation { push: Int }",
        "schema { query: Query } type Query { last: Mutation } type Mutation { push: Int }",
        "mutation { push }",
    ),
    "an input becomes @oneOf": (
        "type Query { panel(by: By!): Int } input By { id: ID externalId: ID }",
        "type Query { panel(by: By!): Int } input By @oneOf { id: ID externalId: ID }",
        '{ panel(by: {id: "1", externalId: "2"}) }',
    ),
    "a required argument loses its default": (
        "type Query { panels(first: Int! = 25): Int }",
        "type Query { panels(first: Int!): Int }",
        "{ panels }",
    ),
}
for name, (before, after, operation) in CASES.items():
    old, new = build_schema(before), build_schema(after)
    valid = [not validate(schema, parse(operation)) for schema in (old, new)]
    print(f"{name}: {operation} was valid: {valid[0]}, is valid: {valid[1]}")
    print("  breaking:", [change.description for change in find_breaking_changes(old, new)])
    print("  dangerous:", [change.description for change in find_dangerous_changes(old, new)])
EOF

cat >expected <<'EOF'
no mutation root any more: mutation { push } was valid: True, is valid: False
  breaking: []
  dangerous: []
an input becomes @oneOf: { panel(by: {id: "1", externalId: "2"}) } was valid: True, is valid: False
  breaking: []
  dangerous: []
a required argument loses its default: { panels } was valid: True, is valid: False
  breaking: []
  dangerous: ['Query.panels(first:) defaultValue was removed.']
EOF

timeout 300 venv/bin/python probe.py >seen 2>errors || { cat seen errors; echo "CHANGED: the probe itself failed"; exit 1; }
cat seen
diff expected seen || { echo "CHANGED: find_breaking_changes reports these changes differently now"; exit 1; }
echo "As recorded: three breaks, none of them called breaking."
