"""What one application keeps while it serves: made once, entered with its lifespan, reached through the request.

docs/decisions/0012 says what stands here, and what is shared by all applications of an operating system's process.
"""

from dataclasses import dataclass
from typing import cast

from starlette.types import Scope

import settings
from auth.openid import OpenIdClient
from database.transactions import Transactions
from feed.hub import Hub
from feed.notify import SIGNALS, Signals
from operations.serve import Engine
from resolvers.units import TRANSACTIONS
from transport.readiness import Readiness


@dataclass(frozen=True)
class Process:
    """The parts of one application in one process."""

    #: Wake those who wait for what others have committed.
    signals: Signals
    #: The transactions under way.
    transactions: Transactions
    #: What is followed live.
    hub: Hub
    #: Runs GraphQL operations, within their limits and rates.
    engine: Engine
    #: Whether it should get requests.
    readiness: Readiness
    #: The identity provider that people sign in at from the console, where there is one.
    openid: OpenIdClient | None


def new_process() -> Process:
    """The parts of an application, as the settings have them; none of them has begun."""
    hub, current = Hub(SIGNALS), settings.current()
    openid = OpenIdClient(current.oidc_issuer, current) if current.oidc_issuer else None
    engine = Engine(hub, SIGNALS, current.redis_url)
    return Process(SIGNALS, TRANSACTIONS, hub, engine, Readiness(SIGNALS), openid)


def process_of(scope: Scope) -> Process:
    """The process that serves the request."""
    return cast(Process, scope["process"])
