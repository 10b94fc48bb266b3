#!/usr/bin/env bash
# orjson reads an integer above 64 bits as a float without a word: a GraphQL ID sent as a number becomes another id.
#
# Packages: orjson==3.13.0, graphql-core==3.3.2 (Python 3.11)
# Date: 2026-11-30
# One would guess: orjson is a faster json: an integer stays an integer, or is refused where it is too large (as
#   orjson refuses to write one).
# What happens: From 2^64 on loads() gives a float; graphql-core's ID takes a float that is whole for an integer, so
#   the id that reaches the resolver has other digits than the one that was sent. json keeps all digits.
# Why the guess is a good one: GraphQL specification, section 3.5.5: an ID may be given as an integer; Python's json
#   and its unlimited integers; orjson.dumps raises `Integer exceeds 64-bit range` for the same number.
# What it means for a GraphQL service: Ids of other systems that are long digits (snowflakes of 128 bits, numeric
#   ULIDs) find nothing or somebody else's row when a client sends them as numbers. Refuse floats for IDs, or read
#   ids as strings only.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check \
  orjson==3.13.0 graphql-core==3.3.2

cat >probe.py <<'EOF'
import json

import orjson
from graphql import build_schema, graphql_sync

schema = build_schema("type Query { echo(id: ID!): ID! }")
schema.query_type.fields["echo"].resolve = lambda _, info, id: id
body = b'{"query": "query Echo($id: ID!) { echo(id: $id) }", "variables": {"id": 12345678901234567890123}}'
for reader in (json, orjson):
    request = reader.loads(body)
    result = graphql_sync(schema, request["query"], variable_values=request["variables"])
    print(f"{reader.__name__}: sent 12345678901234567890123, arrived {result.data['echo']}, errors {result.errors}")
try:
    orjson.dumps(12345678901234567890123)
except TypeError as error:
    print("orjson.dumps:", error)
EOF

cat >expected <<'EOF'
json: sent 12345678901234567890123, arrived 12345678901234567890123, errors None
orjson: sent 12345678901234567890123, arrived 12345678901234567741440, errors None
orjson.dumps: Integer exceeds 64-bit range
EOF

timeout 300 venv/bin/python probe.py >seen 2>errors || { cat seen errors; echo "CHANGED: the probe itself failed"; exit 1; }
cat seen
diff expected seen || { echo "CHANGED: orjson or graphql-core reads long integers differently now"; exit 1; }
echo "As recorded: orjson made another id of it."
