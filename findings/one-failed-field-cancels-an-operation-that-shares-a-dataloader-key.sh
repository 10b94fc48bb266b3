#!/usr/bin/env bash
# A non-null field that fails in one list item ends the whole operation with CancelledError, when a sibling waits
# for a DataLoader key that another item waits for as well.
#
# Packages: strawberry-graphql==0.341.2, graphql-core==3.3.2 (Python 3.11)
# Date: 2026-11-30
# One would guess: The error empties its item (null) and is listed in errors; the other items, and whoever shares a
#   DataLoader with them, are left alone.
# What happens: graphql-core 3.3 cancels the siblings of the failed field. A waiting `load()` is a future that the
#   loader's cache shares by key: it is cancelled for the other item too, and CancelledError flies out of
#   schema.execute instead of a result. Without a shared key the answer is as expected.
# Why the guess is a good one: GraphQL specification, section 6.4.4: an error of a non-null field makes its parent
#   null and is added to errors; other parents are unaffected. DataLoader's promise: the same key, the same value
#   for all who ask.
# What it means for a GraphQL service: A list of panels with their owner and one broken row is a 500, or a task that
#   ends as if its client had gone. Give every waiter a future of its own (shield the load), or avoid cached loads
#   beside fields that may fail.
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
from strawberry.dataloader import DataLoader

logging.disable(logging.CRITICAL)


async def names(keys):
    await asyncio.sleep(0.1)
    return [f"user {key}" for key in keys]


@strawberry.type
class Panel:
    id: int

    @strawberry.field
    async def owner(self, info: strawberry.Info) -> str:
        return await info.context["users"].load(info.context["owner_of"](self.id))

    @strawberry.field
    async def url(self) -> str:
        await asyncio.sleep(0.01)
        if self.id == 1:
            raise ValueError("no URL")
        return "https://example.org/2"


@strawberry.type
class Query:
    @strawberry.field
    def panels(self) -> list[Panel | None]:
        return [Panel(id=1), Panel(id=2)]


async def main():
    schema = strawberry.Schema(Query)
    for how, owner_of in (("each its own owner", lambda id: id), ("both the same owner", lambda id: 7)):
        context = {"users": DataLoader(names), "owner_of": owner_of}
        try:
            result = await schema.execute("{ panels { owner url } }", context_value=context)
            print(f"{how}: {result.data}, errors: {[error.message for error in result.errors]}")
        except BaseException as error:
            print(f"{how}: execute() raised {type(error).__name__}")


asyncio.run(main())
EOF

cat >expected <<'EOF'
each its own owner: {'panels': [None, {'owner': 'user 2', 'url': 'https://example.org/2'}]}, errors: ['no URL']
both the same owner: execute() raised CancelledError
EOF

timeout 300 venv/bin/python probe.py >seen 2>errors || { cat seen errors; echo "CHANGED: the probe itself failed"; exit 1; }
cat seen
diff expected seen || { echo "CHANGED: the cancelled sibling has another effect now"; exit 1; }
echo "As recorded: CancelledError with the shared key, a normal result without."
