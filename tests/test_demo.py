"""The demo: its account, its links and its simulator, by a real process."""

import asyncio
import json
import re
import shlex
import signal
import subprocess

from tests.processes import SECRET, Installation, http_client, tool, until
from tests.test_cli import asked


async def test_the_demo_shows_what_is_where_and_its_curl_works(empty: Installation) -> None:
    async with empty.running("demo") as demo, http_client() as client:
        assert f"Console      {demo.address}/\n" in demo.output
        assert f"API explorer {demo.address}/graphql\n" in demo.output
        assert (await client.get(f"{demo.address}/")).status_code == 200
        as_browser = {"accept": "text/html"}
        assert "/console/explorer.js" in (await client.get(demo.graphql, headers=as_browser)).text

        links = re.findall(rf"  (\S+) +{re.escape(demo.address)}/#token=(\S+)", demo.output)
        assert [role for role, _ in links] == ["super-admin", "admin", "team-member", "limited", "interviewer"]
        for role, token in links:
            data = await asked(demo.address, "{ viewer { ... on User { email } } }", token)
            assert data["viewer"] == {"email": f"{role}@demo.example"}

        command = demo.output[demo.output.index("curl ") : demo.output.index("Ctrl-C")].strip().replace("\\\n", " ")
        curl = await asyncio.create_subprocess_exec(tool("curl"), *shlex.split(command)[1:], stdout=subprocess.PIPE)
        assert len(json.loads((await curl.communicate())[0])["data"]["candidates"]["edges"]) == 3

        async def panels() -> bool:
            query = "{ interviewPanels(first: 1) { edges { node { externalId } } } }"
            return bool((await asked(demo.address, query, links[0][1]))["interviewPanels"]["edges"])

        await until(panels)
        assert await demo.stop(signal.SIGINT, within=15) == 0

    assert [line["event"] for line in demo.logged] == ["went down"]


async def test_the_demo_without_the_simulator_leaves_goodtime_to_the_visitor(empty: Installation) -> None:
    async with empty.running("demo", "--no-simulate") as demo:
        assert "GoodTime is switched off" in demo.output
        token = re.findall(r"#token=(\S+)", demo.output)[0]
        data = await asked(demo.address, "{ integrations { enabled apiKeys { prefix } } }", token)

    assert data["integrations"] == [{"enabled": False, "apiKeys": []}]


async def test_the_demo_says_so_where_goodtime_is_on_from_before(empty: Installation) -> None:
    switch = "mutation { setIntegrationEnabled(provider: GOODTIME, enabled: true) { errors { code } } }"
    async with empty.running("demo", "--no-simulate") as demo:
        await asked(demo.address, switch, re.findall(r"#token=(\S+)", demo.output)[0])
    async with empty.running("demo", "--no-simulate") as again:
        assert "GoodTime is switched on" in again.output


async def test_the_demo_starts_again_on_what_it_made(empty: Installation) -> None:
    counts = []
    for _ in range(2):
        async with empty.running("demo", "--no-simulate", JWT_SECRET=SECRET) as demo:
            token = re.findall(r"#token=(\S+)", demo.output)[0]
            data = await asked(
                demo.address, "{ candidates { totalCount } feedbackTemplates { edges { cursor } } }", token
            )
            counts.append((data["candidates"]["totalCount"], len(data["feedbackTemplates"]["edges"])))

    assert counts == [(12, 3), (12, 3)]


async def test_the_links_of_the_demo_survive_a_restart(empty: Installation) -> None:
    async with empty.running("demo", "--no-simulate", JWT_SECRET=None) as demo:
        token = re.findall(r"#token=(\S+)", demo.output)[0]
    async with empty.running("demo", "--no-simulate", JWT_SECRET=None) as demo:
        assert await asked(demo.address, "{ account { slug } }", token) == {"account": {"slug": "demo"}}

    assert (empty.folder / "var" / "demo-secret").stat().st_mode & 0o777 == 0o600
