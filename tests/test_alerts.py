"""The alert rules: each begins when it should, names metrics that there are, and runs in Prometheus beside a server."""

import asyncio
import contextlib
import json
import re
import socket
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.processes import ROOT, Installation, http_client, port_of, tool, until

pytestmark = [pytest.mark.once, pytest.mark.xdist_group("alerts")]

ALERTS, CASES = ROOT / "docs" / "alerts.yaml", ROOT / "tests" / "alerts.yaml"


def test_each_rule_begins_when_it_should_and_not_before() -> None:
    rules = re.findall(r"alert: (\w+)", ALERTS.read_text())
    begun = re.findall(r"alertname: (\w+)\n +eval_time: \w+\n +exp_alerts:\n", CASES.read_text())
    at_rest = re.findall(r"\{alertname: (\w+), eval_time: \w+\}", CASES.read_text())

    tested = subprocess.run([tool("promtool"), "test", "rules", CASES], capture_output=True, text=True, check=False)

    assert tested.returncode == 0, tested.stdout + tested.stderr
    assert sorted(begun) == sorted(set(at_rest)) == sorted(rules)


@contextlib.asynccontextmanager
async def prometheus(home: Path, scraped: str) -> AsyncIterator[httpx.AsyncClient]:
    """A Prometheus that scrapes that address and has the rules."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = port_of(f":{listening.getsockname()[1]}")
    job = {"job_name": "callboard", "static_configs": [{"targets": [scraped.removeprefix("http://")]}]}
    config = {"global": {"scrape_interval": "1s", "evaluation_interval": "1s"}, "rule_files": [str(ALERTS)]}
    # JSON is YAML.
    (home / "prometheus.yml").write_text(json.dumps(config | {"scrape_configs": [job]}))
    command = [tool("prometheus"), f"--config.file={home}/prometheus.yml", f"--storage.tsdb.path={home}/data"]
    with (home / "prometheus.log").open("w") as log:
        address = f"127.0.0.1:{port}"
        started = [*command, f"--web.listen-address={address}"]
        process = await asyncio.create_subprocess_exec(*started, stdout=log, stderr=log)
    try:
        async with http_client(base_url=f"http://{address}/api/v1", timeout=30) as client:
            yield client
    finally:
        process.terminate()
        await process.wait()


async def result(client: httpx.AsyncClient, expression: str) -> list[dict[str, Any]] | None:
    """What an expression gives; None while Prometheus only begins. Fails where it is none."""
    try:
        response = await client.get("/query", params={"query": expression})
    except httpx.TransportError:
        return None
    if response.status_code == 503:
        return None
    answer = response.json()
    assert answer["status"] == "success", (expression, answer)
    samples: list[dict[str, Any]] = answer["data"]["result"]
    return samples


async def test_prometheus_scrapes_a_server_by_its_own_address_and_runs_every_query_and_rule(
    installation: Installation, place: Path
) -> None:
    dashboard = json.loads((ROOT / "docs" / "grafana.json").read_text())
    queries = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    queries = [query.replace("$__rate_interval", "1m") for query in queries]
    async with installation.running("serve", METRICS_ADDRESS="127.0.0.1:0") as process, http_client() as client:
        address = next(line["address"] for line in process.logged if line["event"] == "metrics are served")
        there = {
            family.name.removesuffix("_created")
            for family in text_string_to_metric_families((await client.get(f"{address}/metrics")).text)
        }
        async with prometheus(place, address) as asked:
            await until(lambda: result(asked, 'up{job="callboard"} == 1'))
            for query in queries:
                await result(asked, query)
            assert await result(asked, "sum by (version, python) (callboard_build_info)")

            async def are_evaluated() -> bool:
                groups = (await asked.get("/rules")).json()["data"]["groups"]
                rules.extend(rule for group in groups for rule in group["rules"] if rule["health"] != "unknown")
                return bool(rules)

            rules: list[dict[str, Any]] = []
            await until(are_evaluated)
            assert {(rule["health"], rule["state"]) for rule in rules} == {("ok", "inactive")}

    names = set(re.findall(r"(?:callboard|process)_\w+", " ".join(rule["query"] for rule in rules)))
    assert {re.sub(r"_(bucket|total)$", "", name) for name in names} <= there
