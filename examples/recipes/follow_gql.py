"""gql: changes that survive every cut. It ends at each of them, and at every error: begin again behind the last cursor.
python follow_gql.py http://127.0.0.1:8000/graphql TOKEN
"""

import asyncio
import os
import random
import sys
from collections.abc import AsyncIterator
from typing import Any

from gql import Client, GraphQLRequest
from gql.transport.exceptions import TransportError, TransportQueryError
from gql.transport.websockets import WebsocketsTransport

FOLLOW = GraphQLRequest("""subscription Follow($after: String) { interviewPanelChanges(after: $after) {
  cursor kind panel { id externalId status startsAt } } }""")
AGAIN = {"SERVICE_UNAVAILABLE", "RATE_LIMITED", "INTERNAL_SERVER_ERROR", "TOO_SLOW"}
FINAL = {4400, 4401, 4406}
SILENCE = float(os.environ.get("SILENCE_MS", "30000")) / 1000  # so long without an answer: the connection is dead


def transport_to(url: str, token: str) -> WebsocketsTransport:
    pings = {"ping_interval": SILENCE * 2 / 3, "pong_timeout": SILENCE / 3}
    # Without `max_size` a change above 1 MiB ends it.
    options: dict[str, Any] = {"subprotocols": ["graphql-transport-ws"], "connect_args": {"max_size": None}, **pings}
    options["init_payload"] = {"Authorization": f"Bearer {token}"}
    return WebsocketsTransport(url.replace("http", "ws", 1), **options)


async def follow(url: str, token: str, cursor: str | None = None) -> AsyncIterator[dict[str, Any]]:
    """Yields every change after the cursor, or from now on, once and in order. Raises errors that are final."""
    wait = 0.1
    while True:
        transport = transport_to(url, token)
        try:
            async with Client(transport=transport) as session:
                # Where nothing is known yet, the acknowledgement says where the changes begin.
                cursor = cursor or transport.payloads["connection_ack"]["changeCursor"]
                async for data in session.subscribe(GraphQLRequest(FOLLOW, variable_values={"after": cursor})):
                    yield data["interviewPanelChanges"]
                    cursor, wait = data["interviewPanelChanges"]["cursor"], 0.1
        except TransportQueryError as error:
            extensions = (error.errors or [{}])[0].get("extensions", {})
            if extensions.get("code") not in AGAIN:
                raise  # CURSOR_EXPIRED: load afresh, and follow without a cursor
        except (TransportError, OSError, TimeoutError) as error:
            if getattr(getattr(error.__cause__, "rcvd", None), "code", None) in FINAL:
                raise
        await asyncio.sleep(wait * random.uniform(0.5, 1.5))  # So that not all clients come back at once.
        wait = min(2 * wait, 30)


async def main() -> None:
    async for change in follow(*sys.argv[1:]):
        print(change["cursor"], change["kind"], *map(change["panel"].get, ("externalId", "status")), flush=True)


asyncio.run(main())
