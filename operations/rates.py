"""How much a key, a user or an address may ask for in a minute, counted in what operations cost: see docs/limits.md.

Redis counts for several processes together. Without Redis, and while it is away, each process counts for itself:
nobody is refused because of that, and nobody waits for it.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from hashlib import sha256
from ipaddress import IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING

from limits.aio.storage import MemoryStorage

import clock
import fairness
import metrics
import settings
from auth import viewer as auth
from auth.refusals import Code, Refused
from auth.viewer import Viewer

if TYPE_CHECKING:
    from operations import redis_counters

_sign_in_log = logging.getLogger("callboard.sign_in")

WINDOW_SECONDS = 60

_SWEEP_SECONDS = 10.0
_MAX_TRUSTED = 10_000
#: So often in a minute clients repeat by themselves what was refused: graphql-ws six times in 41 seconds.
_REPEATED_SIGN_INS = 10


class RateLimited(Refused):
    """Raised for what is beyond a rate, until the minute is over; `headers` say so over HTTP."""

    def __init__(self, message: str, headers: dict[str, str] | None = None) -> None:
        seconds = _seconds_left()
        super().__init__(Code.RATE_LIMITED, f"{message} Try again in {seconds} seconds.", retryAfter=seconds)
        self.headers = {"retry-after": str(seconds), **(headers or {})}


class RateLimiter:
    """The rates of one process: what operations may cost, and how many sign-ins may fail."""

    def __init__(self, redis_url: str | None) -> None:
        self.counters = RateCounters(redis_url)
        #: Digests of credentials that were good when they were last used, the latest used last.
        self._trusted: OrderedDict[bytes, None] = OrderedDict()

    async def spend(self, viewer: Viewer | None, address: str, cost: int) -> dict[str, str]:
        """Charge a cost to whoever asks. Returns the HTTP headers that say what is left of this minute.

        Raises RateLimited where the cost is more than what is left; then it is not charged.
        """
        if settings.current().rate_limit == "off":
            return {}
        payer, name, limit = _payer(viewer, address)
        spent = await self.counters.add(name, cost)
        if spent > limit:
            spent = await self.counters.add(name, -cost)
            metrics.count_rate_refusal(payer)
            message = f"The operation costs {cost:,}, and of {limit:,} a minute {max(0, limit - spent):,} are left."
            raise RateLimited(message, _rate_headers(spent, limit))
        return _rate_headers(spent, limit)

    async def charge(self, viewer: Viewer | None, address: str, cost: int) -> dict[str, str]:
        """Charge what has been done, whatever is left of the minute. Returns the headers as `spend` does."""
        if settings.current().rate_limit == "off":
            return {}
        _, name, limit = _payer(viewer, address)
        return _rate_headers(await self.counters.add(name, cost), limit)

    async def sign_in(self, authorization: str | None, address: str) -> Viewer:
        """The viewer with that `Authorization`. Raises what `authenticate` raises, and RateLimited."""
        if authorization is None:
            return await auth.authenticate(None)
        return await self.identify(authorization, address, lambda credential: _authenticate(credential, address))

    async def identify(self, credential: str, address: str, authenticate: Callable[[str], Awaitable[Viewer]]) -> Viewer:
        """The viewer with that credential. Raises what `authenticate` raises, and RateLimited.

        An address from which too many sign-ins have failed is refused for the rest of the minute, but for credentials
        that were good before: they may come through the same gateway.
        """
        if settings.current().rate_limit == "off":
            return await authenticate(credential)
        digest = sha256(credential.encode()).digest()
        if digest not in self._trusted:
            await self.check_failures(address)
        try:
            viewer = await authenticate(credential)
        except Refused as refusal:
            if refusal.code is Code.UNAUTHENTICATED:
                self._trusted.pop(digest, None)
                await self._count_repeatable_failure(address, digest.hex())
            raise
        self._trusted[digest] = None
        if len(self._trusted) > _MAX_TRUSTED:
            self._trusted.popitem(last=False)
        return viewer

    async def close(self) -> None:
        """Close the connections to Redis."""
        await self.counters.close()

    async def _count_repeatable_failure(self, address: str, digest: str) -> None:
        """Count a failed sign-in: the same credentials once a minute, since clients repeat them by themselves.

        More often than any client does, each time counts.
        """
        repeats = await self.counters.add(f"failures/{_network(address)}/{digest}", 1)
        if repeats == 1 or repeats > _REPEATED_SIGN_INS:
            await self.count_failure(address)

    async def count_failure(self, address: str) -> None:
        """A sign-in from there has failed."""
        await self.counters.add(f"failures/{_network(address)}", 1)

    async def check_failures(self, address: str) -> None:
        """Raises RateLimited where too many sign-ins from there have failed."""
        failures = await self.counters.add(f"failures/{_network(address)}", 0)
        if settings.current().rate_limit == "on" and failures >= settings.current().failed_sign_ins_per_minute:
            metrics.count_rate_refusal("sign-ins")
            raise RateLimited("Too many sign-ins have failed from this address.")


class RateCounters:
    """Counters that begin at nothing with each minute of the clock."""

    def __init__(self, redis_url: str | None) -> None:
        self._memory = _MemoryCounters()
        self._redis: redis_counters.RedisCounters | None = None
        if redis_url is not None:
            # Its client is a tenth of what a process imports: it is there for those who have it only.
            from operations.redis_counters import RedisCounters

            self._redis = RedisCounters(redis_url, WINDOW_SECONDS)

    async def add(self, name: str, amount: int) -> int:
        """Add to a counter. Returns what it has come to in this minute."""
        key = f"{name}/{_minute()}"
        count = await self._redis.add(key, amount) if self._redis is not None else None
        return await self._memory.incr(key, WINDOW_SECONDS, amount) if count is None else count

    async def close(self) -> None:
        """Close the connections to Redis."""
        if self._redis is not None:
            await self._redis.close()


class _MemoryCounters(MemoryStorage):
    """Counters in memory, swept now and then: the library's own way looks through all of them at each call."""

    async def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        if self.timer is None or self.timer.done():
            self.timer = asyncio.create_task(self._sweep())
        return await super().incr(key, expiry, amount)

    async def _sweep(self) -> None:
        await asyncio.sleep(_SWEEP_SECONDS)
        now = clock.now().timestamp()
        for key in [key for key, expires in self.expirations.items() if expires <= now]:
            await self.clear(key)


async def _authenticate(authorization: str, address: str) -> Viewer:
    """The viewer with that `Authorization`; the task's statements are their account's from then on.

    The log and the metrics learn why somebody is refused, who is not told.
    """
    try:
        viewer = await auth.authenticate(authorization)
    except Refused as refusal:
        if refusal.reason is not None:
            metrics.count_sign_in(refusal.reason)
            _sign_in_log.info(
                "sign-in refused", extra={"reason": refusal.reason, "address": address, **refusal.details}
            )
        raise
    metrics.count_sign_in("OK")
    fairness.run_for(viewer.account_id)
    return viewer


def _payer(viewer: Viewer | None, address: str) -> tuple[metrics.Payer, str, int]:
    """Whose rate it is, the name of the counter, and the limit a minute."""
    limits = settings.current()
    if viewer is None:
        return "address", f"address/{_network(address)}", limits.address_cost_per_minute
    if viewer.key is not None:
        return "key", viewer.key.id, limits.key_cost_per_minute
    return "user", viewer.actor_id, limits.user_cost_per_minute


def _rate_headers(spent: int, limit: int) -> dict[str, str]:
    return {
        "ratelimit-policy": f'"cost";q={limit};w={WINDOW_SECONDS}',
        "ratelimit": f'"cost";r={max(0, limit - spent)};t={_seconds_left()}',
    }


def _network(address: str) -> str:
    """Whom an address stands for: with IPv6, everybody has as many as they want of the last 64 bits.

    An IPv4 address is the same one as IPv6 writes it, where a socket takes both.
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return address
    return str(parsed.ipv4_mapped or ip_network((parsed, 64), strict=False))


def _minute() -> int:
    return int(clock.now().timestamp()) // WINDOW_SECONDS


def _seconds_left() -> int:
    """How many seconds the minute still has."""
    return WINDOW_SECONDS - int(clock.now().timestamp()) % WINDOW_SECONDS
