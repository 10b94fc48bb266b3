"""Whole runs of the simulated scheduler against a real server, by itself and as a command."""

import asyncio
import sys
from pathlib import Path

import pytest

from simulator import client as goodtime
from simulator.report import Report
from tests.network_proxy import network_proxy
from tests.world import World

pytestmark = pytest.mark.once


def key_of(world: World) -> str:
    authorization = world.goodtime.authorization
    assert authorization is not None
    return authorization.removeprefix("Bearer ")


async def run(
    world: World, seed: int, panels: int | None, url: str | None = None, stop: asyncio.Event | None = None
) -> Report:
    """A run of GoodTime's, as fast as it goes, against the world's server or what stands before it."""
    url = url or world.server.address
    return await goodtime.simulate(url, key_of(world), panels=panels, rate=1_000, seed=seed, stop=stop)


async def test_a_run_ends_with_every_panel_as_meant_and_every_feedback_link_in_its_invite(world: World) -> None:
    report = await run(world, seed=5, panels=12)

    assert report.ok, str(report)
    assert report.panels == 12
    assert report.errors == {}
    assert report.events > 12
    assert report.links > 12
    assert report.astray == 0
    assert "nobody keeps one that is not theirs" in str(report)
    assert report.retries["cut"] > 0
    assert report.outcomes.keys() >= {"CREATED", "UPDATED", "UNCHANGED", "STALE_IGNORED", "RESTORED", "CANCELED"}


async def test_two_runs_beside_each_other_leave_each_other_s_panels_alone(world: World) -> None:
    await world.goodtime.push(**world.a_panel("gt-0", sequence=1))

    for report in await asyncio.gather(run(world, seed=1, panels=4), run(world, seed=1, panels=4)):
        assert report.ok, str(report)
        assert report.panels == 4


async def test_a_run_goes_on_when_the_server_is_back(world: World) -> None:
    async with network_proxy(int(world.server.address.rpartition(":")[2])) as line, world.sam.following() as changes:
        running = asyncio.create_task(run(world, seed=3, panels=3, url=f"http://127.0.0.1:{line.port}"))
        for _ in range(5):
            await changes.next()
            line.cut()
        line.broken = True
        asyncio.get_running_loop().call_later(0.5, setattr, line, "broken", False)
        report = await running

    assert report.ok, str(report)
    assert report.panels == 3
    assert report.retries["unreachable"] > 0


async def test_an_endless_run_deletes_its_oldest_panels_and_reports_when_it_is_stopped(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(goodtime, "STANDING", 2)
    monkeypatch.setattr(goodtime, "AT_ONCE", 2)
    stop = asyncio.Event()
    async with world.sam.following() as changes:
        running = asyncio.create_task(run(world, seed=2, panels=None, stop=stop))
        for _ in range(40):
            await changes.next()

    stop.set()
    report = await running

    assert report.ok, str(report)
    assert report.panels > 4
    shown = await world.rita.ask("{ interviewPanels { edges { node { externalId } } } }")
    assert len(shown["interviewPanels"]["edges"]) <= 4


async def test_what_a_user_takes_off_the_profile_meanwhile_is_no_fault(world: World) -> None:
    async with world.rita.following() as changes:
        running = asyncio.create_task(run(world, seed=4, panels=4))
        for _ in range(4):
            await world.rita.cancel(externalId=(await changes.next())["panel"]["externalId"])
    report = await running

    assert report.ok, str(report)


@pytest.mark.parametrize("enabled", [True, False])
async def test_a_run_whose_key_is_refused_says_why(world: World, enabled: bool) -> None:
    switch = "mutation ($on: Boolean!) { setIntegrationEnabled(provider: GOODTIME, enabled: $on) { errors { code } } }"
    await world.sam.ask(switch, on=enabled)
    key = "cb_live_nobody" if enabled else key_of(world)

    with pytest.raises(goodtime.Stopped, match="UNAUTHENTICATED" if enabled else "INTEGRATION_DISABLED"):
        await goodtime.simulate(world.server.address, key, panels=1, rate=1_000)


async def command(*arguments: str) -> tuple[int | None, str, str]:
    """The exit code and the outputs of `callboard simulate`."""
    simulate = [sys.executable, "server.py", "simulate", *arguments]
    process = await asyncio.create_subprocess_exec(*simulate, stdout=-1, stderr=-1, cwd=Path(__file__).parent.parent)
    out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


async def test_the_command_prints_the_report_and_exits_with_0_where_all_is_as_it_was_meant(world: World) -> None:
    code, out, _ = await command("--url", world.server.graphql, "--key", key_of(world), "--panels", "2", "--rate", "99")

    assert code == 0
    assert "2 read back, all as meant" in out


async def test_the_command_exits_with_1_and_one_line_where_it_is_refused(world: World) -> None:
    code, out, err = await command("--url", world.server.graphql, "--key", "cb_live_nobody", "--panels", "2")

    assert (code, out) == (1, "")
    assert "UNAUTHENTICATED" in err
    assert len(err.splitlines()) == 1
