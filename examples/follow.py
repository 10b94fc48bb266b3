"""Follows changes of interview panels over a WebSocket. After a disconnect it resumes after the last change, so that
none is missed or repeated; without a cursor, it loads all panels first.
    python follow.py ws://127.0.0.1:8000/graphql TOKEN [CURSOR]
"""

import asyncio
import random
import sys
from collections.abc import AsyncIterator
from typing import Any

from gql import Client, GraphQLRequest
from gql.client import AsyncClientSession
from gql.transport.exceptions import TransportError, TransportQueryError
from gql.transport.websockets import WebsocketsTransport

OPTIONS = {"subprotocols": ["graphql-transport-ws"], "ping_interval": 20, "connect_args": {"max_size": None}}
FOLLOW = GraphQLRequest("""subscription Follow($after: String) {
  interviewPanelChanges(after: $after) { cursor kind panel { externalId status startsAt } } }""")
HEAD = GraphQLRequest("{ changeCursor }")
PANELS = GraphQLRequest("""query Panels($after: String) { page: interviewPanels(first: 100, after: $after) {
  edges { node { externalId status startsAt } } pageInfo { hasNextPage endCursor } } }""")
AGAIN = {"SERVICE_UNAVAILABLE", "RATE_LIMITED", "INTERNAL_SERVER_ERROR"}
REFUSED = {4400, 4401, 4403, 4406}


async def pages(session: AsyncClientSession, request: GraphQLRequest) -> AsyncIterator[dict[str, Any]]:
    after, more = None, True
    while more:
        page = (await session.execute(GraphQLRequest(request, variable_values={"after": after})))["page"]
        yield page
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]


async def load(session: AsyncClientSession) -> str:
    """Prints the current state of all panels. Returns a cursor read before, so that later changes are followed."""
    cursor: str = (await session.execute(HEAD))["changeCursor"]
    async for page in pages(session, PANELS):
        for edge in page["edges"]:
            print("-", "LOADED", edge["node"]["externalId"], edge["node"]["status"], flush=True)
    return cursor


async def follow(url: str, token: str, cursor: str | None = None) -> AsyncIterator[dict[str, Any]]:
    """Yields every change after the cursor, once and in order, for ever. Raises errors that retrying can't solve."""
    wait = 0.1
    while True:
        transport = WebsocketsTransport(url, init_payload={"Authorization": f"Bearer {token}"}, **OPTIONS)
        try:
            async with Client(transport=transport) as session:
                cursor = cursor or await load(session)
                async for data in session.subscribe(GraphQLRequest(FOLLOW, variable_values={"after": cursor})):
                    yield data["interviewPanelChanges"]
                    cursor, wait = data["interviewPanelChanges"]["cursor"], 0.1
        except TransportQueryError as error:
            extensions = (error.errors or [{}])[0].get("extensions", {})
            if extensions.get("code") == "CURSOR_EXPIRED":
                cursor = None
            elif extensions.get("code") == "TOO_SLOW":
                cursor = extensions["cursor"]
            elif extensions.get("code") not in AGAIN:
                raise
        except (TransportError, OSError, TimeoutError) as error:
            if getattr(getattr(error.__cause__, "rcvd", None), "code", None) in REFUSED:
                raise
        await asyncio.sleep(wait * random.uniform(0.5, 1.5))  # So that not all clients reconnect at once.
        wait = min(2 * wait, 30)


async def main() -> None:
    async for change in follow(*sys.argv[1:]):
        print(change["cursor"], change["kind"], change["panel"]["externalId"], change["panel"]["status"], flush=True)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()) if len(sys.argv) > 2 else __doc__)
