"""Execution alone: one query over panels, interviews, interviewers, users and forms, all of them in memory.

Every contender runs in a process of its own over the same data and must give the same answer. They take turns, round by
round, and each round's medians are set against ours. Prints a Markdown table.
"""

import asyncio
import gc
import json
import os
import shutil
import statistics
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from operator import attrgetter
from pathlib import Path
from subprocess import PIPE
from time import perf_counter_ns
from typing import Any

import strawberry
from graphql import build_schema, execute, parse
from strawberry.dataloader import DataLoader
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from benchmarks.contenders import OURS
from benchmarks.memory import Panel, Status, panels
from benchmarks.rounds import Figures, arguments, leaves, less, table, taken
from execution import IS_AWAITABLE, breadth, core_schema
from execution import execute as breadth_first

HERE = Path(__file__).parent
NPM = ["graphql@17.1.0", "graphql-jit@0.8.9", "dataloader@2.2.3"]
PRODUCTION = {**os.environ, "NODE_ENV": "production"}
QUERY = """{
  panels {
    id externalId note timezone version status startsAt
    interviews {
      id subject location startsAt endsAt durationMinutes
      interviewers { responseStatus feedbackRequired user { id name email } form { id url status } }
    }
  }
}"""


def printed(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")


def schema_with(relation: Callable[[str, Any], Any]) -> strawberry.Schema:
    """The same schema for whichever way of resolving a relation."""

    @strawberry.type(name="User")
    class UserType:
        id: strawberry.ID
        name: str
        email: str

    @strawberry.type(name="Form")
    class FormType:
        id: strawberry.ID
        url: str
        status: Status

    @strawberry.type(name="Interviewer")
    class InterviewerType:
        response_status: Status
        feedback_required: bool
        user = relation("user", UserType)
        form = relation("form", FormType)

    @strawberry.type(name="Interview")
    class InterviewType:
        id: strawberry.ID
        subject: str
        location: str | None
        starts_at: datetime
        ends_at: datetime
        duration_minutes: int
        interviewers = relation("interviewers", list[InterviewerType])

    @strawberry.type(name="Panel")
    class PanelType:
        id: strawberry.ID
        external_id: str
        note: str | None
        timezone: str
        version: int
        status: Status
        starts_at: datetime
        interviews = relation("interviews", list[InterviewType])

    async def all_panels() -> Any:
        return panels

    @strawberry.type
    class Query:
        panels = strawberry.field(all_panels, graphql_type=list[PanelType])

    instant = strawberry.scalar(name="DateTime", serialize=printed)
    return strawberry.Schema(Query, config=StrawberryConfig(scalar_map={datetime: instant}))


def together(name: str, type_: Any) -> Any:
    """A relation by a breadth function."""

    def answers(parents: list[Any]) -> list[Any]:
        return list(map(attrgetter(name), parents))

    return breadth(graphql_type=type_)(answers)


def loaded(name: str, type_: Any) -> Any:
    """A relation as stock Strawberry has it: an object at a time, by a DataLoader of the request."""

    async def load(self: Any, info: strawberry.Info) -> Any:
        return await info.context[name].load(self)

    return strawberry.field(load, graphql_type=type_)


def loaders() -> dict[str, DataLoader[Any, Any]]:
    def over(name: str) -> DataLoader[Any, Any]:
        async def load(parents: list[Any]) -> list[Any]:
            return list(map(attrgetter(name), parents))

        return DataLoader(load)

    return {name: over(name) for name in ("interviews", "interviewers", "user", "form")}


Answer = Callable[[], Awaitable[Any]]
document = parse(QUERY)


def ours() -> Answer:
    schema = schema_with(together)

    async def answer() -> Any:
        return (await breadth_first(schema, document)).data

    return answer


def stock() -> Answer:
    schema = schema_with(loaded)

    async def answer() -> Any:
        result: Any = execute(
            core_schema(schema),
            document,
            context_value=loaders(),
            executor_class=StrawberryGraphQLCoreExecutionContext,
            is_awaitable=IS_AWAITABLE,
        )
        return (await result).data

    return answer


def graphql_core() -> Answer:
    """Without Strawberry and without anything to wait for: attributes, read by a resolver that knows their names."""
    schema = build_schema(str(schema_with(together)))
    names = {"panels": "panels"}
    for type_ in schema.type_map.values():
        for name in getattr(type_, "fields", {}):
            names[name] = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
    status: Any = schema.type_map["Status"]
    status.coerce_output_value = {member: member.name for member in Status}.__getitem__
    instant: Any = schema.type_map["DateTime"]
    instant.coerce_output_value = printed

    @dataclass
    class Root:
        panels: list[Panel]

    def resolved(source: Any, info: Any) -> Any:
        return getattr(source, names[info.field_name])

    async def answer() -> Any:
        result: Any = execute(schema, document, Root(panels), field_resolver=resolved)
        return result.data

    return answer


def by_hand() -> Answer:
    async def answer() -> Any:
        return {
            "panels": [
                {
                    "id": p.id,
                    "externalId": p.external_id,
                    "note": p.note,
                    "timezone": p.timezone,
                    "version": p.version,
                    "status": p.status.name,
                    "startsAt": printed(p.starts_at),
                    "interviews": [
                        {
                            "id": i.id,
                            "subject": i.subject,
                            "location": i.location,
                            "startsAt": printed(i.starts_at),
                            "endsAt": printed(i.ends_at),
                            "durationMinutes": i.duration_minutes,
                            "interviewers": [
                                {
                                    "responseStatus": r.response_status.name,
                                    "feedbackRequired": r.feedback_required,
                                    "user": {"id": r.user.id, "name": r.user.name, "email": r.user.email},
                                    "form": {"id": r.form.id, "url": r.form.url, "status": r.form.status.name},
                                }
                                for r in i.interviewers
                            ],
                        }
                        for i in p.interviews
                    ],
                }
                for p in panels
            ]
        }

    return answer


CONTENDERS: dict[str, Callable[[], Answer]] = {
    f"{OURS}, breadth-first": ours,
    "a comprehension by hand": by_hand,
    "graphql-core, attributes only": graphql_core,
    "Strawberry with DataLoaders": stock,
}
ON_NODE = {
    "graphql-jit, attributes only": "jit",
    "graphql-js, attributes only": "js",
    "graphql-js with DataLoaders": "loaders",
}


async def work(name: str) -> None:
    """A contender's process: print the answer once; then, for every number read, the median of so many executions."""
    answer = CONTENDERS[name]()
    print(json.dumps(await answer()), flush=True)
    gc.collect()
    gc.freeze()
    for line in sys.stdin:
        times = []
        for _ in range(int(line)):
            begun = perf_counter_ns()
            await answer()
            times.append(perf_counter_ns() - begun)
        print(statistics.median(times), flush=True)


class Contender:
    def __init__(self, name: str, command: list[str], cwd: Path) -> None:
        self.name = name
        self.process = subprocess.Popen(command, stdin=PIPE, stdout=PIPE, text=True, cwd=cwd, env=PRODUCTION)
        self.answer = json.loads(self.read() or "null")
        self.executions = 20

    def read(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline()

    async def turn(self) -> Figures:
        """Some twenty milliseconds of it."""
        assert self.process.stdin
        self.process.stdin.write(f"{self.executions}\n")
        self.process.stdin.flush()
        nanoseconds = float(self.read())
        self.executions = max(3, int(20e6 / nanoseconds))
        return {"ms": nanoseconds / 1e6}


def contenders() -> Iterator[Contender]:
    for name in CONTENDERS:
        yield Contender(name, [sys.executable, "-m", "benchmarks.execution", "--contender", name], HERE.parent)
    if not node_packages():
        print(f"Skipped: {', '.join(ON_NODE)} (no Node, or {', '.join(NPM)} can't be installed)\n", file=sys.stderr)
        return
    (HERE / "node_modules" / "panels.json").write_text(json.dumps(list(map(asdict, panels)), default=plain))
    (HERE / "node_modules" / "schema.graphql").write_text(str(schema_with(together)))
    for name, short in ON_NODE.items():
        yield Contender(name, ["node", "execution.mjs", short, QUERY], HERE)


def plain(value: Any) -> str:
    return value.name if isinstance(value, Status) else printed(value)


def node_packages() -> bool:
    if not shutil.which("npm"):
        return False
    if not all((HERE / "node_modules" / package.split("@")[0]).exists() for package in NPM):
        command = ["npm", "install", "--no-save", "--no-audit", "--no-fund", "--prefix", str(HERE), *NPM]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    return True


async def main(rounds: int) -> None:
    ours, *others = all_of_them = list(contenders())
    for other in others:
        assert other.answer == ours.answer, f"{other.name} answers something else"
    await taken(all_of_them, 1, Contender.turn)  # to warm up
    results = await taken(all_of_them, rounds, Contender.turn)
    print(table(f"{leaves(ours.answer):,} leaves, {rounds} rounds", results, {"ms": less}))
    for other in all_of_them:
        other.process.terminate()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--contender"]:
        asyncio.run(work(sys.argv[2]))
    else:
        options = arguments(__doc__, rounds=30)
        asyncio.run(main(1 if options.quick else options.rounds))
