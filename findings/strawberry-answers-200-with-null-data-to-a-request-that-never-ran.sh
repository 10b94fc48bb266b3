#!/usr/bin/env bash
# Strawberry answers a misspelt field with 200, `data: null` and application/json, even to clients that ask for the
# newer media type.
#
# Packages: strawberry-graphql==0.341.2, graphql-core==3.3.2, starlette==1.10.0, uvicorn==0.54.0, httpx==0.28.1
#   (Python 3.11)
# Date: 2026-11-30
# One would guess: A request that fails validation has no `data` at all, and with Accept: application/graphql-
#   response+json it is a 400 in that type.
# What happens: 200, application/json and `data: null`, as if the operation had run and its root had been nulled;
#   whether it ran can't be told from the answer.
# Why the guess is a good one: GraphQL specification, section 7, Data: if no execution took place, the response must
#   not have data; GraphQL over HTTP, on application/graphql-response+json: such a request should be answered with
#   400.
# What it means for a GraphQL service: Clients that decide by `data` being there or by the status retry or show the
#   wrong thing; caches and dashboards count failures as successes. Override process_result and the response's
#   status and type.
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

import httpx
import strawberry
from strawberry.asgi import GraphQL

logging.disable(logging.CRITICAL)


@strawberry.type
class Query:
    hello: str = "world"


async def main():
    transport = httpx.ASGITransport(GraphQL(strawberry.Schema(Query)))
    async with httpx.AsyncClient(transport=transport, base_url="http://example.org") as client:
        for accept in ("application/json", "application/graphql-response+json"):
            for query in ("{ misspelt }", "{"):
                answer = await client.post("/", json={"query": query}, headers={"accept": accept})
                body = answer.json()
                print(f"Accept: {accept}; {query}: {answer.status_code} {answer.headers['content-type']}, "
                      f"data {'is ' + str(body['data']) if 'data' in body else 'absent'}, {len(body['errors'])} error(s)")


asyncio.run(main())
EOF

cat >expected <<'EOF'
Accept: application/json; { misspelt }: 200 application/json, data is None, 1 error(s)
Accept: application/json; {: 200 application/json, data is None, 1 error(s)
Accept: application/graphql-response+json; { misspelt }: 200 application/json, data is None, 1 error(s)
Accept: application/graphql-response+json; {: 200 application/json, data is None, 1 error(s)
EOF

timeout 300 venv/bin/python probe.py >seen 2>errors || { cat seen errors; echo "CHANGED: the probe itself failed"; exit 1; }
cat seen
diff expected seen || { echo "CHANGED: Strawberry answers invalid requests differently now"; exit 1; }
echo "As recorded: 200 and data: null."
