#!/usr/bin/env bash
# A subscription sent to Strawberry by plain POST is executed as if it were a query, and the answer blames the field
# for being null.
#
# Packages: strawberry-graphql==0.341.2, graphql-core==3.3.2, starlette==1.10.0, uvicorn==0.54.0, httpx==0.28.1
#   (Python 3.11)
# Date: 2026-11-30
# One would guess: Without a protocol for streams the request is refused: `subscriptions go over WebSocket or SSE`,
#   400 or 405.
# What happens: 200 with `Cannot return null for non-nullable field Subscription.ticks.`; for a nullable field there
#   is no error at all, just null.
# Why the guess is a good one: GraphQL over HTTP leaves subscriptions out of its scope; GraphQL specification,
#   section 6.2.3: a subscription is executed by Subscribe, never by ExecuteQuery.
# What it means for a GraphQL service: Frontends look for a bug in the resolver. Check the operation's type before
#   running it, and answer with the transports that do work.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check \
  strawberry-graphql==0.341.2 graphql-core==3.3.2 starlette==1.10.0 uvicorn==0.54.0 httpx==0.28.1

cat >probe.py <<'EOF'
import asyncio
import logging
from collections.abc import AsyncGenerator

import httpx
import strawberry
from strawberry.asgi import GraphQL

logging.disable(logging.CRITICAL)


@strawberry.type
class Query:
    hello: str = "world"


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def ticks(self) -> AsyncGenerator[int, None]:
        yield 1

    @strawberry.subscription
    async def notes(self) -> AsyncGenerator[str | None, None]:
        yield "a"


async def main():
    app = GraphQL(strawberry.Schema(Query, subscription=Subscription))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://example.org") as client:
        for field in ("ticks", "notes"):
            answer = await client.post("/", json={"query": f"subscription {{ {field} }}"})
            body = answer.json()
            errors = [error["message"] for error in body.get("errors") or []]
            print(f"subscription {{ {field} }}: {answer.status_code}, data {body['data']}, errors {errors}")


asyncio.run(main())
EOF

cat >expected <<'EOF'
subscription { ticks }: 200, data None, errors ['Cannot return null for non-nullable field Subscription.ticks.']
subscription { notes }: 200, data {'notes': None}, errors []
EOF

timeout 300 venv/bin/python probe.py >seen 2>errors || { cat seen errors; echo "CHANGED: the probe itself failed"; exit 1; }
cat seen
diff expected seen || { echo "CHANGED: Strawberry answers such a request differently now"; exit 1; }
echo "As recorded: the field is blamed."
