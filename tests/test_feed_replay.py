"""The feed replays to the present, and whoever goes away in the middle of a push leaves nothing behind."""

import asyncio
import collections
import itertools
import json
import random
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

import clock
import models
from auth.viewer import Viewer
from resolvers import pushes, units
from resolvers.declarations import InterviewerPush, InterviewPush, PanelPush
from tests.convergence import a_panel, a_whole_panel, holds, log, stored
from tests.people import PANEL
from tests.world import World

PUSH = "mutation ($input: UpsertInterviewPanelInput!) { upsertInterviewPanel(input: $input) { outcome } }"


# The feed replays to the present.


@dataclass(frozen=True)
class Happening:
    """Something that somebody does to a panel: it may be nothing new, too late, or refused."""

    kind: str
    sequence: int
    day: int
    interview: str
    note: str

    async def happen(self, world: World, panel: str) -> None:
        push = a_whole_panel(world, panel, self.sequence, self.day, note=self.note)
        names = {"panelExternalId": panel, "externalId": self.interview}
        shown = await world.rita.panel(externalId=panel)
        match self.kind:
            case "push":
                await world.goodtime.push(**push)
            case "push without a sequence":
                await world.goodtime.push(**push | {"sequence": None})
            case "push less":
                await world.goodtime.push(**push | {"interviews": push["interviews"][:1]})
            case "push an event":
                event = push["interviews"][0] | {"externalId": self.interview, "note": self.note}
                await world.goodtime.push_one(panelExternalId=panel, sequence=self.sequence, interview=event)
            case "delete":
                await world.goodtime.cancel(externalId=panel, sequence=self.sequence)
            case "delete an interview":
                await world.goodtime.cancel_one(**names, sequence=self.sequence)
            case "cancel":
                await world.rita.cancel(externalId=panel)
            case "cancel an interview":
                await world.rita.cancel_one(**names)
            case "restore" if shown:
                await world.rita.restore(id=shown["id"])
            case "hand in" if shown:
                seats = [seat for interview in shown["interviews"] for seat in interview["interviewers"]]
                ivos = [seat["feedbackForm"] for seat in seats if seat["user"]["email"] == world.email("ivo")]
                # What was called off before it was pushed has never asked for feedback.
                for form in filter(None, ivos[:1]):
                    await world.ivo.fill(form["id"])


KINDS = ["push", "push", "push without a sequence", "push less", "push an event", "delete", "delete an interview"]

KINDS += ["cancel", "cancel an interview", "restore", "hand in"]

happenings = st.builds(
    Happening,
    kind=st.sampled_from(KINDS),
    sequence=st.integers(1, 9),
    day=st.integers(1, 3),
    interview=st.sampled_from("ab"),
    note=st.sampled_from(["one", "two"]),
)


def but_the_sequence(panel: dict[str, Any] | None) -> dict[str, Any] | None:
    """A panel without what a second, higher cancel moves on in silence."""
    return panel and {name: value for name, value in panel.items() if name != "sequence"}


async def test_what_followers_received_is_what_stands_and_the_log_has_no_gap(world: World) -> None:
    query = PANEL + "subscription { interviewPanelChanges { cursor panel { ...Panel } } }"

    async def replays(lives: list[list[Happening]]) -> None:
        known = len(await log(world))
        panels = {a_panel(): life for life in lives}
        async with world.rita.following(query) as following:
            for happening in itertools.zip_longest(*panels.values()):
                happens = zip(panels, happening, strict=True)
                await asyncio.gather(*(each.happen(world, panel) for panel, each in happens if each))
            changes = [await following.next() for _ in (await log(world))[known:]]
        last_states = {change["panel"]["externalId"]: change["panel"] for change in changes}

        newest = (await world.rita.changes(after=None, first=500))[known:]
        assert [change["cursor"] for change in changes] == [change["cursor"] for change in newest]
        for panel in panels:
            assert but_the_sequence(await world.rita.panel(externalId=panel)) == but_the_sequence(
                last_states.get(panel)
            )

    await holds(6, st.lists(st.lists(happenings, max_size=8), min_size=2, max_size=4), replays)


async def test_nothing_that_people_see_of_a_panel_changes_unrecorded(world: World) -> None:
    async def is_recorded(life: list[Happening]) -> None:
        panel, before = a_panel(), None
        for happening in life:
            known = len(await log(world))
            await happening.happen(world, panel)
            after = but_the_sequence(await world.rita.panel(externalId=panel))
            if len(await log(world)) == known:
                assert after == before
            else:
                assert after is not None
                assert after != before
                assert after["version"] == (before["version"] if before else 0) + 1
            before = after

    await holds(10, st.lists(happenings, min_size=1, max_size=12), is_recorded)


# Whoever goes away in the middle.


async def test_clients_that_go_away_in_the_middle_of_a_push_leave_nothing_behind(world: World) -> None:
    chance = random.Random(3)

    async def pushed_and_left(number: int) -> None:
        _, writer = await asyncio.open_connection(*world.server.address.removeprefix("http://").split(":"))
        variables = {"input": a_whole_panel(world, f"panel-{number % 20}", 1 + number // 20)}
        body = json.dumps({"query": PUSH, "variables": variables})
        headers = {"host": "here", "content-type": "application/json", "content-length": len(body)}
        header_lines = "".join(f"{name}: {value}\r\n" for name, value in (headers | world.goodtime.headers).items())
        writer.write(f"POST /graphql HTTP/1.1\r\n{header_lines}\r\n{body}".encode())
        await asyncio.sleep(chance.uniform(0, 0.06))
        writer.transport.abort()

    for batch in range(0, 200, 10):
        # Those who stay keep the pace: what the others began is not to pile up.
        stay = [world.goodtime.push(**a_whole_panel(world, f"stay-{n}", 1 + batch)) for n in range(3)]
        await asyncio.gather(*stay, *(pushed_and_left(batch + number) for number in range(10)))

    await everything_works(world)


async def test_clients_whose_sockets_break_in_the_middle_of_a_push_leave_nothing_behind(world: World) -> None:
    chance = random.Random(4)

    async def pushed_and_broke(number: int) -> None:
        async with world.goodtime.connected() as connection:
            variables = {"input": a_whole_panel(world, f"panel-{number % 20}", 1 + number // 20)}
            await connection.send(type="subscribe", id="1", payload={"query": PUSH, "variables": variables})
            await asyncio.sleep(chance.uniform(0, 0.05))
            connection.socket.transport.abort()

    for batch in range(0, 60, 6):
        stays = world.goodtime.push(**a_whole_panel(world, "stays", 1 + batch))
        await asyncio.gather(stays, *(pushed_and_broke(batch + number) for number in range(6)))

    await everything_works(world)


async def test_acts_whose_caller_is_cancelled_are_done_whole_or_not_at_all(world: World) -> None:
    chance = random.Random(5)
    viewer = await the_integration(world)
    seats = [InterviewerPush(email=world.email(name)) for name in ("ivo", "noor")]
    template = world.templates["values"]
    interviews = [
        InterviewPush(name, f"Interview {name}", clock.now(), 60, seats, feedback_template_id=template)
        for name in ("a", "b")
    ]

    for number in range(300):
        push = PanelPush(
            f"panel-{number % 30}", "UTC", interviews, candidate_external_id="carla", sequence=1 + number // 30
        )
        pushing = asyncio.ensure_future(pushes.push(viewer, push))
        for _ in range(chance.randint(0, 20)):
            await asyncio.sleep(chance.choice([0, 0.001]))
        pushing.cancel()
        await asyncio.wait([pushing])

    await units.TRANSACTIONS.drain()
    await everything_works(world)


async def the_integration(world: World) -> Viewer:
    """GoodTime as the rules know it."""
    integration = await models.Integration.get(account_id=world.account.id)
    return Viewer(account=world.account, integration=integration)


async def everything_works(world: World) -> None:
    """Every panel is whole or not there, the log tells of each, and more requests than connections get through."""
    async with asyncio.timeout(60):
        answers = await asyncio.gather(
            *(world.goodtime.push(**a_whole_panel(world, f"after-{number}", 1)) for number in range(16))
        )
    assert [answer["outcome"] for answer in answers] == ["CREATED"] * 16
    rows = await stored(world)
    assert rows == {
        name: rows["panels"] * each for name, each in (("panels", 1), ("interviews", 2), ("seats", 4), ("forms", 4))
    }
    panels = await models.Panel.filter(account_id=world.account.id)
    versions = collections.Counter(change.panel_id for change in await log(world))
    assert {panel.id: panel.version for panel in panels} == versions
