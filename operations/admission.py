"""Who is served: within every limit and every rate, and so that nobody's load keeps others waiting."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from weakref import WeakValueDictionary

import database
import settings
from auth.refusals import Code, Refused
from auth.viewer import Viewer
from feed.hub import Hub
from operations.cost import REQUEST_COST
from operations.documents import NOBODY, Documents, PreparedOperation
from operations.rates import RateLimiter
from operations.request import RejectedRequest, Request
from schema.context import Context
from work import Work

#: So many characters of a document, or fewer, cost 1 to parse and validate, beside what any request costs.
_CHARACTERS_PER_COST = 4
#: So many bytes of a request, and of its answer, cost 1.
BYTES_PER_COST = 1_000


@dataclass(frozen=True)
class Admitted:
    """An operation that may run: it is within every limit, and it is paid for."""

    operation: PreparedOperation
    #: Those that the operation declares: a subscription keeps them for as long as it is followed.
    variables: dict[str, object]
    cost: int
    #: Where it came from: who is not signed in pays by address.
    address: str
    #: What is left of the rate, for HTTP.
    headers: dict[str, str]


class Admission:
    """What a process lets in: it identifies viewers, charges operations, and bounds what runs at the same time."""

    def __init__(self, documents: Documents, rates: RateLimiter, hub: Hub) -> None:
        self._documents = documents
        self._rates = rates
        self._hub = hub
        self._slots: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()
        #: How many connections each user and each integration keeps open to this process.
        self.connections: Counter[str] = Counter()
        #: What all that each user and each integration follows costs.
        self.followed_costs: Counter[str] = Counter()

    async def identify(self, authorization: str | None, address: str, request_id: str) -> Context:
        """The context of a request with that `Authorization`. Where nobody is signed in, it says why.

        Raises Refused(RATE_LIMITED).
        """
        try:
            return Context(request_id, self._hub, await self._rates.sign_in(authorization, address))
        except (Refused, *database.UNREACHABLE) as refusal:
            if isinstance(refusal, Refused) and refusal.code is Code.RATE_LIMITED:
                raise
            return Context(request_id, self._hub, refusal=refusal)

    async def admit(self, request: Request, context: Context, address: str) -> Admitted:
        """Check the requested operation against every limit, and charge it.

        Raises InvalidDocument, and RateLimited. A document that is not kept yet is charged for being parsed too, before
        it is.
        """
        query = self._documents.persisted(str(request.sha256)) if request.query is None else request.query
        owner = context.signed_in.account_id if context.signed_in else NOBODY
        if query not in self._documents:
            reading = REQUEST_COST + -(-len(query) // _CHARACTERS_PER_COST)
            await self._rates.spend(context.signed_in, address, reading)
            await self._documents.read(query, owner)
        operation = self._documents.prepare(query, request.operation_name, owner)
        variables = operation.declared(request.variables or {})
        cost = operation.cost.of(variables)
        headers = await self._rates.spend(context.signed_in, address, cost)
        return Admitted(operation, variables, cost, address, headers)

    async def charge_work(self, admitted: Admitted, context: Context, work: Work) -> None:
        """Charge what was done for an operation, as far as that is more than was estimated."""
        if work.cost > admitted.cost:
            more = work.cost - admitted.cost
            admitted.headers.update(await self._rates.charge(context.signed_in, admitted.address, more))

    async def spend_delivery(self, admitted: Admitted, context: Context) -> None:
        """Charge a delivery of a subscription that is about to be rendered. Raises RateLimited."""
        await self._rates.spend(context.signed_in, admitted.address, admitted.cost)

    async def decode(self, decode: Callable[[], Request], size: int, context: Context, address: str) -> Request:
        """The request of so many bytes, which are charged before it is decoded.

        Raises RateLimited, and what `decode` raises: what turns out to be no request costs as much as one.
        """
        if size >= BYTES_PER_COST:
            await self._rates.spend(context.signed_in, address, size // BYTES_PER_COST)
        try:
            return decode()
        except RejectedRequest:
            await self._rates.spend(context.signed_in, address, REQUEST_COST)
            raise

    def slot(self, viewer: Viewer | None) -> asyncio.Semaphore:
        """To be held while a query or a mutation runs: an account has few, and so have all who are not signed in."""
        account_id = viewer.account_id if viewer else NOBODY
        slots = self._slots.get(account_id)
        if slots is None:
            slots = self._slots[account_id] = asyncio.Semaphore(settings.current().requests_per_account)
        return slots

    @contextmanager
    def connection(self, viewer: Viewer) -> Iterator[None]:
        """Inside the block the viewer has one connection more. Raises Refused where they have too many."""
        limit = settings.current().connections_per_user
        if self.connections[viewer.actor_id] >= limit:
            message = f"A user has at most {limit} WebSockets and event streams open at a time."
            raise Refused(Code.LIMIT_EXCEEDED, message, limit=limit)
        with _counted(self.connections, viewer.actor_id, 1):
            yield

    @contextmanager
    def followed(self, viewer: Viewer, cost: int) -> Iterator[None]:
        """Inside the block the viewer follows something of that cost.

        Raises Refused where all that they follow would cost more than one operation may.
        """
        limit, total = settings.current().max_cost, self.followed_costs[viewer.actor_id] + cost
        if total > limit:
            message = f"All that a user follows costs at most {limit:,}, and this would make it {total:,}."
            raise Refused(Code.LIMIT_EXCEEDED, message, limit=limit)
        with _counted(self.followed_costs, viewer.actor_id, cost):
            yield


@contextmanager
def _counted(counts: Counter[str], actor_id: str, amount: int) -> Iterator[None]:
    counts[actor_id] += amount
    try:
        yield
    finally:
        counts[actor_id] -= amount
        if not counts[actor_id]:
            del counts[actor_id]
