"""A server process of its own, in which tests provoke faults and read all that it has written."""

import contextlib
import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

from tests import output_scan
from tests.conftest import ON_POSTGRES
from tests.people import Person, Server
from tests.processes import Installation, Process
from tests.spans import collector, read_spans

#: What stands for an answer, a note or a name, and can't be anything else.
MARK = "Marzipan Quetzal"


class Provoked:
    """A server process of its own with an account, and all that can be read of it from outside."""

    def __init__(self, process: Process, server: Server, spans: list[bytes], secrets: list[str]) -> None:
        self.process, self.server, self.secrets = process, server, secrets
        self.answers: list[Any] = []
        self._spans = spans

    def person(self, authorization: str) -> Person:
        return Person(self.server, authorization)

    async def ask(self, person: Person, query: str, **variables: Any) -> Any:
        """An answer; its errors are looked through in the end."""
        answer = await person.answer(query, **variables)
        self.answers.append(answer.get("errors"))
        return answer

    async def written(self) -> str:
        """The log, the errors that were answered, the metrics and the spans, when the server has gone."""
        metrics = (await self.server.http.get(f"{self.process.address}/metrics")).text
        assert await self.process.stop() == 0
        spans = [
            (span.name, str(span.attributes), str(span.events), str(span.status)) for span in read_spans(self._spans)
        ]
        assert len(spans) >= 2
        return "\n".join([self.process.err.read_text(), json.dumps(self.answers), metrics, str(spans)])

    async def tells_nothing(self) -> str:
        """Fails where anything of it should not have been written; all of it."""
        written = await self.written()
        secrets = [*self.secrets, *MARK.split()]
        assert [secret for secret in secrets if secret in written] == []
        assert [
            (what, looks.search(written)) for what, looks in output_scan.LOOKS.items() if looks.search(written)
        ] == []
        return written


@asynccontextmanager
async def provoked(installation: Installation, **settings: str | None) -> AsyncIterator[tuple[Provoked, Person]]:
    """Such a process, traced, and its Super Admin."""
    await installation.done("account", "create", "acme", "--name", MARK, "--super-admin", "sam@acme.example")
    token = await installation.done("token", "sam@acme.example")
    async with collector() as (endpoint, spans):
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
            environment.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "none")
            async with installation.running("serve", **settings) as process, Server(process.address) as server:
                fault = Provoked(process, server, spans, [token])
                yield fault, fault.person(f"Bearer {token}")


async def behind_its_back(installation: Installation, on_sqlite: str, on_postgres: str) -> None:
    """Run a statement on the database."""
    if ON_POSTGRES:
        connection = await asyncpg.connect(installation.database_url)
        await connection.execute(on_postgres)
        await connection.close()
        return
    with contextlib.closing(sqlite3.connect(installation.database_url.removeprefix("sqlite://"))) as database:
        database.execute(on_sqlite)
        database.commit()
