"""How much a key, a user or an address may ask for in a minute, counted in what operations cost: see docs/limits.md.

Redis counts for several processes together. Where there is none, and while it is away, each process counts for itself:
nobody is refused because of it, and nobody waits for it.
"""

import asyncio
import logging
from collections import OrderedDict
from functools import cache
from hashlib import sha256
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

from limits.aio.storage import MemoryStorage, RedisStorage
from redis.asyncio import ConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

import clock
import metrics
import settings
from auth import viewer as auth
from auth.refusals import Code, Refused
from auth.viewer import Viewer

_log = logging.getLogger("callboard.rates")

WINDOW_SECONDS = 60

_REDIS_SECONDS = 0.25
_AWAY_SECONDS = 5.0
_SWEEP_SECONDS = 10.0
_MOST_TRUSTED = 10_000


class RateLimited(Refused):
    """Raised to refuse what is beyond a rate, until the minute is over; `headers` say so over HTTP."""

    def __init__(self, message: str, **headers: str) -> None:
        super().__init__(Code.RATE_LIMITED, f"{message} Try again in {_left()} seconds.", retryAfter=_left())
        self.headers = {"retry-after": str(_left()), **headers}


async def spend(viewer: Viewer | None, address: str, cost: int) -> dict[str, str]:
    """Count a cost; the headers tell what is left of this minute. Raises RateLimited where it is more than that."""
    its = settings.current()
    if its.rate_limit == "off":
        return {}
    of: metrics.Rated
    if viewer is None:
        of, who, most = "address", f"address/{_network(address)}", its.address_cost_per_minute
    elif viewer.key is not None:
        of, who, most = "key", viewer.key.id, its.key_cost_per_minute
    else:
        of, who, most = "user", viewer.actor_id, its.user_cost_per_minute
    spent = await _counts().add(who, cost)
    refused = spent > most
    if refused:
        spent = await _counts().add(who, -cost)
    left = max(0, most - spent)
    headers = {
        "ratelimit-policy": f'"cost";q={most};w={WINDOW_SECONDS}',
        "ratelimit": f'"cost";r={left};t={_left()}',
    }
    if refused:
        metrics.rate_refused(of)
        raise RateLimited(f"The operation costs {cost:,}, and of {most:,} a minute {left:,} are left.", **headers)
    return headers


async def signed_in(authorization: str | None, address: str) -> Viewer:
    """Whose `Authorization` value it is. Raises what `authenticate` raises, and RateLimited.

    An address from which too many have failed is not listened to for the rest of the minute; but credentials that were
    good before go on, for they may come through the same gateway.
    """
    its = settings.current()
    if authorization is None or its.rate_limit == "off":
        return await auth.authenticate(authorization)
    failures, its_digest = f"failures/{_network(address)}", sha256(authorization.encode()).digest()
    if its_digest not in _trusted and await _counts().add(failures, 0) >= its.failed_sign_ins_per_minute:
        metrics.rate_refused("sign-ins")
        raise RateLimited("Too many sign-ins have failed from this address.")
    try:
        viewer = await auth.authenticate(authorization)
    except Refused as refused:
        if refused.code is Code.UNAUTHENTICATED:
            _trusted.pop(its_digest, None)
            await _counts().add(failures, 1)
        raise
    _trusted[its_digest] = None
    if len(_trusted) > _MOST_TRUSTED:
        _trusted.popitem(last=False)
    return viewer


#: Digests of credentials that were good when they were last looked at.
_trusted: OrderedDict[bytes, None] = OrderedDict()


class Counts:
    """Counters that begin anew with each minute."""

    def __init__(self, redis_url: str | None) -> None:
        self._own = _Memory()
        self._shared: RedisStorage | None = None
        if redis_url is not None:
            # Its own patience counts as well: a cancelled command may still be waited for.
            patience: Any = {"socket_timeout": _REDIS_SECONDS, "socket_connect_timeout": _REDIS_SECONDS}
            self._connections = ConnectionPool.from_url(redis_url, retry=Retry(NoBackoff(), 0), **patience)
            pool: Any = self._connections
            self._shared = RedisStorage("async+redis://", implementation="redispy", connection_pool=pool)
        self._away_until = 0.0

    async def add(self, name: str, amount: int) -> int:
        """Count; what this minute has come to."""
        key = f"{name}/{_minute()}"
        if self._shared is not None and _loop_time() >= self._away_until:
            try:
                async with asyncio.timeout(_REDIS_SECONDS):
                    return await self._shared.incr(key, WINDOW_SECONDS, amount)
            except (RedisError, OSError, TimeoutError) as error:
                self._note_away(error)
        return await self._own.incr(key, WINDOW_SECONDS, amount)

    async def close(self) -> None:
        """Let go of Redis."""
        if self._shared is not None:
            await self._connections.aclose()

    def _note_away(self, error: Exception) -> None:
        if _loop_time() >= self._away_until:
            _log.warning("Redis is away, so each process counts for itself: %s", type(error).__name__)
        self._away_until = _loop_time() + _AWAY_SECONDS


def _loop_time() -> float:
    return asyncio.get_running_loop().time()


class _Memory(MemoryStorage):
    """Swept now and then: the library's own way looks through all counters at each hit."""

    async def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        if self.timer is None or self.timer.done():
            self.timer = asyncio.create_task(self._sweep())
        return await super().incr(key, expiry, amount)

    async def _sweep(self) -> None:
        await asyncio.sleep(_SWEEP_SECONDS)
        now = clock.now().timestamp()
        for key in [key for key, expires in self.expirations.items() if expires <= now]:
            await self.clear(key)


@cache
def _counts() -> Counts:
    return Counts(settings.current().redis_url)


async def close() -> None:
    """The process goes down."""
    await _counts().close()


def _minute() -> int:
    return int(clock.now().timestamp()) // WINDOW_SECONDS


def _left() -> int:
    """The seconds until the minute is over."""
    return WINDOW_SECONDS - int(clock.now().timestamp()) % WINDOW_SECONDS


def _network(address: str) -> str:
    """Whom an address stands for: with IPv6, everybody has as many as they want of the last 64 bits.

    An IPv4 address is the same one as IPv6 writes it, where a socket takes both.
    """
    try:
        its = ip_address(address)
    except ValueError:
        return address
    if not isinstance(its, IPv6Address):
        return address
    return str(its.ipv4_mapped or ip_network((its, 64), strict=False))
