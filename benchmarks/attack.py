"""Attackers at their full rate against one process on PostgreSQL, with limits and rates on: who else notices?

`make attack`, or `python -m benchmarks.attack --seconds 60`: an attacker without credentials, one with a key, one with
a user's token, each for so long. Loopback only. Prints a table of another account's latency, the loop's lag and memory
before, meanwhile and after; exits 1 where it is not afterwards as it was before.
"""

import argparse
import asyncio
import itertools
import os
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles
from time import perf_counter
from typing import Any

os.environ["CALLBOARD_LOG_FORMAT"] = "json"
os.environ.setdefault("CALLBOARD_JWT_SECRET", "a secret of the attack, long enough to be one")

from benchmarks.load import post
from tests.people import Person
from tests.postgres_processes import Process, migrated_database, serving
from tests.world import World

_CONNECTIONS = 16
#: So that nobody who is measured comes near their rate.
_PAUSE_SECONDS = 0.15
_PREPARED = 500

_LIST = """{ interviewPanels(first: 25) { edges { node { status startsAt
  interviews { subject interviewers { user { name } feedbackForm { url status } } } } } } }"""
_PUSH = """mutation ($input: UpsertInterviewPanelInput!) {
  upsertInterviewPanel(input: $input) { outcome errors { code } } }"""
_FIELDS = """edges { node { status note interviews { subject calendarInvite
  interviewers { user { name } feedbackForm { url status fields { id } } } } } }"""


_HEAD = """| who attacks | another account, p50 | p99 | most | lag, p99 | refused | memory | replies to the attacker |
|---|---|---|---|---|---|---|---|"""


@dataclass(frozen=True)
class Reply:
    """A response over HTTP."""

    status: int
    body: bytes


@dataclass
class Measured:
    """What one phase came to: seconds, and bytes of memory."""

    latencies: list[float] = field(default_factory=list)
    lags: list[float] = field(default_factory=list)
    memory: int = 0
    refused: int = 0
    attacks: str = ""

    def row(self, name: str) -> str:
        """A row of the table."""
        p50, p99 = _percentiles(self.latencies)
        _, lag = _percentiles(self.lags)
        times = [f"{seconds * 1000:.0f} ms" for seconds in (p50, p99, max(self.latencies), lag)]
        memory = f"{self.memory / 2**20:.0f} MiB"
        return f"| {' | '.join([name, *times, str(self.refused), memory, self.attacks or 'none'])} |"


def _percentiles(values: list[float]) -> tuple[float, float]:
    cuts = quantiles(values, n=100, method="inclusive")
    return cuts[49], cuts[98]


class Client:
    """One connection that is kept: as little client as HTTP takes, so that the server is measured."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._writer: asyncio.StreamWriter | None = None

    async def send(self, request: bytes) -> Reply:
        """The reply to a request. Raises OSError where the connection breaks."""
        if self._writer is None:
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port, limit=2**26)
        self._writer.write(request)
        try:
            head = (await self._reader.readuntil(b"\r\n\r\n")).decode().lower()
            length = next(int(line[15:]) for line in head.split("\r\n") if line.startswith("content-length:"))
            body = await self._reader.readexactly(length)
        except (asyncio.IncompleteReadError, StopIteration):
            self.close()
            raise ConnectionResetError from None
        if "connection: close" in head:
            self.close()
        return Reply(int(head.split(" ", 2)[1]), body)

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None


def nobody(port: int, authorization: str, slug: str) -> Iterator[bytes]:
    """Documents that nobody has sent before, of every expensive kind, and credentials that are none."""
    for number in itertools.count():
        noise = f"# {number} {random.random()}\n"
        many = "".join(f"query q{at}{{__typename __schema{{types{{name}}}}}}" for at in range(40))
        yield from (
            post(port, {"query": f"{noise}{{ account {{ {'id name slug ' * 100} }} }}"}, {}),
            post(port, {"query": noise + many, "operationName": "q1"}, {}),
            post(port, {"query": "{ account { id } }", "variables": {"x": ["x" * 100] * 8_000}}, {}),
            post(port, {"query": "{ account { id } }"}, {"authorization": f"Bearer {noise[2:-1].replace(' ', '.')}"}),
            post(port, {"query": "{" + "a{" * 900}, {"accept": ",".join(["text/html;q=0.1"] * 3_000)}),
        )


def twenty_fields(port: int, authorization: str, slug: str) -> Iterator[bytes]:
    """A user's: twenty root fields a request, each a list with all that hangs on it."""
    for number in itertools.count():
        roots = " ".join(f"f{at}: interviewPanels(first: {at % 5 + 1}) {{ {_FIELDS} }}" for at in range(20))
        yield post(port, {"query": f"query q{number % 7} {{ {roots} }}"}, {"authorization": authorization})


def pushes(port: int, authorization: str, slug: str) -> Iterator[bytes]:
    """A key's: large panels, pushed over each other, far apart and with long notes."""
    for number in itertools.count():
        people = [f"{name}@{slug}.example" for name in ("ivo", "noor", "leo")]
        interviews = [an_interview(at, "n" * 10_000, number, people) for at in range(20)]
        panel = a_panel(f"attack-{number % 40}", interviews)
        yield post(port, {"query": _PUSH, "variables": {"input": panel}}, {"authorization": authorization})


def a_panel(external_id: str, interviews: list[dict[str, Any]]) -> dict[str, Any]:
    base = {"externalId": external_id, "timezone": "UTC", "candidateExternalId": "carla", "note": "n" * 1_000}
    return base | {"interviews": interviews}


def an_interview(at: int, note: str, shift: int, people: list[str]) -> dict[str, Any]:
    return {
        "externalId": f"i{at}",
        "subject": f"Interview {at}",
        "startsAt": f"2031-{shift % 12 + 1:02}-{at % 28 + 1:02}T10:00:00Z",
        "durationMinutes": 60,
        "note": note,
        "interviewers": [{"email": email} for email in people],
    }


ATTACKS: dict[str, Callable[[int, str, str], Iterator[bytes]]] = {
    "without credentials": nobody,
    "with a user's token": twenty_fields,
    "with a key": pushes,
}


async def attack(kind: str, port: int, authorization: str, slug: str, seconds: float) -> None:
    """Be the attacker, in a process of its own: prints how many replies of each status came."""
    requests, statuses = itertools.islice(ATTACKS[kind](port, authorization, slug), _PREPARED), dict[int, int]()
    # Made before it begins: to make them takes the attacker's time.
    prepared = itertools.cycle(list(requests))
    print("ready", flush=True)
    end = perf_counter() + seconds

    async def one() -> None:
        client = Client(port)
        while perf_counter() < end:
            try:
                reply = await client.send(next(prepared))
                statuses[reply.status] = statuses.get(reply.status, 0) + 1
                # Refused at once, a client that is no attacker would wait: this one does for a moment only.
                await asyncio.sleep(0.01 if reply.status == 429 else 0)
            except OSError:
                client.close()
                await asyncio.sleep(0.05)
        client.close()

    await asyncio.gather(*(one() for _ in range(_CONNECTIONS)))
    print(", ".join(f"{count:,} of {status}" for status, count in sorted(statuses.items())))


async def measure(process: Process, person: Person, seconds: float) -> Measured:
    """Another account's list, and the lag that a request without any work has, for so long."""
    measured, end = Measured(), perf_counter() + seconds
    request = post(process.port, {"query": _LIST}, {"authorization": person.authorization or ""})
    health = f"GET /healthz HTTP/1.1\r\nhost: 127.0.0.1:{process.port}\r\n\r\n".encode()

    async def repeat(request: bytes, times: list[float]) -> None:
        client = Client(process.port)
        while perf_counter() < end:
            began = perf_counter()
            reply = await client.send(request)
            times.append(perf_counter() - began)
            measured.refused += reply.status != 200 or b'"errors"' in reply.body
            measured.memory = max(measured.memory, _memory(process))
            await asyncio.sleep(_PAUSE_SECONDS)
        client.close()

    await asyncio.gather(repeat(request, measured.latencies), repeat(health, measured.lags))
    return measured


def _memory(process: Process) -> int:
    """Bytes of the process's memory, as the system counts them."""
    pages = int(Path(f"/proc/{process.process.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


async def fill(world: World) -> None:
    """Thirty panels of three interviews, as GoodTime pushes them."""
    for number in range(30):
        people = [world.email(name) for name in ("ivo", "noor")]
        interviews = [an_interview(at, "Please be on time.", number, people) for at in range(3)]
        for interview in interviews:
            interview["feedbackTemplateId"] = world.templates["technical"]
        pushed = await world.goodtime.ask(_PUSH, input=a_panel(f"p{number}", interviews))
        assert pushed["upsertInterviewPanel"]["errors"] == []


async def run(seconds: float, kinds: Sequence[str]) -> int:
    """The table. Returns the exit code."""
    async with migrated_database() as database, serving(database.url) as process:
        quiet, busy = await database.world(process.server), await database.world(process.server)
        await fill(quiet)
        await fill(busy)
        state = await quiet.rita.ask(_LIST)
        await measure(process, quiet.rita, 2)
        print(_HEAD)
        alone = await measure(process, quiet.rita, max(5, seconds / 4))
        print(alone.row("nobody"), flush=True)
        for kind in kinds:
            print((await under_attack(kind, process, quiet, busy, seconds)).row(kind), flush=True)
        await asyncio.sleep(2)
        after = await measure(process, quiet.rita, max(5, seconds / 4))
        print(after.row("nobody, afterwards"), flush=True)
        is_as_before = await quiet.rita.ask(_LIST) == state and not after.refused
        complaints = process.complaints()
    print("\n".join(complaints[:10]), file=sys.stderr)
    return 0 if is_as_before and _percentiles(after.latencies)[1] < 3 * _percentiles(alone.latencies)[1] else 1


async def under_attack(kind: str, process: Process, quiet: World, busy: World, seconds: float) -> Measured:
    """What the quiet account notices while the other one attacks."""
    # Known before the address has failed too often to be listened to.
    await busy.sam.ask("{ account { id } }")
    authorization = busy.goodtime.authorization if kind == "with a key" else busy.sam.authorization
    arguments = [kind, str(process.port), authorization or "", busy.slug, str(seconds)]
    attacker = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.attack", "--as", *arguments), stdout=asyncio.subprocess.PIPE
    )
    assert attacker.stdout is not None
    assert await attacker.stdout.readline(), "the attacker begins"
    measured = await measure(process, quiet.rita, seconds)
    measured.attacks = (await attacker.communicate())[0].decode().strip()
    return measured


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--seconds", type=float, default=60, help="how long each attacks (60)")
    asked.add_argument("--by", nargs="*", choices=ATTACKS, default=list(ATTACKS), help="which of the attackers (all)")
    asked.add_argument("--as", nargs=5, dest="attacker", help=argparse.SUPPRESS)
    options = asked.parse_args()
    if options.attacker:
        kind, port, authorization, slug, seconds = options.attacker
        asyncio.run(attack(kind, int(port), authorization, slug, float(seconds)))
    else:
        raise SystemExit(asyncio.run(run(options.seconds, options.by)))


if __name__ == "__main__":
    main()
