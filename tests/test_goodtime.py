"""The simulated scheduler: its lives by table, what it takes for a difference, and how it waits."""

import asyncio
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
from simulator.calendars import Arranged
from simulator.lives import ZONES, Act, Person, Planner, differences
from tests.goodtime import shown

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


LINK = "https://ats.example/f/1"


def invite(
    email: str, method: str = "REQUEST", uid: str = "one", sequence: int = 1, text: str = LINK
) -> dict[str, Any]:
    event = f"UID:{uid}\r\nSEQUENCE:{sequence}\r\nDTSTAMP:20261208T120000Z\r\nDESCRIPTION:{text}\r\n"
    lines = f"METHOD:{method}\r\nBEGIN:VEVENT\r\n{event}END:VEVENT\r\n"
    return {"method": method, "user": {"email": email}, "text": f"BEGIN:VCALENDAR\r\n{lines}END:VCALENDAR\r\n"}


def answered(url: str = LINK, panel: str = "pan_1", **of_invite: Any) -> dict[str, Any]:
    """Ada and Bo sit on the interview; only Ada has a form."""
    interviewers = [
        {"user": {"email": "ada@demo.example"}, "feedbackForm": {"url": url, "status": "PENDING"}},
        {"user": {"email": "bo@demo.example"}, "feedbackForm": None},
    ]
    invites = [invite("ada@demo.example", **of_invite), invite("bo@demo.example", **of_invite | {"text": "Hello"})]
    interview = {
        "externalId": "gt-a",
        "cancellation": None,
        "calendarUid": of_invite.get("uid", "one"),
        "calendarInvites": invites,
        "interviewers": interviewers,
    }
    return {"id": panel, "cancellation": None, "interviews": [interview]}


@pytest.mark.parametrize(
    ("later", "fault"),
    [
        ({}, None),
        ({"panel": "pan_2"}, "another panel"),
        ({"uid": "two"}, "another event"),
        ({"sequence": 0}, "has gone back"),
        ({"text": "Hello"}, "lacks their feedback link"),
        ({"url": "https://ats.example/f/2", "text": "https://ats.example/f/2"}, "link of ada@demo.example has changed"),
    ],
)
def test_goodtime_finds_every_feedback_link_in_the_invite_and_both_unchanged(
    later: dict[str, Any], fault: str | None
) -> None:
    arranged = Arranged("gt")
    assert list(arranged.keep(answered())) == []

    faults = list(arranged.keep(answered(**later)))

    assert any(fault in each for each in faults) if fault else faults == []


def test_goodtime_finds_anothers_link_in_an_invite() -> None:
    panel = answered()
    panel["interviews"][0]["calendarInvites"][1] = invite("bo@demo.example")

    assert ["bo@demo.example" in each for each in Arranged("gt").keep(panel)] == [True]


def test_a_cancel_takes_the_event_off_the_calendar_of_whom_it_is_for() -> None:
    arranged = Arranged("gt")
    list(arranged.keep(answered()))
    panel = answered()
    panel["interviews"][0]["calendarInvites"][1] = invite("bo@demo.example", "CANCEL", sequence=2)

    list(arranged.keep(panel))

    assert arranged.events.keys() == {("ada@demo.example", "one")}


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
def test_goodtime_waits_as_long_as_the_answer_says_or_backs_off(
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
