"""Names of users, stages, postings and templates are followed: whoever sees them is told of another one."""

import contextlib

import pytest

import models
from tests.topics import CARLA, FOLLOW, HEAD, paged, received, types
from tests.world import World

ROWS = {
    "users": {"externalId": "user-noor", "name": "Noor Haddad", "role": "INTERVIEWER"},
    "stages": {"name": "On-site", "position": 7, "hasInterview": True},
    "postings": {"externalId": "backend", "title": "Backend, Lisbon"},
    "feedbackTemplates": {
        "externalId": "values",
        "name": "What we value",
        "fields": [{"type": "SCORE", "label": "Overall", "required": True}],
    },
}
CHANGED = {
    "users": "USER_CHANGED",
    "stages": "STAGE_CHANGED",
    "postings": "POSTING_CHANGED",
    "feedbackTemplates": "TEMPLATE_CHANGED",
}
DIRECTORY = {"topics": ["DIRECTORY"]}


@pytest.mark.parametrize("what", ROWS)
async def test_what_changes_of_the_directory_is_told_to_all_who_see_it(what: str, world: World) -> None:
    row = ROWS[what] | ({"email": world.email("noor")} if what == "users" else {})
    asked = {"feedbackTemplateId": world.templates["values"]}
    await world.goodtime.push(**world.a_panel("p", world.an_interview("one", "ivo", "noor", **asked)))
    await world.sam.sync("users", [{"email": world.email("new"), "name": "New", "role": "INTERVIEWER"}])
    new = await models.User.get(account_id=world.account.id, email=world.email("new"))
    head = (await world.sam.ask(HEAD))["changeCursor"]
    team = [world.sam, world.ada, world.rita, world.leo, world.goodtime]
    async with contextlib.AsyncExitStack() as stack:
        knowing = [await stack.enter_async_context(each.following(FOLLOW, **DIRECTORY)) for each in (*team, world.ivo)]
        stranger = await stack.enter_async_context(world.person(new).following(FOLLOW))
        for _ in range(2):
            assert (await world.sam.sync(what, [row]))["errors"] == []
        live = [await each.next() for each in knowing]
        await knowing[-1].expect_nothing()
        await stranger.expect_nothing()

    assert types(live) == [CHANGED[what]] * 6
    for person in (*team, world.ivo):
        assert await paged(person, after=head, **DIRECTORY) == live[:1]
    assert await paged(world.person(new), after=head) == []


async def test_an_interviewer_is_told_of_themselves_and_of_the_owners_and_followers_of_their_candidates(
    world: World,
) -> None:
    carla = CARLA | {"ownerEmail": world.email("rita"), "followerEmails": [world.email("ada")]}
    await world.sam.sync("candidates", [carla])
    await world.goodtime.push(**world.a_panel("p", world.an_interview("one", "ivo")))
    roles = {"rita": "TEAM_MEMBER", "ada": "ADMIN", "ivo": "INTERVIEWER", "noor": "INTERVIEWER"}
    rows = [
        {"externalId": f"user-{name}", "email": world.email(name), "name": f"{name} anew", "role": role}
        for name, role in (roles | {"leo": "LIMITED_TEAM_MEMBER"}).items()
    ]
    async with world.ivo.following(FOLLOW) as ivo:
        assert (await world.sam.sync("users", rows))["errors"] == []
        live = await received(ivo, 3)

    assert [each["node"]["name"] for each in live] == ["rita anew", "ada anew", "ivo anew"]
