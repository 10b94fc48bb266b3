#!/usr/bin/env bash
# hypothesis-graphql gives null to every nullable argument of a custom scalar, silently: filters by date are never
# tried.
#
# Packages: hypothesis-graphql==0.13.5, hypothesis==6.170.15, graphql-core==3.3.2 (Python 3.11)
# Date: 2026-11-30
# One would guess: A custom scalar that the generator knows nothing of is an error, as it is for a required
#   argument, or gets strings.
# What happens: Where null is allowed, null is all there is: in 200 generated queries `since: DateTime` is never
#   given a value, lists of the scalar are null, and in input objects such a field doesn't even occur. There is no
#   warning.
# Why the guess is a good one: Its documentation: without a strategy for a custom scalar it can't generate a query,
#   and raises; the same scalar behind `!` does raise, so one takes silence for coverage.
# What it means for a GraphQL service: A green fuzzing run of an API whose filters are all nullable has tested none
#   of its DateTime, URL or TimeZone inputs. Register a strategy for every custom scalar, and count in a test that
#   each argument was given at least once.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check \
  hypothesis-graphql==0.13.5 hypothesis==6.170.15 graphql-core==3.3.2

cat >probe.py <<'EOF'
from collections import Counter

import graphql
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis_graphql import nodes, queries

SCHEMA = """
scalar DateTime
type Query { panels(since: DateTime, between: [DateTime!], name: String, filter: Filter): Int }
input Filter { since: DateTime name: String }
"""


def values(**options):
    seen = Counter()

    @settings(max_examples=200, database=None, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
    @given(queries(SCHEMA, **options))
    def run(query):
        for field in graphql.parse(query).definitions[0].selection_set.selections:
            for argument in getattr(field, "arguments", None) or ():
                seen[argument.name.value, argument.value.kind != "null_value"] += 1
                for inner in getattr(argument.value, "fields", None) or ():
                    seen[f"filter.{inner.name.value}", inner.value.kind != "null_value"] += 1

    run()
    return seen


for how, seen in (
    ("as it comes", values()),
    ("with a strategy", values(custom_scalars={"DateTime": st.just("2026-11-30T09:00:00Z").map(nodes.String)})),
):
    for name in ("name", "since", "between", "filter.name", "filter.since"):
        print(f"{how}: {name} got a value: {'yes' if seen[name, True] else 'never'}")
try:
    queries("scalar DateTime type Query { panels(since: DateTime!): Int }").example()
except Exception as error:
    print(f"a required one: {type(error).__name__}")
EOF

cat >expected <<'EOF'
as it comes: name got a value: yes
as it comes: since got a value: never
as it comes: between got a value: never
as it comes: filter.name got a value: yes
as it comes: filter.since got a value: never
with a strategy: name got a value: yes
with a strategy: since got a value: yes
with a strategy: between got a value: yes
with a strategy: filter.name got a value: yes
with a strategy: filter.since got a value: yes
a required one: InvalidArgument
EOF

timeout 400 venv/bin/python probe.py >seen 2>errors || { cat seen errors; echo "CHANGED: the probe itself failed"; exit 1; }
cat seen
diff expected seen || { echo "CHANGED: hypothesis-graphql fills nullable scalars differently now"; exit 1; }
echo "As recorded: no value was ever generated for the scalar."
