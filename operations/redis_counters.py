"""The counters of rates in Redis, which all processes share."""

import asyncio
import logging
from typing import Any

from limits.aio.storage import RedisStorage
from redis.asyncio import ConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

_log = logging.getLogger("callboard.rates")

_TIMEOUT_SECONDS = 0.25
_AWAY_SECONDS = 5.0


class RedisCounters:
    """Counters in Redis that are there for so many seconds. While it is away, it is asked again every five seconds."""

    def __init__(self, url: str, kept_seconds: int) -> None:
        # Each command has a timeout of its own as well: a cancelled one may still be waited for.
        timeouts: Any = {"socket_timeout": _TIMEOUT_SECONDS, "socket_connect_timeout": _TIMEOUT_SECONDS}
        self._connections = ConnectionPool.from_url(url, retry=Retry(NoBackoff(), 0), **timeouts)
        pool: Any = self._connections
        self._storage = RedisStorage("async+redis://", implementation="redispy", connection_pool=pool)
        self._kept_seconds = kept_seconds
        self._away_until = 0.0

    async def add(self, key: str, amount: int) -> int | None:
        """Add to a counter. Returns what it has come to; None: Redis is away."""
        if _loop_time() < self._away_until:
            return None
        try:
            async with asyncio.timeout(_TIMEOUT_SECONDS):
                return await self._storage.incr(key, self._kept_seconds, amount)
        except (RedisError, OSError, TimeoutError) as error:
            self._note_away(error)
            return None

    async def close(self) -> None:
        """Close the connections."""
        await self._connections.aclose()

    def _note_away(self, error: Exception) -> None:
        if _loop_time() >= self._away_until:
            _log.warning("Redis is away, so each process counts for itself: %s", type(error).__name__)
        self._away_until = _loop_time() + _AWAY_SECONDS


def _loop_time() -> float:
    return asyncio.get_running_loop().time()
