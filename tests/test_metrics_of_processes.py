"""What several processes count together, where that is served, and what is known of each process."""

import contextlib
import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.people import Server
from tests.postgres_processes import PostgresDatabase, serving
from tests.processes import Installation, missing, until
from tests.test_metrics import measured


@pytest.mark.postgres
async def test_several_processes_count_together_and_what_a_dead_one_had_open_is_closed(
    postgres: PostgresDatabase,
) -> None:
    async with serving(postgres.url, workers=2, metrics_address="127.0.0.1:0") as process:
        world, served = await postgres.world(process.server), process.server
        address = metrics_address([json.loads(line) for line in process.log()])
        assert (await served.http.get(f"{served.address}/metrics")).status_code == 404
        served.http.headers["connection"] = "close"
        for _ in range(20):
            await world.sam.ask("{ viewer { __typename } }")
        asked = ("callboard_operations_total", _labels(field="viewer", kind="query", outcome="OK"))
        assert (await measured(address, served))[asked] == 20
        workers = _children(process.process.pid)
        pids = {str(pid) for pid in workers}
        assert await _pids(address, served) == {name: pids for name in PROCESS_METRICS}

        subscribers = ("callboard_subscribers", _labels())
        async with contextlib.AsyncExitStack() as stack:
            for _ in range(6):
                await stack.enter_async_context(world.sam.following())
            assert (await measured(address, served))[subscribers] == 6
            # Both: whether one has any of the six is left to chance.
            for worker in workers:
                os.kill(worker, signal.SIGKILL)

            async def are_replaced() -> bool:
                children = set(_children(process.process.pid))
                return len(children) == 2 and children.isdisjoint(workers)

            await until(are_replaced)

            async def are_fewer() -> bool:
                return (await measured(address, served)).get(subscribers, 0) < 6

            await until(are_fewer)
        assert (await measured(address, served))[asked] == 20
        workers = _children(process.process.pid)

        async def are_measured() -> bool:
            return (await _pids(address, served))["process_open_fds"] == {str(pid) for pid in workers}

        await until(are_measured)
        process.terminate()
        assert await process.ended(within=30) == 0
        assert [line for line in process.log() if json.loads(line)["level"] == "error"] == []


PROCESS_METRICS = (
    *("process_cpu_seconds_total", "process_open_fds", "process_max_fds", "process_start_time_seconds"),
    *("process_resident_memory_bytes", "process_virtual_memory_bytes"),
)


async def _pids(address: str, served: Server) -> dict[str, set[str]]:
    """Of which processes there are metrics of processes, and which."""
    samples = [
        sample
        for family in text_string_to_metric_families((await served.http.get(f"{address}/metrics")).text)
        for sample in family.samples
        if sample.name in PROCESS_METRICS
    ]
    assert all(sample.value > 0 for sample in samples if sample.name != "process_cpu_seconds_total")
    return {name: {each.labels["pid"] for each in samples if each.name == name} for name in PROCESS_METRICS}


def metrics_address(logged: list[dict[str, Any]]) -> str:
    """Where they are served, as the log says."""
    return next(line["address"] for line in logged if line["event"] == "metrics are served")


@pytest.mark.once
async def test_metrics_have_an_address_of_their_own_where_that_is_asked_for(installation: Installation) -> None:
    async with installation.running("serve", METRICS_ADDRESS="127.0.0.1:0") as process, Server(process.address) as here:
        address = metrics_address(process.logged)
        assert (await here.http.get(f"{here.address}/metrics")).status_code == 404

        async def is_counted() -> bool:
            return ("callboard_http_responses_total", _labels(method="GET", status="404")) in await measured(
                address, here
            )

        await until(is_counted)
        taken = address.removeprefix("http://")
        line = await installation.failure_line("serve", "--port", "0", METRICS_ADDRESS=taken)

    assert line == f"callboard: CALLBOARD_METRICS_ADDRESS: can't listen on {taken} (Address already in use)."


def _labels(**labels: str) -> frozenset[tuple[str, str]]:
    return frozenset(labels.items())


def _children(pid: int) -> list[int]:
    """The processes that serve for the one that started them."""
    path = Path(f"/proc/{pid}/task/{pid}/children")
    if not path.exists():
        missing("/proc")
    return [
        child
        for child in map(int, path.read_text().split())
        if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()
    ]
