"""GoodTime, the scheduler, as a GraphQL client over the network: what `callboard simulate` runs.

The client makes panels up, leads each through a life of changes as a scheduler sends them (also twice, late and cut
off), and remembers what it meant. In the end the server must show every panel as it was meant.
"""

import asyncio
import itertools
import json
import logging
import math
import secrets
import signal
import sys
import time
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from random import Random
from typing import Final
from urllib.parse import SplitResult, urlsplit, urlunsplit

from gql import Client, GraphQLRequest
from gql.transport.exceptions import TransportError, TransportProtocolError, TransportQueryError, TransportServerError
from gql.transport.httpx import HTTPXAsyncTransport

from simulator.calendars import Arranged
from simulator.documents import CANDIDATES, MUTATIONS, PANEL, PRE_CHECK, TEMPLATES, USERS, JsonObject
from simulator.lives import Act, Person, Planner, cancel, differences
from simulator.report import Report

log = logging.getLogger(__name__)

AT_ONCE: Final = 8
"Panels that are being arranged at the same time."
STANDING: Final = 12
"Panels that an endless run lets stand before it deletes its oldest."
PATIENCE: Final = 60.0
"Seconds that a run with an end goes on trying while the server doesn't answer; an endless one never gives up."
FIRST_PATIENCE: Final = 5.0
"The same for the very first request, before which nobody knows whether there is a server at all."
AGAIN: Final = {"SERVICE_UNAVAILABLE", "INTERNAL_SERVER_ERROR"}


class Stopped(Exception):
    """The simulation can't go on; the message is one line for a person."""


def address(url: str) -> SplitResult:
    """Where the API is, given its URL or its server's. Raises `Stopped` for what is no URL."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise Stopped(f"{url} is no http or https URL")
    return parts if parts.path.strip("/") else parts._replace(path="/graphql")


def normalized(url: str) -> str:
    """The API's URL, given that or its server's. Raises `Stopped` for what is no URL."""
    return urlunsplit(address(url))


class GoodTime:
    """One run of the scheduler against one server."""

    def __init__(
        self,
        url: str,
        key: str,
        panels: int | None,
        rate: float,
        seed: object,
        stop: asyncio.Event,
        going_on: asyncio.Event | None = None,
    ) -> None:
        if rate <= 0:
            raise Stopped("the rate must be more than 0 acts a second")
        self.address = address(url)
        self.url = urlunsplit(self.address)
        self.headers = {"Authorization": f"Bearer {key}"}
        self.numbers = itertools.count() if panels is None else iter(range(panels))
        self.endless, self.patience = panels is None, FIRST_PATIENCE
        self.gap, self.next_at = 1 / rate, 0.0
        self.seed, self.stop, self.going_on = seed, stop, going_on
        self.run = secrets.token_hex(4)
        self.report = Report()
        self.standing: deque[Arranged] = deque()

    async def work(self) -> Report:
        transport = HTTPXAsyncTransport(self.url, headers=self.headers, timeout=20)
        async with Client(transport=transport, execute_timeout=None) as self.session:
            await self.look_up()
            self.patience = math.inf if self.endless else PATIENCE
            try:
                async with asyncio.TaskGroup() as tasks:
                    for _ in range(AT_ONCE):
                        tasks.create_task(self.arrange())
            except ExceptionGroup as group:
                raise group.exceptions[0] from None
            for arranged in self.standing:
                await self.read_back(arranged)
        return self.report

    async def look_up(self) -> None:
        """Ask who waits for interviews, who may interview, and which feedback templates there are."""
        candidates = await self.listed(CANDIDATES)
        candidates.sort(key=lambda candidate: not candidate["stage"]["hasInterview"])
        self.candidates = [candidate["id"] for candidate in candidates]
        self.staff = [Person(each["id"], each["email"]) for each in await self.listed(USERS)]
        self.templates = [each["id"] for each in await self.listed(TEMPLATES)]
        if not self.candidates or not self.staff:
            raise Stopped("there is nobody to schedule: the account has no candidates or no users")

    async def listed(self, request: GraphQLRequest) -> list[JsonObject]:
        nodes: list[JsonObject] = []
        after, more = None, True
        while more:
            data, _ = await self.ask(request, after=after)
            nodes += [edge["node"] for edge in data["page"]["edges"]]
            more, after = data["page"]["pageInfo"]["hasNextPage"], data["page"]["pageInfo"]["endCursor"]
        return nodes

    async def arrange(self) -> None:
        """Lead one panel after another through its life."""
        for number in self.numbers:
            random = Random(f"{self.seed} {number}")
            now = datetime.now(UTC)  # noqa: TID251 - GoodTime has a clock of its own
            planner = Planner(random, await self.pre_check(random), self.templates, now)
            arranged = Arranged(f"gt-{self.run}-{number}")
            for act in planner.life(arranged.external_id, self.candidates[number % len(self.candidates)]):
                if self.stop.is_set() or not await self.perform(arranged, act):
                    break
            self.standing.append(arranged)
            if self.stop.is_set():
                return
            if self.endless and len(self.standing) > STANDING:
                await self.retire(self.standing.popleft())

    async def pre_check(self, random: Random) -> list[Person]:
        """Who of a few possible interviewers has an account: one never has."""
        emails = [person.email for person in random.sample(self.staff, min(12, len(self.staff)))]
        data, _ = await self.ask(PRE_CHECK, emails=[*emails, f"nobody-{self.run}@goodtime.example"])
        edges = data["page"]["edges"]
        if len(edges) > len(emails):
            self.report.faults.append("the pre-check found a user who isn't there")
        return [Person(edge["node"]["id"], edge["node"]["email"]) for edge in edges]

    async def retire(self, arranged: Arranged) -> None:
        """Delete a panel that has stood long enough, and check that the server shows it so."""
        if arranged.meant and not arranged.meant.canceled:
            await self.perform(arranged, cancel("cancel panel", arranged.meant.revised(canceled=True)))
        await self.read_back(arranged)

    async def perform(self, arranged: Arranged, act: Act) -> bool:
        """Send one act until it is answered; returns False where it is refused, and the panel stays as it was."""
        await self.wait_for_rate()
        self.report.sent[act.kind] += 1
        if act.cut:
            await self.cut_off(act)
        data, tries = await self.ask(MUTATIONS[act.mutation], input=act.input)
        answer = data["answer"]
        self.report.warnings.update(warning["code"] for warning in answer.get("warnings", ()))
        if answer["errors"]:
            self.report.errors.update(error["code"] for error in answer["errors"])
            self.fault(arranged, (f"{act.kind} refused: {error}" for error in answer["errors"]))
            await self.look_up()
            return False
        arranged.meant = act.meant
        outcome = answer.get("outcome") or ("CANCELED" if answer["panel"] else "UNKNOWN")
        self.report.outcomes[outcome] += 1
        if outcome not in act.outcomes and not (outcome == "UNCHANGED" and (act.cut or tries > 1)):
            self.fault(arranged, [f"{act.kind} answered {outcome}, not {' or '.join(act.outcomes)}"])
        if answer["panel"] and (faults := list(arranged.keep(answer["panel"]))):
            # A user of the ATS who cancels while this is being answered voids the forms meanwhile.
            canceled = (await self.shown(arranged) or {}).get("cancellation") or {}
            self.fault(arranged, faults if canceled.get("origin") != "ATS" else [])
        return True

    def fault(self, arranged: Arranged, what: Iterable[str]) -> None:
        self.report.faults += [f"{arranged.external_id}: {each}" for each in what]

    async def cut_off(self, act: Act) -> None:
        """Send an act and close the connection before the answer, as networks do."""
        self.report.retries["cut"] += 1
        request = GraphQLRequest(MUTATIONS[act.mutation], variable_values={"input": act.input})
        body = json.dumps(request.payload).encode()
        to, tls = self.address, self.address.scheme == "https"
        head = {**self.headers, "Host": to.netloc, "Content-Type": "application/json", "Content-Length": len(body)}
        lines = [f"POST {to.path} HTTP/1.1", *(f"{name}: {value}" for name, value in head.items()), "", ""]
        with suppress(OSError):  # A server that is away is met again by the request that follows.
            _, writer = await asyncio.open_connection(to.hostname, to.port or (443 if tls else 80), ssl=tls)
            writer.write("\r\n".join(lines).encode() + body)
            writer.close()
            await writer.wait_closed()

    async def ask(self, request: GraphQLRequest, **variables: object) -> tuple[JsonObject, int]:
        """The data of the answer, and how often it took to send the request. Raises `Stopped` for want of one."""
        first = time.monotonic()
        for tries in itertools.count(1):
            began = time.perf_counter()
            try:
                data = await self.session.execute(GraphQLRequest(request, variable_values=variables))
            except TransportError as error:
                why, seconds = self.setback(error, tries)
                patience = FIRST_PATIENCE if self.stop.is_set() else self.patience
                if time.monotonic() + seconds > first + patience:
                    raise Stopped(f"{self.url} {why}: {one_line(error)}") from None
                self.report.retries[why] += 1
                log.warning("%s, trying again in %.1f s: %s", why, seconds, one_line(error))
                await (asyncio.sleep(seconds) if self.stop.is_set() else self.pause(seconds))
            else:
                self.report.milliseconds.append((time.perf_counter() - began) * 1000)
                return data, tries
        raise AssertionError("counts for ever")

    def setback(self, error: TransportError, tries: int) -> tuple[str, float]:
        """Why a request that is worth sending again failed, and the seconds to wait. Raises `Stopped` for others."""
        backoff = min(5.0, 0.1 * 2**tries)
        if isinstance(error, TransportQueryError):
            extensions = (error.errors or [{}])[0].get("extensions") or {}
            code = str(extensions.get("code"))
            if code == "RATE_LIMITED":
                return code, float(extensions.get("retryAfter", backoff))
            if code == "INTERNAL_SERVER_ERROR":
                self.report.faults.append(f"{code}: {one_line(error)}")
            if code in AGAIN or (code == "INTEGRATION_DISABLED" and self.endless):
                return code, backoff
            raise Stopped(f"{self.url} answers {code}: {one_line(error)}") from None
        status = error.code or 500 if isinstance(error, TransportServerError) else 500
        if status < 500 or isinstance(error, TransportProtocolError):
            raise Stopped(f"{self.url} is no GraphQL API: {one_line(error)}") from None
        return "unreachable", backoff

    async def wait_for_rate(self) -> None:
        """Wait until one more act is within the rate, and until a paused run goes on."""
        if self.going_on is not None:
            await self.going_on.wait()
        now = time.monotonic()
        self.next_at = max(self.next_at + self.gap, now)
        await self.pause(self.next_at - now)

    async def pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self.stop.wait(), seconds)

    async def read_back(self, arranged: Arranged) -> None:
        """Compare what the server shows with what was meant; a difference counts if a second look shows it too."""
        self.report.panels += 1
        self.report.events += len(arranged.events)
        astray, missing = arranged.events.keys() - arranged.meant_places, arranged.meant_places - arranged.events.keys()
        self.report.astray += len(astray)
        self.fault(arranged, [f"{email} keeps {uid}, which is not theirs" for email, uid in sorted(astray)])
        self.fault(arranged, [f"{email} lacks {uid}" for email, uid in sorted(missing)])
        self.report.links += len(arranged.links)
        if differences(arranged.meant, await self.shown(arranged)):
            self.fault(arranged, differences(arranged.meant, await self.shown(arranged)))

    async def shown(self, arranged: Arranged) -> JsonObject | None:
        """The panel as the server has it now."""
        data, _ = await self.ask(PANEL, externalId=arranged.external_id)
        panel: JsonObject | None = data["panel"]
        return panel


def one_line(error: TransportError) -> str:
    """What went wrong, in one line."""
    if isinstance(error, TransportQueryError) and error.errors:
        return str(error.errors[0].get("message"))
    return (str(error) or type(error).__name__).splitlines()[0]


async def simulate(
    url: str,
    key: str,
    *,
    panels: int | None = None,
    rate: float = 2.0,
    seed: object = None,
    stop: asyncio.Event | None = None,
    going_on: asyncio.Event | None = None,
) -> Report:
    """Arrange so many panels, or for ever, with at most `rate` acts a second, until done or `stop` is set.

    Acts wait while `going_on` is there and not set.
    Raises `Stopped` where the server refuses the key or, in a run with an end, stays away for a minute.
    """
    seed, stop = seed or secrets.token_hex(4), stop or asyncio.Event()
    return await GoodTime(url, key, panels, rate, seed, stop, going_on).work()


def run(url: str, key: str, *, panels: int | None, rate: float) -> int:
    """What `callboard simulate` does: prints the report when done or interrupted, and returns the exit code."""

    async def until_interrupted() -> Report:
        stop = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, stop.set)
        return await simulate(url, key, panels=panels, rate=rate, stop=stop)

    try:
        report = asyncio.run(until_interrupted())
    except Stopped as stopped:
        print(f"callboard simulate: {stopped}", file=sys.stderr)
        return 1
    print(report)
    return 0 if report.ok else 1
