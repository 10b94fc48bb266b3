"""Merged candidates: what moves to the one that is kept, and what a push that names the duplicate comes to."""

from typing import Any

import pytest

import models
from tests.people import codes_and_paths
from tests.syncs import faults
from tests.world import World

SHOWN = "id externalId archivedAt mergedInto { externalId }"


def row(external_id: str, **fields: Any) -> dict[str, Any]:
    return {"externalId": external_id, "name": external_id.title(), "stage": "On-site"} | fields


async def merge(world: World, *pairs: tuple[str, str], **fields: Any) -> dict[str, Any]:
    """Sync the first of each pair as merged into the second."""
    return await world.sam.sync("candidates", [row(a, mergedIntoExternalId=b, **fields) for a, b in pairs], SHOWN)


async def panels_of(world: World, external_id: str) -> list[str]:
    document = """query ($id: String) { candidate(externalId: $id) {
      interviewPanels(includeCanceled: true) { edges { node { externalId } } } } }"""
    candidate = (await world.rita.ask(document, id=external_id))["candidate"]
    return [edge["node"]["externalId"] for edge in candidate["interviewPanels"]["edges"]]


async def test_panels_forms_answers_history_and_followers_move_to_the_one_who_is_kept(world: World) -> None:
    interview = world.an_interview("one", "ivo", "noor", feedbackTemplateId=world.templates["values"])
    pushed = await world.goodtime.push(**world.a_panel("p", interview, sequence=1))
    forms = [seat["feedbackForm"]["id"] for seat in pushed["panel"]["interviews"][0]["interviewers"]]
    await world.ivo.fill(forms[0])
    cursor = await world.rita.account_head()

    merged = await merge(world, ("carla", "lea"), followerEmails=[world.email("rita"), world.email("ada")])

    assert faults(merged) == []
    [duplicate] = merged["candidates"]
    assert duplicate["mergedInto"] == {"externalId": "lea"}
    assert duplicate["archivedAt"]
    assert (await panels_of(world, "carla"), await panels_of(world, "lea")) == ([], ["p"])
    history = await world.rita.changes(candidateId=world.candidates["lea"])
    assert [change["kind"] for change in history] == ["CREATED", "FEEDBACK_SUBMITTED", "UPDATED"]
    assert [change["kind"] for change in await world.rita.changes(after=cursor)] == ["UPDATED"]
    form = await world.sam.form(forms[0])
    assert form is not None
    assert form["answers"]
    await world.noor.fill(forms[1])
    followers = await models.Follower.filter(candidate_id=world.candidates["lea"]).values_list("user_id", flat=True)
    assert sorted(followers) == sorted([world.ada.id, world.rita.id])


async def test_whoever_saw_only_the_kept_one_sees_the_panels_too(world: World) -> None:
    await world.goodtime.push(**world.a_panel("p", world.an_interview("one", "noor")))
    before = await world.leo.panel(externalId="p")

    await merge(world, ("carla", "lea"))

    assert before is None
    assert await world.leo.panel(externalId="p")


@pytest.mark.parametrize("named", ["candidateId", "candidateExternalId"])
async def test_a_push_that_names_the_duplicate_lands_on_the_one_who_is_kept_with_a_warning(
    named: str, world: World
) -> None:
    old = {"candidateId": world.candidates["carla"], "candidateExternalId": "carla"}[named]
    await world.goodtime.push(**world.a_panel("known", **{named: old}))
    await merge(world, ("carla", "lea"))

    known = await world.goodtime.push(**world.a_panel("known", **{named: old}, note="new"))
    new = await world.goodtime.push(**world.a_panel("new", **{named: old}))
    both = {"candidateId": world.candidates["carla"], "candidateExternalId": "lea"}
    agreeing = await world.goodtime.push(**world.a_panel("known", **both, note="newer"))
    plain = await world.goodtime.push(**world.a_panel("known", candidateExternalId="lea", note="newest"))

    for pushed in (known, new):
        assert pushed["errors"] == []
        assert ("CANDIDATE_MERGED", f"input.{named}") in codes_and_paths(pushed["warnings"])
        assert pushed["panel"]["candidate"] == {"externalId": "lea"}
    assert (agreeing["errors"], plain["errors"]) == ([], [])
    assert "CANDIDATE_MERGED" not in [warning["code"] for warning in plain["warnings"]]


@pytest.mark.parametrize("pairs", [[("carla", "lea"), ("lea", "anna")], [("lea", "anna"), ("carla", "lea")]])
@pytest.mark.parametrize("at_once", [True, False])
async def test_mergers_in_a_row_end_at_the_last_one_in_any_order(
    pairs: list[tuple[str, str]], at_once: bool, world: World
) -> None:
    await world.goodtime.push(**world.a_panel("carlas"))
    await world.goodtime.push(**world.a_panel("leas", world.an_interview("one", "noor"), candidateExternalId="lea"))

    for some in [pairs] if at_once else [[pair] for pair in pairs]:
        assert faults(await merge(world, *some)) == []
    again = await merge(world, *pairs)

    assert [each["mergedInto"] for each in again["candidates"]] == [{"externalId": "anna"}] * 2
    assert sorted(await panels_of(world, "anna")) == ["carlas", "leas"]


async def test_a_merger_is_for_good(world: World) -> None:
    await merge(world, ("carla", "lea"))

    synced = await world.sam.sync("candidates", [row("carla", archived=False)], SHOWN)

    assert synced["candidates"][0]["mergedInto"] == {"externalId": "lea"}
    assert synced["candidates"][0]["archivedAt"]


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ([("carla", "carla")], [("INVALID", "candidates.0.mergedIntoExternalId")]),
        ([("carla", "nobody")], [("NOT_FOUND", "candidates.0.mergedIntoExternalId")]),
        (
            [("carla", "lea"), ("lea", "carla")],
            [("INVALID", f"candidates.{place}.mergedIntoExternalId") for place in (0, 1)],
        ),
    ],
)
async def test_a_merger_that_leads_nowhere_is_refused(
    pairs: list[tuple[str, str]], expected: list[tuple[str, str]], world: World
) -> None:
    assert faults(await merge(world, *pairs)) == expected
    assert await models.Candidate.filter(account_id=world.account.id, merged_into_id__isnull=False).count() == 0


async def test_a_merger_into_a_merged_one_that_leads_back_is_a_circle(world: World) -> None:
    await merge(world, ("carla", "lea"))

    refused = await merge(world, ("lea", "carla"))

    assert faults(refused) == [("INVALID", "candidates.0.mergedIntoExternalId")]


async def test_a_merger_is_audited_with_both_and_again_is_none(world: World) -> None:
    for _ in range(2):
        await merge(world, ("carla", "lea"))

    events = await models.AuditEvent.filter(account_id=world.account.id, act=models.AuditAct.CANDIDATE_MERGED)
    assert [(event.target_id, event.details) for event in events] == [
        (world.candidates["carla"], {"into": world.candidates["lea"]})
    ]


async def test_whoever_sees_a_duplicate_learns_of_the_one_who_is_kept_only_if_they_see_them(world: World) -> None:
    await merge(world, ("lea", "carla"), ownerEmail=world.email("leo"))

    document = '{ candidate(externalId: "lea") { name mergedInto { externalId } } }'
    seen = [(await person.ask(document))["candidate"] for person in (world.leo, world.rita)]

    assert seen == [
        {"name": "Lea", "mergedInto": None},
        {"name": "Lea", "mergedInto": {"externalId": "carla"}},
    ]


@pytest.mark.parametrize("named", ["lea", "carla", "anna"])
async def test_the_email_of_any_of_them_says_who_all_of_them_are_whenever_it_comes(named: str, world: World) -> None:
    await world.goodtime.push(**world.a_panel("p"))
    await merge(world, ("carla", "lea"), ("anna", "lea"))
    shown = 'query ($id: String) { candidate(externalId: $id) { name } interviewPanel(externalId: "p") { id } }'
    seen = []
    for emails in ([world.email("ada")], []):
        await world.sam.sync("candidates", [row(named, emails=emails)])
        seen += [await world.ada.ask(shown, id=name) for name in ("lea", "carla", "anna")]
        erased = (
            await world.ada.ask(
                "mutation ($id: ID!) { eraseCandidate(id: $id) { errors { code } } }", id=world.candidates["carla"]
            )
        )["eraseCandidate"]
        seen.append(erased)

    nothing = {"candidate": None, "interviewPanel": None}
    assert seen[:4] == [nothing, nothing, nothing, {"errors": [{"code": "NOT_FOUND"}]}]
    assert all(each["candidate"] and each["interviewPanel"] for each in seen[4:7])
    assert seen[7] == {"errors": []}


async def test_the_emails_of_a_duplicate_still_say_who_the_candidate_is(world: World) -> None:
    await world.goodtime.push(**world.a_panel("p"))

    await merge(world, ("carla", "lea"), emails=[world.email("rita")])
    await world.sam.sync("candidates", [row("lea", emails=["lea@mail.example"])])

    assert await world.rita.panel(externalId="p") is None
    assert await world.ada.panel(externalId="p")
