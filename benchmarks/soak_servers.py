"""The database of a soak: a primary with a synchronous standby, which may fail over, and dumps that are restored."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from tests.postgres_cluster import Cluster, cluster, free_port, program, run_program
from tests.subscribers import eventually

NAME = "callboard"
_SYNCHRONOUS = "synchronous_standby_names"


@dataclass
class Servers:
    """The two servers; which of them is the primary changes."""

    primary: Cluster
    #: The ports of both, whoever is the primary.
    ports: tuple[int, int]
    _standby: Cluster | None = None
    _stack: contextlib.AsyncExitStack = field(default_factory=contextlib.AsyncExitStack)

    async def replicate(self) -> None:
        """Begin a standby at the free port; from its first commit on the primary waits for it."""
        [port] = set(self.ports) - {self.primary.port}
        self._standby = await self._stack.enter_async_context(self.primary.standby(port))
        await self._configure(self.primary, "'*'")
        await eventually(self._is_synchronous, within=30)

    async def _is_synchronous(self) -> bool:
        return bool(await self.primary.run("SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'"))

    async def _configure(self, server: Cluster, names: str) -> None:
        await server.run(f"ALTER SYSTEM SET {_SYNCHRONOUS} = {names}")
        await server.run("SELECT pg_reload_conf()")

    async def fail_over(self) -> None:
        """The primary crashes, its standby is promoted, and a new standby takes the free port."""
        standby = self._standby
        assert standby is not None, "it replicates"
        await self.primary.stop()
        await standby.promote()
        self.primary = standby
        await eventually(self._takes_writes, within=30)
        # Its configuration is a copy of that of a server with a standby.
        await self._configure(self.primary, "''")
        await self.replicate()

    async def _takes_writes(self) -> bool:
        return not (await self.primary.run("SELECT pg_is_in_recovery() AS waits"))[0]["waits"]

    async def restore(self, seconds: float) -> None:
        """Dump the database, let it go on for so long, and put the dump in its place."""
        options = ["-h", str(self.primary.folder), "-p", str(self.primary.port), "-U", "postgres"]
        dump = f"{self.primary.folder}/dump"
        await run_program(program("pg_dump"), *options, "-Fc", "-f", dump, NAME)
        await asyncio.sleep(seconds)
        await self.primary.run(f"DROP DATABASE {NAME} WITH (FORCE)")
        await self.primary.run(f"CREATE DATABASE {NAME}")
        await run_program(program("pg_restore"), *options, "-d", NAME, dump)


@contextlib.asynccontextmanager
async def servers() -> AsyncIterator[Servers]:
    """A primary with an empty database, and its standby."""
    async with cluster() as primary, contextlib.AsyncExitStack() as stack:
        await primary.run(f"CREATE DATABASE {NAME}")
        made = Servers(primary, (primary.port, free_port()), _stack=stack)
        await made.replicate()
        yield made
