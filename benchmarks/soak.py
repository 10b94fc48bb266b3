"""Random faults under load, for minutes: several real processes on PostgreSQL, and whether anybody missed anything.

`make soak`, or `python -m benchmarks.soak --seconds 300`. Prints a table of counts; exits 1 where one is not right.
"""

import argparse
import asyncio
import contextlib
import itertools
import logging
import os
import random
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

os.environ |= {"CALLBOARD_RATE_LIMIT": "off", "CALLBOARD_LOG_FORMAT": "json", "CALLBOARD_KEEP_ALIVE_SECONDS": "2"}
os.environ.setdefault("CALLBOARD_JWT_SECRET", "a secret of the soak, long enough to be one")

import asyncpg

from benchmarks.soak_servers import NAME, Servers, servers
from resolvers import cursors
from simulator import client as goodtime
from simulator.report import counted
from tests.network_proxy import NetworkProxy, network_proxy
from tests.postgres_processes import PostgresDatabase, Process, migrated, serving
from tests.subscribers import EventSubscriber, Row, Subscriber, eventually, following
from tests.world import World


@dataclass
class Site:
    """A process, with its lines to both servers of the database and the line that its clients come by."""

    process: Process
    to_servers: tuple[NetworkProxy, NetworkProxy]
    to_clients: NetworkProxy

    @property
    def graphql(self) -> str:
        return f"http://127.0.0.1:{self.to_clients.port}/graphql"

    @property
    def websocket(self) -> str:
        return self.graphql.replace("http", "ws", 1)


@contextlib.asynccontextmanager
async def site(database: Servers) -> AsyncIterator[Site]:
    one, other = database.ports
    async with network_proxy(one) as to_one, network_proxy(other) as to_other:
        hosts = f"127.0.0.1:{to_one.port},127.0.0.1:{to_other.port}"
        url = f"postgres://postgres@{hosts}/{NAME}?sslmode=disable&target_session_attrs=read-write"
        async with serving(url) as process, network_proxy(process.port) as to_clients:
            yield Site(process, (to_one, to_other), to_clients)


@dataclass
class Soak:
    """One long run."""

    database: Servers
    sites: list[Site]
    random: random.Random
    faults: Counter[str] = field(default_factory=Counter)
    acknowledged: Counter[str] = field(default_factory=Counter)
    complaints: list[str] = field(default_factory=list)
    #: Set, and another one, where a restore takes back what was acknowledged: then GoodTime begins anew.
    restored: asyncio.Event = field(default_factory=asyncio.Event)

    async def work(self, world: World, site: Site, stop: asyncio.Event) -> None:
        """Be GoodTime at that site until told to stop, whatever happens to it."""
        key = (world.goodtime.authorization or "").removeprefix("Bearer ")
        while not stop.is_set():
            restored, ended = self.restored, asyncio.Event()
            ending = asyncio.create_task(any_of(ended, stop, restored))
            try:
                report = await goodtime.simulate(site.graphql, key, rate=10, stop=ended)
            except goodtime.Stopped as stopped:
                self.acknowledged["runs of the simulator that gave up"] += 1
                logging.warning("%s", stopped)
                continue
            finally:
                ending.cancel()
            self.acknowledged += report.outcomes
            if not restored.is_set():
                self.complaints += report.faults

    async def harm(self, stop: asyncio.Event) -> None:
        """One fault after another until told to stop; each is mended before the next."""
        faults: dict[str, Callable[[Site], Awaitable[None]]] = {
            "kill -9": self.kill,
            "restart": self.restart,
            "clients cut off": self.cut_clients,
            "clients in silence": self.silence_clients,
            "database away": self.cut_database,
            "database in silence": self.silence_database,
            "listening connection silent": self.silence_listening,
            "listening connections killed": self.kill_listening,
            "all connections killed": self.kill_all_connections,
            "failover": self.fail_over,
            "restore": self.restore,
        }
        order = itertools.chain.from_iterable(
            self.random.sample(sorted(faults), len(faults)) for _ in itertools.count()
        )
        for name in order:
            await self.pause(0.5, 3, stop)
            if stop.is_set():
                return
            self.faults[name] += 1
            await faults[name](self.random.choice(self.sites))

    async def pause(self, shortest: float, longest: float, stop: asyncio.Event | None = None) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.random.uniform(shortest, longest)):
                await (stop or asyncio.Event()).wait()

    async def kill(self, site: Site) -> None:
        site.process.kill()
        await site.process.ended(within=10)
        await site.process.start()

    async def restart(self, site: Site) -> None:
        site.process.terminate()
        await site.process.ended(within=10)
        await site.process.start()

    async def cut_clients(self, site: Site) -> None:
        site.to_clients.cut()

    async def silence_clients(self, site: Site) -> None:
        await self.silence(site.to_clients)

    async def cut_database(self, site: Site) -> None:
        for line in site.to_servers:
            line.broken = True
            line.cut()
        await self.pause(0.5, 4)
        for line in site.to_servers:
            line.broken = False

    async def silence_database(self, site: Site) -> None:
        await self.silence(*site.to_servers)

    async def silence_listening(self, site: Site) -> None:
        await self.silence(*site.to_servers, saying=b"LISTEN")

    async def silence(self, *lines: NetworkProxy, saying: bytes | None = None) -> None:
        """Nothing gets through for a while; then either all that was held back does, or the connections are gone."""
        for line in lines:
            line.silence(saying)
        await self.pause(1, 8)
        is_cut = self.random.random() < 0.5
        for line in lines:
            if is_cut:
                line.cut()
            line.resume()

    async def fail_over(self, site: Site) -> None:
        await self.database.fail_over()
        await self.all_serve()

    async def restore(self, site: Site) -> None:
        await self.database.restore(self.random.uniform(0.5, 3))
        await self.all_serve()
        self.restored.set()
        self.restored = asyncio.Event()

    async def all_serve(self) -> None:
        for site in self.sites:
            await eventually(site.process.is_ready, within=30)

    async def kill_listening(self, site: Site) -> None:
        await self.terminate("AND application_name LIKE 'callboard feed%'")

    async def kill_all_connections(self, site: Site) -> None:
        await self.terminate("")

    async def terminate(self, which: str) -> None:
        await self.database.primary.run(
            f"""SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND application_name LIKE 'callboard%' {which}""",
            NAME,
        )


async def any_of(ended: asyncio.Event, *events: asyncio.Event) -> None:
    """Set the first event once any of the others is."""
    waiting = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()
    ended.set()


def behind(log: list[Row], cursor: str) -> list[Row]:
    """The part of the log that comes after the cursor."""
    _, position = cursors.read("changes", cursor, str, int)
    return [row for row in log if cursors.read("changes", row[0], str, int)[1] > position]


def judged(log: list[Row], received: list[Row]) -> Counter[str]:
    """What one subscriber got since their cursor expired last, held against the log behind it."""
    places = {row: place for place, row in enumerate(log)}
    positions = [places.get(row, -1) for row in received]
    return Counter(
        {
            "deliveries expected": len(log),
            "delivered": len(received),
            "lost": len(places.keys() - set(received)),
            "doubled": len(received) - len(set(received)),
            "out of order": sum(1 for before, after in itertools.pairwise(positions) if after <= before),
            "not in the log": positions.count(-1),
        }
    )


async def run(seconds: float, processes: int, seed: int) -> int:
    """The exit code."""
    async with contextlib.AsyncExitStack() as stack:
        both = await stack.enter_async_context(servers())
        database = await stack.enter_async_context(migrated(both.primary.url(NAME, sslmode="disable")))
        sites = [await stack.enter_async_context(site(both)) for _ in range(processes)]
        return await soaked(seconds, Soak(both, sites, random.Random(seed)), database)


async def soaked(seconds: float, soak: Soak, database: PostgresDatabase) -> int:
    """The exit code of a soak on that database."""
    sites, stop = soak.sites, asyncio.Event()
    worlds = [await database.world(sites[0].process.server) for _ in range(2)]
    subscribers = {world.slug: list(followers(world, sites)) for world in worlds}
    everybody = [each for some in subscribers.values() for each in some]
    async with following(*everybody):
        async with asyncio.TaskGroup() as group:
            for world, place in itertools.product(worlds, sites):
                group.create_task(soak.work(world, place, stop))
            harming = group.create_task(soak.harm(stop))
            await asyncio.sleep(seconds)
            stop.set()
            await harming
        counts: Counter[str] = Counter()
        database.sql = await asyncpg.connect(soak.database.primary.url(NAME, sslmode="disable"))
        for world in worlds:
            log = await database.log(world)
            counts["changes logged"] += len(log)
            for subscriber in subscribers[world.slug]:
                if expected := behind(log, subscriber.began):
                    with contextlib.suppress(AssertionError):
                        await subscriber.until(expected[-1][0], within=30)
                counts += judged(behind(log, subscriber.began), subscriber.received)
    return printed(soak, counts, everybody, seconds)


def followers(world: World, sites: list[Site]) -> list[Subscriber]:
    """Some stay with one process, others go round; some over WebSocket, some over server-sent events."""
    addresses = [site.websocket for site in sites]
    staying = [Subscriber(world.rita, address) for address in addresses]
    going = [Subscriber(world.ada, *addresses[place:], *addresses[:place]) for place in range(len(addresses))]
    events = [EventSubscriber(world.sam, *addresses), EventSubscriber(world.goodtime, *reversed(addresses))]
    return [*staying, *going, *events]


def printed(soak: Soak, counts: Counter[str], subscribers: list[Subscriber], seconds: float) -> int:
    ends: Counter[str] = sum((subscriber.ends for subscriber in subscribers), Counter())
    rows: dict[str, Any] = {
        "seconds": f"{seconds:g}",
        "processes": len(soak.sites),
        "subscribers": len(subscribers),
        "pushes acknowledged": f"{sum(soak.acknowledged.values()):,}",
        **{name: f"{counts[name]:,}" for name in ("changes logged", "deliveries expected", "delivered")},
        **{name: f"{counts[name]:,}" for name in ("lost", "doubled", "out of order", "not in the log")},
        "panels not as GoodTime meant them": len(soak.complaints),
        "reconnects": f"{sum(subscriber.connections - 1 for subscriber in subscribers):,}",
        "faults": f"{sum(soak.faults.values())}: {counted(soak.faults)}",
        "connections ended by": counted(ends),
    }
    print("| | |\n|---|---|")
    print("\n".join(f"| {name} | {value} |" for name, value in rows.items()))
    for complaint in soak.complaints:
        print(f"! {complaint}")
    wrong = [counts[name] for name in ("lost", "doubled", "out of order", "not in the log")]
    return 1 if any(wrong) or soak.complaints else 0


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--seconds", type=float, default=300, help="how long (300)")
    asked.add_argument("--processes", type=int, default=3, help="how many serve (3)")
    asked.add_argument("--seed", type=int, default=None, help="the same faults again")
    options = asked.parse_args()
    logging.getLogger("goodtime").setLevel(logging.ERROR)
    seed = random.randrange(10**6) if options.seed is None else options.seed
    print(f"seed {seed}", file=sys.stderr)
    raise SystemExit(asyncio.run(run(options.seconds, options.processes, seed)))


if __name__ == "__main__":
    main()
