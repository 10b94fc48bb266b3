"""Fan-out: changes of panels delivered to 1,000 and to 5,000 subscribers, and what a subscriber costs who just waits.

Ours learns of the changes as it does of another process's: they are committed to the log, and NOTIFY says so. The
others are handed each change ready made. Every turn is a new process.
"""

import asyncio
import itertools
import resource
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import asyncpg
import orjson
import uvloop

from benchmarks import data
from benchmarks.contenders import OURS, Contender, Running, available, node, ours, python, started
from benchmarks.load import ask, put, request
from benchmarks.push import panels
from benchmarks.rounds import Figures, arguments, canonical, less, more, table, taken
from benchmarks.swarm import Swarm

#: Changes of a turn: to warm up, then one after another, then 24 at once.
WARMING, ONE_BY_ONE, AT_ONCE = 10, 10, 24

CONTENDERS = [
    ours(),
    Contender("uvicorn, one encoded message", python("fan_out", "bare")),
    Contender("graphql-ws on Node", node("graphql_ws.mjs")),
    Contender("Strawberry", python("fan_out", "stock")),
]


#: A change of each of these panels, as another process of ours commits them.
_COMMIT = """
    WITH
    changed AS (UPDATE panel SET version = version + 1 WHERE id = ANY($1) RETURNING *),
    head AS (UPDATE account SET position = position + cardinality($1) RETURNING *)
    INSERT INTO change (account_id, position, panel_id, candidate_id, kind, actor_id, at)
    SELECT
        head.id, head.position + 1 - row_number() OVER (), changed.id, candidate_id, 'UPDATED', integration_id, now()
    FROM changed, head
"""
_NOTIFY = "SELECT pg_notify('callboard', id) FROM account"


@dataclass
class Turn:
    """A contender with what its turns need."""

    contender: Contender
    access: data.Access
    subscribers: int
    database: asyncpg.Connection
    #: How long subscribers just wait.
    seconds: float
    #: What is published.
    change: dict[str, Any]
    #: The panels whose changes are followed.
    panels: list[str]

    @property
    def name(self) -> str:
        return self.contender.name

    async def figures(self) -> Figures:
        """One turn: join, wait, then receive changes one after another and 24 at once, and leave."""
        tokens = [
            self.access.token(1 + number) for number in range(min(self.subscribers, self.access.shape.users // 4))
        ]
        query = self.contender.operation("follow")
        with started([self.contender], self.access) as [running]:
            one = Swarm(1)
            await one.join(running, query, [f"Bearer {tokens[0]}"])
            await self._publish(running, 1)
            await one.receive(1)
            self._check(one.seen[0])
            one.leave()
            await asyncio.sleep(0.5)

            swarm, memory, cpu = Swarm(self.subscribers), running.memory(), running.cpu()
            await swarm.join(running, query, [f"Bearer {token}" for token in tokens])
            joined, waiting = running.cpu() - cpu, running.cpu()
            await asyncio.sleep(self.seconds)
            waited, memory = running.cpu() - waiting, running.memory() - memory

            await self._publish(running, WARMING)
            await swarm.receive(WARMING)
            swarm.timing = True
            for _ in range(ONE_BY_ONE):
                swarm.published_at = perf_counter()
                await self._publish(running, 1)
                await swarm.receive(1)
            swarm.timing = False
            latencies = sorted(swarm.latencies)

            cpu, began = running.cpu(), perf_counter()
            await asyncio.gather(self._publish(running, AT_ONCE), swarm.receive(AT_ONCE))
            seconds, cpu = perf_counter() - began, running.cpu() - cpu
            deliveries = AT_ONCE * self.subscribers
            swarm.leave()
            return {
                "deliveries/s": deliveries / seconds,
                "μs a delivery": 1e6 * cpu / deliveries,
                "p50 ms": 1000 * latencies[len(latencies) // 2],
                "p99 ms": 1000 * latencies[len(latencies) * 99 // 100],
                "KiB idle": memory / 1024 / self.subscribers,
                "ms to join": 1000 * joined / self.subscribers,
                "idle ms/s": 1000 * waited / self.seconds,
            }

    async def _publish(self, running: Running, changes: int) -> None:
        if self.name == OURS:
            await self.database.execute(_COMMIT, self.panels[:changes])
            await self.database.execute(_NOTIFY)
        else:
            body = orjson.dumps(self.change)
            head = b"POST /publish HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: %d\r\n\r\n" % len(body)
            message = head + body
            await put(running.port, itertools.repeat(message), min(changes, 8), requests=changes)

    def _check(self, seen: Any) -> None:
        """The delivery says what ours says."""
        assert "errors" not in seen, seen
        delivered = seen["data"]["interviewPanelChanges"]
        if self.name == OURS:
            assert _shape(delivered) == _shape(self.change), f"{delivered} is not like {self.change}"
        else:
            assert canonical(delivered) == canonical(self.change), f"{self.name} delivers {delivered}"


def _shape(value: Any) -> Any:
    """The names and the sizes of what is in an answer."""
    if isinstance(value, dict):
        return {name: _shape(part) for name, part in value.items()}
    return [_shape(part) for part in value] if isinstance(value, list) else type(value)


async def run(contenders: list[Contender], shape: data.Shape, subscribers: int, rounds: int, seconds: float) -> None:
    async with data.ready(shape) as access:
        connection = await asyncpg.connect(shape.url)
        try:
            change, pushed = await _pushed(access, connection)
            turns = [Turn(each, access, subscribers, connection, seconds, change, pushed) for each in contenders]
            results = await taken(turns, rounds, Turn.figures)
        finally:
            await data.forget_pushes(connection)
            await connection.close()
    title = f"{subscribers:,} subscribers, {rounds} rounds"
    ratios = {"deliveries/s": more, "μs a delivery": less, "p99 ms": less, "KiB idle": less, "ms to join": less}
    print(table(title, results, ratios), "\n", flush=True)


async def _pushed(access: data.Access, connection: Any) -> tuple[dict[str, Any], list[str]]:
    """Push the panels whose changes will be followed; such a change, as our server delivers it, and the panels' ids."""
    template = await connection.fetchval("SELECT id FROM feedback_template ORDER BY id LIMIT 1")
    with started([ours()], access) as [running]:
        swarm = Swarm(1)
        await swarm.join(running, running.contender.operation("follow"), [f"Bearer {access.token()}"])
        running.headers["authorization"] = f"Bearer {access.key}"
        for panel in itertools.islice(panels(access, template, 0), AT_ONCE):
            await ask(running, request(running, "push", {"input": panel}))
        await swarm.receive(AT_ONCE)
        swarm.leave()
    changes = [seen["data"]["interviewPanelChanges"] for seen in swarm.seen]
    return changes[0], [change["panel"]["id"] for change in changes]


if __name__ == "__main__":
    options = arguments(__doc__, rounds=5, seconds=2)
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    if options.quick:
        uvloop.run(run(available(CONTENDERS, install=False), data.QUICK, subscribers=20, rounds=1, seconds=0.1))
    else:
        for subscribers in (1_000, 5_000):
            contenders = available(CONTENDERS, install=True)
            uvloop.run(run(contenders, data.WHOLE, subscribers, options.rounds, options.seconds))
