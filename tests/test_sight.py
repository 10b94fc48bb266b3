"""What comes into a viewer's view by somebody's act, or leaves it, is told to them and to nobody else."""

from typing import Any

import pytest

import models
from tests.sql_log import statements
from tests.topics import CARLA, FOLLOW, HEAD, PAGE, gone, ids_of, paged, received, types
from tests.world import World


async def test_an_interviewer_who_is_taken_off_a_panel_learns_that_and_nothing_else(world: World) -> None:
    asked = {"feedbackTemplateId": world.templates["values"]}
    await world.goodtime.push(**world.a_panel("p", world.an_interview("one", "ivo", "noor", **asked)))
    panel, [interview], [ivos, noors] = await ids_of(world, "p")
    head = (await world.ivo.ask(HEAD))["changeCursor"]
    async with world.ivo.following(FOLLOW) as ivo, world.leo.following(FOLLOW) as leo:
        await world.goodtime.push(**world.a_panel("p", world.an_interview("one", "noor", **asked)))
        await world.goodtime.push(**world.a_panel("p", world.an_interview("one", "noor", **asked), note="later"))
        live = await received(ivo, 5)
        await leo.expect_nothing()

    # One's own form stays, voided.
    assert types(live) == ["FORM_VOIDED", *["NO_LONGER_VISIBLE"] * 4]
    assert live[0]["form"] == {"id": ivos, "status": "VOIDED"}
    assert gone(live) == [panel, interview, noors, world.candidates["carla"]]
    assert await paged(world.ivo, after=head) == live


async def test_an_interviewer_of_two_interviews_learns_which_one_is_no_longer_theirs(world: World) -> None:
    await world.goodtime.push(**world.a_panel("p", world.an_interview("a", "ivo"), world.an_interview("b", "ivo")))
    _, [_, second], _ = await ids_of(world, "p")
    async with world.ivo.following(FOLLOW) as ivo:
        await world.goodtime.push(**world.a_panel("p", world.an_interview("a", "ivo"), world.an_interview("b", "noor")))
        live = await received(ivo, 2)

    assert types(live) == ["PANEL_UPDATED", "NO_LONGER_VISIBLE"]
    assert gone(live) == [second]


async def test_an_interviewer_follows_a_candidate_as_long_as_they_sit_on_any_panel_of_theirs(world: World) -> None:
    async with world.ivo.following(FOLLOW) as ivo, world.noor.following(FOLLOW) as noor:
        for panel in ("p", "q"):
            await world.goodtime.push(**world.a_panel(panel, world.an_interview("one", "ivo")))
        await world.sam.sync("candidates", [CARLA | {"name": "Carla"}])
        seen = [await ivo.next() for _ in range(3)]
        for panel in ("p", "q"):
            await world.goodtime.push(**world.a_panel(panel, world.an_interview("one", "rita")))
        await world.sam.sync("candidates", [CARLA | {"name": "Carlotta"}])
        left = await received(ivo, 5)
        await noor.expect_nothing()

    assert types(seen) == ["PANEL_CREATED", "PANEL_CREATED", "CANDIDATE_UPDATED"]
    assert seen[2]["candidate"] == {"id": world.candidates["carla"], "name": "Carla"}
    assert types(left) == ["NO_LONGER_VISIBLE"] * 5
    assert gone(left).index(world.candidates["carla"]) == 4, "with the last of the two panels"


async def test_to_an_interviewer_a_duplicate_is_gone_once_it_is_merged(world: World) -> None:
    await world.sam.sync("candidates", [CARLA | {"externalId": "twin"}])
    await world.goodtime.push(**world.a_panel("p", world.an_interview("one", "ivo"), candidateExternalId="twin"))
    twin = await models.Candidate.get(account_id=world.account.id, external_id="twin")
    async with world.ivo.following(FOLLOW, topics=["INTERVIEW_PANELS", "CANDIDATES"]) as ivo:
        await world.sam.sync("candidates", [CARLA | {"externalId": "twin", "mergedIntoExternalId": "carla"}])
        live = await received(ivo, 3)

    assert sorted(types(live)) == ["CANDIDATE_UPDATED", "NO_LONGER_VISIBLE", "PANEL_UPDATED"]
    assert gone(live) == [twin.id]


async def test_to_whoever_gets_a_seat_the_panel_was_just_made(world: World) -> None:
    asked = {"feedbackTemplateId": world.templates["values"]}
    await world.goodtime.push(**world.a_panel("p", world.an_interview("one", "noor", **asked)))
    async with world.ivo.following(FOLLOW) as ivo, world.noor.following(FOLLOW) as noor:
        await world.goodtime.push(**world.a_panel("p", world.an_interview("one", "noor", "ivo", **asked)))
        ivos, noors = await received(ivo, 3), await received(noor, 2)

    assert types(ivos) == ["PANEL_CREATED", "FORM_CREATED", "FORM_CREATED"]
    assert ivos[0]["kind"] == "UPDATED"
    assert types(noors) == ["PANEL_UPDATED", "FORM_CREATED"]
    assert {each["form"]["id"] for each in ivos[1:]} == set((await ids_of(world, "p"))[2])


LEO_COMES = [
    {"ownerEmail": "leo"},
    {"followerEmails": ["leo"]},
    {"postingExternalId": "leo's"},
]


def of_leo(world: World, tie: dict[str, Any]) -> dict[str, Any]:
    """The tie as it is synced."""
    named = {"leo": world.email("leo")}
    return {
        name: [named[each] for each in value] if isinstance(value, list) else named.get(value, value)
        for name, value in tie.items()
    }


@pytest.mark.parametrize("tie", LEO_COMES)
async def test_a_candidate_comes_into_view_with_all_there_is_of_them_and_leaves_it_so(
    tie: dict[str, Any], world: World
) -> None:
    posting = {"externalId": "leo's", "title": "Leo's", "hiringManagerEmail": world.email("leo")}
    await world.sam.sync("postings", [posting])
    asked = {"feedbackTemplateId": world.templates["values"]}
    await world.goodtime.push(**world.a_panel("p", world.an_interview("one", "ivo", **asked)))
    panel, [interview], [form] = await ids_of(world, "p")
    carla, head = world.candidates["carla"], (await world.leo.ask(HEAD))["changeCursor"]
    async with world.leo.following(FOLLOW) as leo, world.noor.following(FOLLOW) as noor:
        await world.sam.sync("candidates", [CARLA | of_leo(world, tie)])
        come = await received(leo, 3)
        await world.sam.sync("candidates", [CARLA])
        left = await received(leo, 4)
        await noor.expect_nothing()

    assert sorted(types(come)) == ["CANDIDATE_CREATED", "FORM_CREATED", "PANEL_CREATED"]
    assert gone(left) == [carla, panel, interview, form]
    assert await paged(world.leo, after=head) == left
    assert types(await paged(world.rita, after=head)) == ["CANDIDATE_UPDATED"] * 2


async def test_another_hiring_manager_gets_the_candidates_and_the_former_one_loses_them(world: World) -> None:
    posting = {"externalId": "backend", "title": "Backend Engineer"}
    async with world.leo.following(FOLLOW, topics=["CANDIDATES"]) as leo:
        await world.sam.sync("postings", [posting | {"hiringManagerEmail": world.email("leo")}])
        come = await received(leo, 1)
        await world.sam.sync("postings", [posting | {"hiringManagerEmail": world.email("rita")}])
        left = await received(leo, 1)

    assert types([*come, *left]) == ["CANDIDATE_CREATED", "NO_LONGER_VISIBLE"]
    assert gone(left) == [world.candidates["carla"]]


async def test_a_seat_ties_a_limited_team_member_to_the_candidate_and_its_end_parts_them(world: World) -> None:
    await world.goodtime.push(**world.a_panel("before"))
    async with world.leo.following(FOLLOW) as leo:
        await world.goodtime.push(**world.a_panel("p", world.an_interview("one", "leo")))
        come = await received(leo, 3)
        await world.goodtime.push(**world.a_panel("p", world.an_interview("one", "ivo")))
        left = await received(leo, 5)

    assert types(come) == ["CANDIDATE_CREATED", "PANEL_CREATED", "PANEL_CREATED"]
    assert set(gone(left)) >= {
        world.candidates["carla"],
        (await ids_of(world, "p"))[0],
        (await ids_of(world, "before"))[0],
    }


async def test_whoever_has_another_tie_loses_nothing_and_gets_nothing_anew(world: World) -> None:
    lea = {"externalId": "lea", "name": "Lea Fontaine", "stage": "On-site"}
    followed = {"followerEmails": [world.email("leo"), world.email("ada")]}
    async with world.leo.following(FOLLOW) as leo:
        await world.sam.sync("candidates", [lea | followed | {"ownerEmail": world.email("leo")}])
        await world.sam.sync("candidates", [lea | followed])
        assert types(await received(leo, 2)) == ["CANDIDATE_UPDATED"] * 2


@pytest.mark.parametrize("role", ["INTERVIEWER", "LIMITED_TEAM_MEMBER"])
async def test_whoever_comes_to_see_another_part_of_the_account_loads_afresh(role: str, world: World) -> None:
    head = (await world.rita.ask(HEAD))["changeCursor"]
    row = {"externalId": "user-rita", "email": world.email("rita"), "name": "Rita", "role": role}
    async with world.rita.following(FOLLOW) as rita, world.rita.following() as panels:
        await world.sam.sync("users", [row])
        assert (await rita.error(within=3))["code"] == "CURSOR_EXPIRED"
        await panels.expect_nothing(1.2)

    assert await world.rita.error_code(PAGE, after=head) == "CURSOR_EXPIRED"
    fresh = (await world.rita.ask(HEAD))["changeCursor"]
    assert await paged(world.rita, after=fresh) == []


@pytest.mark.parametrize("interviewer", ["leo", "ivo"])
async def test_a_push_by_which_somebody_comes_or_goes_takes_few_statements_more_than_another(
    interviewer: str, world: World
) -> None:
    async def counted(name: str, *interviewers: str) -> int:
        with statements() as sent:
            await world.goodtime.push(**world.a_panel(name, world.an_interview("one", *interviewers)))
        return len(sent)

    for number in range(3):
        await world.goodtime.push(**world.a_panel(f"other {number}", world.an_interview("one", "ada")))
    new, again = await counted("p", "rita"), await counted("p", "ada")
    comes, goes = await counted("p", "ada", interviewer), await counted("p", "ada")

    assert comes <= again + 7, (new, again, comes, goes)
    assert goes <= again + 7, (new, again, comes, goes)
