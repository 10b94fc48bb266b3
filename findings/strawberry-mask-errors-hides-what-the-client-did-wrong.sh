#!/usr/bin/env bash
# Strawberry's MaskErrors makes syntax errors, misspelt fields and deliberate GraphQLErrors into `Unexpected error.`
# as well.
#
# Packages: strawberry-graphql==0.341.2, graphql-core==3.3.2 (Python 3.11)
# Date: 2026-11-30
# One would guess: It masks what the programmer didn't expect (a RuntimeError with a password in it); what is meant
#   for clients stays.
# What happens: As it comes it masks everything. With a predicate that spares errors with extensions.code,
#   validation errors and syntax errors are masked still: they have no code. One that asks for error.original_error
#   spares them all and masks the RuntimeError.
# Why the guess is a good one: GraphQL specification, section 7, Errors: request errors are raised for mistakes of
#   the request, and their message is for the developer of the client; its documentation: hide sensitive error
#   details from the client.
# What it means for a GraphQL service: Developers of frontends see `Unexpected error.` for a typo. Use
#   should_mask_error=lambda e: e.original_error is not None and not isinstance(e.original_error, GraphQLError), and
#   test the four kinds.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check \
  strawberry-graphql==0.341.2 graphql-core==3.3.2

cat >probe.py <<'EOF'
import asyncio
import logging

import strawberry
from graphql import GraphQLError
from strawberry.extensions import MaskErrors

logging.disable(logging.CRITICAL)


@strawberry.type
class Query:
    @strawberry.field
    def refused(self) -> int:
        raise GraphQLError("Not yours to read", extensions={"code": "FORBIDDEN"})

    @strawberry.field
    def broken(self) -> int:
        raise RuntimeError("password=hunter2")


PREDICATES = {
    "as it comes": {},
    "no code": {"should_mask_error": lambda error: "code" not in (error.extensions or {})},
    "original_error": {"should_mask_error": lambda error: error.original_error is not None
                       and not isinstance(error.original_error, GraphQLError)},
}


async def main():
    for how, options in PREDICATES.items():
        schema = strawberry.Schema(Query, extensions=[lambda options=options: MaskErrors(**options)])
        for query in ("{ broken }", "{ refused }", "{ misspelt }", "{"):
            result = await schema.execute(query)
            print(f"{how}: {query} -> {result.errors[0].message}")


asyncio.run(main())
EOF

cat >expected <<'EOF'
as it comes: { broken } -> Unexpected error.
as it comes: { refused } -> Unexpected error.
as it comes: { misspelt } -> Unexpected error.
as it comes: { -> Unexpected error.
no code: { broken } -> Unexpected error.
no code: { refused } -> Not yours to read
no code: { misspelt } -> Unexpected error.
no code: { -> Unexpected error.
original_error: { broken } -> Unexpected error.
original_error: { refused } -> Not yours to read
original_error: { misspelt } -> Cannot query field 'misspelt' on type 'Query'.
original_error: { -> Syntax Error: Expected Name, found <EOF>.
EOF

timeout 300 venv/bin/python probe.py >seen 2>errors || { cat seen errors; echo "CHANGED: the probe itself failed"; exit 1; }
cat seen
diff expected seen || { echo "CHANGED: MaskErrors masks differently now"; exit 1; }
echo "As recorded: only the third predicate tells the two apart."
