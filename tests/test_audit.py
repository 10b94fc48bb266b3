"""The audit trail: who did what, in the transaction of the act, kept for good, shown to Super Admins alone."""

import json
import re
from typing import Any

import pytest

import models
from auth.viewer import Viewer
from models import AuditAct, AuditEvent
from resolvers import units
from resolvers.units import UnitOfWork
from tests.people import Person
from tests.sql_log import statements
from tests.world import World

EVENTS = """query ($filter: AuditEventFilter, $first: Int, $after: String) {
  auditEvents(filter: $filter, first: $first, after: $after) {
    pageInfo { hasNextPage endCursor }
    edges { node {
      id at act targetId details { name value } target { id __typename }
      actor { __typename ... on User { id } ... on Integration { id } } apiKey { id prefix }
    } } } }"""


async def trail(world: World, **filter: Any) -> list[dict[str, Any]]:
    """What Sam sees, oldest first."""
    page = (await world.sam.ask(EVENTS, first=100, filter=filter))["auditEvents"]
    assert not page["pageInfo"]["hasNextPage"]
    return [edge["node"] for edge in reversed(page["edges"])]


async def since(world: World, before: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What has come to the trail since `before` was read. Events of one transaction are in no order: by act."""
    known = {event["id"] for event in before}
    return sorted((event for event in await trail(world) if event["id"] not in known), key=lambda event: event["act"])


def acts_and_subjects(events: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """The acts, each with what it was done to."""
    return [(event["act"], event["targetId"]) for event in events]


def details(event: dict[str, Any]) -> dict[str, str]:
    return {each["name"]: each["value"] for each in event["details"]}


async def switch(person: Person, on: bool) -> dict[str, Any]:
    document = """mutation ($on: Boolean!) { setIntegrationEnabled(provider: GOODTIME, enabled: $on) {
      integration { id } errors { code } } }"""
    return dict((await person.ask(document, on=on))["setIntegrationEnabled"])


async def sync(person: Person, *users: dict[str, Any]) -> dict[str, Any]:
    document = "mutation ($users: [UserInput!]!) { syncUsers(users: $users) { users { id email } errors { code } } }"
    return dict((await person.ask(document, users=list(users)))["syncUsers"])


async def test_a_switch_is_kept_with_who_did_it_and_one_that_changes_nothing_is_not(world: World) -> None:
    before = await trail(world)

    off = await switch(world.sam, False)
    await switch(world.sam, False)
    await switch(world.sam, True)

    integration = off["integration"]["id"]
    events = (await trail(world))[len(before) :]
    assert acts_and_subjects(events) == [("INTEGRATION_DISABLED", integration), ("INTEGRATION_ENABLED", integration)]
    assert {event["actor"]["id"] for event in events} == {world.sam.id}
    assert [event["apiKey"] for event in events] == [None, None]
    assert [event["target"] for event in events] == [{"id": integration, "__typename": "Integration"}] * 2


async def test_a_key_made_and_revoked_is_kept_by_its_id_and_prefix_never_by_itself(world: World) -> None:
    before = await trail(world)

    generated = await world.sam.ask(
        "mutation { generateApiKey(provider: GOODTIME, graceHours: 3) { secret apiKey { id prefix } } }"
    )
    key, secret = generated["generateApiKey"]["apiKey"], generated["generateApiKey"]["secret"]
    for _ in range(2):
        await world.sam.ask("mutation ($id: ID!) { revokeApiKey(id: $id) { errors { code } } }", id=key["id"])

    events = (await trail(world))[len(before) :]
    assert acts_and_subjects(events) == [("API_KEY_GENERATED", key["id"]), ("API_KEY_REVOKED", key["id"])]
    assert [details(event) for event in events] == [
        {"prefix": key["prefix"], "grace": "3 h"},
        {"prefix": key["prefix"]},
    ]
    assert secret not in json.dumps(events)


async def test_a_users_cancel_and_restore_are_kept_and_the_repeated_cancel_is_not(world: World) -> None:
    panel = (await world.goodtime.push(**world.a_panel()))["panel"]["id"]
    before = await trail(world)

    await world.rita.cancel(id=panel, reason="Carla asked for it")
    await world.rita.cancel(id=panel)
    await world.ada.restore(id=panel)

    events = (await trail(world))[len(before) :]
    assert acts_and_subjects(events) == [("PANEL_CANCELED", panel), ("PANEL_RESTORED", panel)]
    assert [event["actor"]["id"] for event in events] == [world.rita.id, world.ada.id]
    assert [details(event) for event in events] == [{"origin": "ATS"}] * 2
    assert events[0]["target"] == {"id": panel, "__typename": "InterviewPanel"}


async def test_what_the_scheduler_cancels_and_brings_back_is_kept_with_its_key(world: World) -> None:
    pushed = await world.goodtime.push(**world.a_panel(sequence=1))
    panel, before = pushed["panel"]["id"], await trail(world)

    await world.goodtime.cancel(externalId="panel", sequence=2)
    await world.goodtime.cancel(externalId="panel", sequence=3)
    await world.goodtime.push(**world.a_panel(sequence=4))

    events = (await trail(world))[len(before) :]
    assert acts_and_subjects(events) == [("PANEL_CANCELED", panel), ("PANEL_RESTORED", panel)]
    [key] = (await world.sam.ask("{ integration(provider: GOODTIME) { apiKeys { id prefix } } }"))["integration"][
        "apiKeys"
    ]
    assert [event["apiKey"] for event in events] == [key] * 2
    assert {event["actor"]["__typename"] for event in events} == {"Integration"}
    assert details(events[0]) == {"origin": "SCHEDULER"}


async def test_a_cancel_ahead_of_its_panel_is_kept_when_it_is_made(world: World) -> None:
    before = await trail(world)

    await world.goodtime.cancel(externalId="panel", sequence=5)
    [event] = await since(world, before)
    pushed = await world.goodtime.push(**world.a_panel(sequence=4))

    assert event["act"] == "PANEL_CANCELED"
    assert event["target"] is None, "nobody sees a tombstone"
    assert acts_and_subjects(await since(world, before)) == [("PANEL_CANCELED", pushed["panel"]["id"])]


async def test_interviews_cancelled_one_by_one_are_kept_and_with_the_last_one_the_panel(world: World) -> None:
    interviews = [world.an_interview("one"), world.an_interview("two", "noor")]
    pushed = (await world.goodtime.push(**world.a_panel("panel", *interviews)))["panel"]
    panel, (one, two) = pushed["id"], (interview["id"] for interview in pushed["interviews"])

    before = await trail(world)
    await world.rita.cancel_one(id=one)
    assert acts_and_subjects(await since(world, before)) == [("INTERVIEW_CANCELED", one)]

    before = await trail(world)
    await world.goodtime.cancel_one(panelExternalId="panel", externalId="two")
    assert acts_and_subjects(await since(world, before)) == [("INTERVIEW_CANCELED", two), ("PANEL_CANCELED", panel)]
    assert details((await since(world, before))[0]) == {"panel": panel}


async def test_an_interview_left_out_of_a_push_and_pushed_again_is_kept(world: World) -> None:
    both = [world.an_interview("one"), world.an_interview("two", "noor")]
    pushed = (await world.goodtime.push(**world.a_panel("panel", *both)))["panel"]
    two, before = pushed["interviews"][1]["id"], await trail(world)

    await world.goodtime.push(**world.a_panel("panel", both[0]))
    await world.goodtime.push(**world.a_panel("panel", *both))

    assert acts_and_subjects(await since(world, before)) == [("INTERVIEW_CANCELED", two), ("INTERVIEW_RESTORED", two)]


async def test_who_is_let_in_promoted_renamed_or_locked_out_is_kept(world: World) -> None:
    mona = {"externalId": "mona", "email": world.email("mona"), "name": "Mona", "role": "INTERVIEWER"}
    before = await trail(world)
    [added] = (await sync(world.ada, mona))["users"]
    await sync(world.ada, mona | {"name": "Mona the Second"})
    await sync(world.ada, mona | {"role": "ADMIN"})
    await sync(world.ada, mona | {"role": "ADMIN", "email": world.email("monica")})
    await sync(world.ada, mona | {"role": "ADMIN", "email": world.email("monica"), "deactivated": True})
    await sync(world.ada, mona | {"role": "ADMIN", "email": world.email("monica")})

    events = (await trail(world))[len(before) :]
    acts = ["USER_ADDED", "ROLE_CHANGED", "EMAIL_CHANGED", "USER_DEACTIVATED", "USER_REACTIVATED"]
    assert acts_and_subjects(events) == [(act, added["id"]) for act in acts]
    assert {event["actor"]["id"] for event in events} == {world.ada.id}
    assert [details(event) for event in events[:2]] == [
        {"role": "INTERVIEWER"},
        {"role": "ADMIN", "was": "INTERVIEWER"},
    ]


async def test_what_is_refused_leaves_no_trace(world: World) -> None:
    panel = (await world.goodtime.push(**world.a_panel()))["panel"]["id"]
    before = await trail(world)

    assert (await world.rita.cancel(id=panel, expectedVersion=99))["errors"]
    assert (await world.goodtime.cancel(externalId="unknown"))["errors"]
    assert (await sync(world.sam, {"email": "no email", "name": "No", "role": "ADMIN"}))["errors"]
    demoted = {"email": world.email("sam"), "name": "Sam", "role": "INTERVIEWER"}
    assert (await sync(world.sam, demoted))["errors"]
    assert await world.ada.error_code("mutation { generateApiKey(provider: GOODTIME) { secret } }") == "FORBIDDEN"

    assert await since(world, before) == []


async def test_an_act_and_its_trace_are_written_together_or_not_at_all(world: World) -> None:
    sam = await models.User.get(id=world.sam.id)

    async def act(commit: UnitOfWork) -> None:
        await models.User.filter(id=sam.id).update(role=models.Role.INTERVIEWER)
        commit.audit(AuditAct.ROLE_CHANGED, sam.id)
        await commit.write()
        raise ArithmeticError

    before = await trail(world)
    with pytest.raises(ArithmeticError):
        await units.commit(Viewer(account=world.account, user=sam), act)

    assert await trail(world) == before


async def test_the_newest_come_first_by_pages_without_gap_or_repetition(world: World) -> None:
    for on in (False, True, False, True, False):
        await switch(world.sam, on)
    edges = (await world.sam.ask(EVENTS, first=100))["auditEvents"]["edges"]

    seen, after = [], None
    while True:
        page = (await world.sam.ask(EVENTS, first=2, after=after))["auditEvents"]
        seen += page["edges"]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]

    assert seen == edges
    assert len(seen) >= 5
    instants = [edge["node"]["at"] for edge in edges]
    assert instants == sorted(instants, reverse=True)


async def test_a_super_admin_asks_for_some_acts_or_for_one_actor(world: World) -> None:
    panel = (await world.goodtime.push(**world.a_panel()))["panel"]["id"]
    await world.rita.cancel(id=panel)
    await world.ada.restore(id=panel)

    assert acts_and_subjects(await trail(world, acts=["PANEL_CANCELED", "PANEL_RESTORED"])) == [
        ("PANEL_CANCELED", panel),
        ("PANEL_RESTORED", panel),
    ]
    assert acts_and_subjects(await trail(world, actorId=world.rita.id)) == [("PANEL_CANCELED", panel)]
    assert await trail(world, actorId=world.rita.id, acts=["PANEL_RESTORED"]) == []
    assert await trail(world, acts=[]) == []


@pytest.mark.parametrize("name", ["ada", "rita", "leo", "ivo", "goodtime"])
async def test_nobody_but_a_super_admin_reads_it_by_list_or_by_id(name: str, world: World) -> None:
    event = (await trail(world))[0]["id"]
    document = "query ($id: ID!) { node(id: $id) { __typename id } }"
    person: Person = getattr(world, name)

    assert await person.error_code(EVENTS) == "FORBIDDEN"
    assert (await person.ask(document, id=event))["node"] is None
    assert (await world.sam.ask(document, id=event))["node"] == {"__typename": "AuditEvent", "id": event}


async def test_the_rows_hold_ids_and_nothing_that_tells_of_a_person(world: World) -> None:
    panel = (await world.goodtime.push(**world.a_panel(note="About Carla")))["panel"]["id"]
    await world.rita.cancel(id=panel, reason="Carla is ill")
    await sync(world.sam, {"email": world.email("mona"), "name": "Mona Lisa", "role": "ADMIN"})

    rows = await AuditEvent.filter(account_id=world.account.id).values()

    text = json.dumps(rows, default=str)
    assert rows
    assert not [
        word
        for word in ("@", "Carla", "Mona", "ill", "Sam", "Rita", "cb_live_")
        if word in text.replace(*(await _prefix(world)))
    ]


async def _prefix(world: World) -> tuple[str, str]:
    """The public beginning of the key, which may be kept, and what to put in its place."""
    [key] = await models.ApiKey.filter(account_id=world.account.id)
    return (key.public_prefix, "<prefix>")


async def test_no_act_changes_or_removes_a_row(world: World) -> None:
    with statements() as sent:
        panel = (await world.goodtime.push(**world.a_panel(sequence=1)))["panel"]["id"]
        await world.rita.cancel(id=panel)
        await world.rita.restore(id=panel)
        await world.goodtime.cancel(externalId="panel", sequence=2)
        await switch(world.sam, False)
        await sync(world.sam, {"email": world.email("ivo"), "name": "Ivo", "role": "ADMIN"})
        await trail(world)

    touching = re.compile('(INSERT INTO|UPDATE|DELETE FROM|FROM|JOIN|INTO|TABLE) "audit_event"')
    assert {what for statement in sent for what in touching.findall(statement)} == {"INSERT INTO", "FROM"}


async def test_a_page_takes_as_many_statements_whatever_its_length(world: World) -> None:
    panel = (await world.goodtime.push(**world.a_panel()))["panel"]["id"]
    await world.rita.cancel(id=panel)
    with statements() as few:
        await world.sam.ask(EVENTS, first=100)
    for _ in range(5):
        await world.rita.restore(id=panel)
        await world.rita.cancel(id=panel)

    with statements() as many:
        await world.sam.ask(EVENTS, first=100)

    assert len(many) == len(few)
