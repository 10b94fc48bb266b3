"""The simulated scheduler: its lives by table, and whole runs against a real server."""

import asyncio
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from gql.transport.exceptions import (
    TransportConnectionFailed,
    TransportError,
    TransportProtocolError,
    TransportQueryError,
    TransportServerError,
)
from graphql import GraphQLSchema, OperationDefinitionNode, build_schema, validate
from graphql.execution.values import get_variable_values

from simulator import client as goodtime
from simulator import documents
from simulator.lives import ZONES, Act, Panel, Person, Planner, differences
from simulator.report import Report
from tests.cable import cable
from tests.world import World

pytestmark = pytest.mark.once

NOW = datetime(2026, 3, 5, 17, 30, tzinfo=UTC)
STAFF = [Person(f"usr_{name}", f"{name}@demo.example") for name in ("ada", "ben", "cleo", "dan")]


@pytest.fixture(scope="module")
def contract() -> GraphQLSchema:
    return build_schema((Path(__file__).parent.parent / "docs/contract.graphql").read_text())


def planner(seed: object = 1) -> Planner:
    return Planner(Random(str(seed)), STAFF, ["tpl_screen", "tpl_design"], NOW)


def lives(count: int) -> Iterator[list[Act]]:
    for number in range(count):
        yield list(planner(number).life(f"gt-{number}", "cnd_1"))


def shown(panel: Panel) -> dict[str, Any]:
    """The panel as a server shows it that has it right."""
    cancellation = {"origin": "SCHEDULER"} if panel.canceled else None
    status = "CANCELED" if panel.canceled else "TENTATIVE" if panel.tentative else "SCHEDULED"
    interviews = [
        {
            "externalId": event.external_id,
            "subject": event.subject,
            "startsAt": event.starts_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "durationMinutes": event.minutes,
            "location": event.location,
            "meetingUrl": event.meeting_url,
            "cancellation": None,
            "interviewers": [
                {"user": {"email": seat.person.email}, "feedbackForm": {"status": "PENDING"} if seat.template else None}
                for seat in event.seats
            ],
        }
        for event in panel.events
    ]
    return {
        "sequence": panel.sequence,
        "timezone": panel.timezone,
        "status": status,
        "cancellation": cancellation,
        "interviews": interviews,
    }


@pytest.mark.parametrize(
    "request_",
    [
        *documents.MUTATIONS.values(),
        documents.CANDIDATES,
        documents.USERS,
        documents.TEMPLATES,
        documents.PRE_CHECK,
        documents.PANEL,
    ],
)
def test_every_document_that_goodtime_sends_is_valid_under_the_contract(request_: Any, contract: GraphQLSchema) -> None:
    assert validate(contract, request_.document) == []


def test_every_input_that_goodtime_plans_reads_as_the_contract_declares_it(contract: GraphQLSchema) -> None:
    for act in (act for life in lives(100) for act in life):
        operation = documents.MUTATIONS[act.mutation].document.definitions[0]
        assert isinstance(operation, OperationDefinitionNode)
        read = get_variable_values(contract, operation.variable_definitions or (), {"input": act.input})
        assert not isinstance(read, list), f"{act}: {read}"


def test_equal_random_numbers_make_equal_lives() -> None:
    assert list(planner(7).life("gt", "cnd_1")) == list(planner(7).life("gt", "cnd_1"))
    assert list(planner(7).life("gt", "cnd_1")) != list(planner(8).life("gt", "cnd_1"))


def test_lives_hold_all_that_a_scheduler_does() -> None:
    acts = [act for life in lives(200) for act in life]

    assert {act.kind for act in acts} == {
        "push",
        "push interview",
        "reschedule",
        "reschedule one",
        "add interview",
        "drop interview",
        "change people",
        "cancel interview",
        "cancel panel",
        "cancel again",
        "cancel unseen",
        "bring back",
        "send again",
        "late",
    }
    assert 0.05 < sum(act.cut for act in acts) / len(acts) < 0.15


def test_a_sequence_counts_up_but_for_what_is_sent_again_or_late() -> None:
    for life in lives(100):
        highest = 0
        for act in life:
            sequence = act.input["sequence"]
            assert {"send again": sequence == highest, "late": sequence < highest}.get(act.kind, sequence > highest)
            highest = max(highest, sequence)
            assert act.meant is None or act.meant.sequence == highest


def test_new_panels_lie_in_the_working_hours_of_the_coming_two_weeks_wherever_they_are() -> None:
    panels = [planner(seed).panel("gt", "cnd_1") for seed in range(300)]

    assert {panel.timezone for panel in panels} == set(ZONES)
    assert {len(panel.events) for panel in panels} == {1, 2, 3, 4}
    for event in (event for panel in panels for event in panel.events):
        ends_at = event.starts_at + timedelta(minutes=event.minutes)
        assert event.starts_at.weekday() < 5
        assert 9 <= event.starts_at.hour < ends_at.hour + ends_at.minute / 60 <= 17
        assert NOW < event.starts_at < NOW + timedelta(days=16)
        assert 1 <= len({seat.person for seat in event.seats}) == len(event.seats) <= 3


def test_a_panel_that_is_shown_as_it_was_meant_has_no_differences() -> None:
    panel = planner().panel("gt", "cnd_1")

    assert differences(panel, shown(panel)) == []
    assert differences(replace(panel, canceled=True), shown(replace(panel, canceled=True))) == []
    assert differences(None, None) == []


@pytest.mark.parametrize(
    "change",
    [
        {"sequence": 9},
        {"canceled": True},
        {"timezone": "Pacific/Apia"},
        {"tentative": True},
        {"events": ()},
        {"starts_at": NOW},
        {"minutes": 5},
        {"subject": "Something else"},
        {"location": "Somewhere else"},
        {"seats": ()},
    ],
    ids=lambda change: next(iter(change)),
)
def test_whatever_is_shown_otherwise_than_it_was_meant_is_a_difference(change: dict[str, Any]) -> None:
    meant = replace(planner().panel("gt", "cnd_1"), tentative=False)
    of_panel = {name: value for name, value in change.items() if hasattr(meant, name)}
    of_event = {name: value for name, value in change.items() if name not in of_panel}
    events = of_panel.get("events", (replace(meant.events[0], **of_event), *meant.events[1:]))

    assert len(differences(meant, shown(replace(meant, **of_panel | {"events": events})))) == 1
    assert differences(meant, None)
    assert differences(None, shown(meant))


def test_a_cancel_by_a_user_of_the_ats_is_no_difference() -> None:
    meant = planner().panel("gt", "cnd_1")
    off_the_profile = shown(meant) | {"cancellation": {"origin": "ATS"}, "status": "CANCELED"}

    assert differences(meant, off_the_profile) == []


def invite(uid: str, description: str) -> str:
    return (
        f"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:{uid}\r\nDESCRIPTION:{description}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )


def answered(
    uid: str = "one",
    description: str = "Feedback: https://ats.example/f/1",
    url: str = "https://ats.example/f/1",
    panel: str = "pan_1",
) -> dict[str, Any]:
    interviewer = {"user": {"email": "ada@demo.example"}, "feedbackForm": {"url": url, "status": "PENDING"}}
    interview = {
        "externalId": "gt-a",
        "cancellation": None,
        "calendarInvite": invite(uid, description),
        "interviewers": [interviewer],
    }
    return {"id": panel, "cancellation": None, "interviews": [interview]}


@pytest.mark.parametrize(
    ("later", "fault"),
    [
        ({}, None),
        ({"panel": "pan_2"}, "another panel"),
        ({"uid": "two"}, "another event"),
        ({"description": "Hello"}, "lacks the feedback link"),
        (
            {"url": "https://ats.example/f/2", "description": "https://ats.example/f/2"},
            "link of ada@demo.example has changed",
        ),
    ],
)
def test_goodtime_finds_every_feedback_link_in_the_invite_and_both_unchanged(
    later: dict[str, str], fault: str | None
) -> None:
    arranged = goodtime.Arranged("gt")
    assert list(arranged.keep(answered())) == []

    faults = list(arranged.keep(answered(**later)))

    assert [fault in each for each in faults] == [True] if fault else faults == []


def refused(code: str, **extensions: Any) -> TransportQueryError:
    return TransportQueryError("no", errors=[{"message": "no", "extensions": {"code": code, **extensions}}])


def simulator(panels: int | None = 1) -> goodtime.GoodTime:
    return goodtime.GoodTime("http://ats.example", "key", panels, 1, 1, asyncio.Event())


@pytest.mark.parametrize(
    ("error", "panels", "seconds"),
    [
        (refused("RATE_LIMITED", retryAfter=7), 1, 7),
        (refused("SERVICE_UNAVAILABLE"), 1, 0.8),
        (refused("INTEGRATION_DISABLED"), None, 0.8),
        (TransportConnectionFailed("refused"), 1, 0.8),
        (TransportServerError("bad gateway", 502), 1, 0.8),
    ],
)
def test_goodtime_waits_as_long_as_it_is_told_or_backs_off(
    error: TransportError, panels: int | None, seconds: float
) -> None:
    assert simulator(panels).setback(error, tries=3)[1] == pytest.approx(seconds)
    assert simulator(panels).setback(error, tries=30)[1] <= 7


@pytest.mark.parametrize(
    "error",
    [
        refused("UNAUTHENTICATED"),
        refused("FORBIDDEN"),
        refused("INTEGRATION_DISABLED"),
        refused("GRAPHQL_VALIDATION_FAILED"),
        TransportServerError("not found", 404),
        TransportProtocolError("no JSON"),
    ],
)
def test_goodtime_gives_up_on_what_trying_again_can_not_mend(error: TransportError) -> None:
    with pytest.raises(goodtime.Stopped):
        simulator().setback(error, tries=1)


@pytest.mark.parametrize("url", ["nowhere", "ftp://ats.example", "http://", "http://ats.example:99999", "http://[ats"])
def test_goodtime_says_in_one_line_that_a_url_is_none(url: str) -> None:
    with pytest.raises(goodtime.Stopped, match=r"^\S+ is no http or https URL$"):
        goodtime.address(url)


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
    assert report.invites > 12
    assert report.links > report.invites
    assert report.retries["cut"] > 0
    assert report.outcomes.keys() >= {"CREATED", "UPDATED", "UNCHANGED", "STALE_IGNORED", "RESTORED", "CANCELED"}


async def test_two_runs_beside_each_other_leave_each_other_s_panels_alone(world: World) -> None:
    await world.goodtime.push(**world.a_panel("gt-0", sequence=1))

    for report in await asyncio.gather(run(world, seed=1, panels=4), run(world, seed=1, panels=4)):
        assert report.ok, str(report)
        assert report.panels == 4


async def test_a_run_goes_on_when_the_server_is_back(world: World) -> None:
    async with cable(int(world.server.address.rpartition(":")[2])) as line, world.sam.following() as changes:
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
