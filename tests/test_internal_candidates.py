"""The internal candidate: a user who is a candidate too sees nothing of what is about themselves, in any role."""

import json
from typing import Any

import pytest
from tortoise.fields.relational import ForeignKeyFieldInstance

import models
from resolvers.access import _ABOUT_CANDIDATES, _FILTERS
from tests.people import Person, codes_and_paths
from tests.syncs import faults
from tests.test_directory import a_user
from tests.world import World, in_hours

PEOPLE = ("sam", "ada", "rita", "leo", "ivo")
EVERYTHING = """query ($id: ID!, $panel: ID!, $interview: ID!, $form: ID!) {
  candidate(id: $id) { name } byName: candidate(externalId: "self") { name }
  nodes: node(id: $id) { id } a: node(id: $panel) { id } b: node(id: $interview) { id } c: node(id: $form) { id }
  interviewPanel(externalId: "self") { id } feedbackForm(id: $form) { id }
  candidates(first: 100) { totalCount edges { node { id } } }
  interviewPanels(first: 100, filter: {includeCanceled: true}) { edges { node { id } } }
  interviews(first: 100, filter: {includeCanceled: true}) { edges { node { id panel { id } } } }
  interviewPanelChanges { edges { node { panel { id } } } }
  changed: interviewPanelChanges(candidateId: $id) { edges { node { panel { id } } } } }"""


async def become_candidate(world: World, name: str, *emails: str) -> str:
    """Let the person be the candidate `self`, in whose scope they would be in any role; returns the candidate's id."""
    row = {"externalId": "self", "name": "Of oneself", "stage": "On-site", "followerEmails": [world.email(name)]}
    row["emails"] = list(emails) or ["private@mail.example", world.email(name).upper()]
    synced = await (world.sam if name != "sam" else world.ada).sync("candidates", [row])
    assert not synced["errors"]
    return str(synced["candidates"][0]["id"])


async def about(world: World, name: str) -> tuple[dict[str, str], dict[str, Any]]:
    """A panel about the person, who is put on it beside Noor: the ids of all that is about them, and the push."""
    candidate = await become_candidate(world, name)
    template = world.templates["values"]
    interview = world.an_interview("one", "noor", name, feedbackTemplateId=template)
    pushed = await world.goodtime.push(**world.a_panel("self", interview, candidateId=candidate))
    [stored] = pushed["panel"]["interviews"]
    form = stored["interviewers"][0]["feedbackForm"]["id"]
    return {"id": candidate, "panel": pushed["panel"]["id"], "interview": stored["id"], "form": form}, pushed


def ids_in(answer: dict[str, Any], ids: dict[str, str]) -> set[str]:
    text = json.dumps(answer)
    return {name for name, id in ids.items() if id in text}


@pytest.mark.parametrize("name", PEOPLE)
async def test_nobody_sees_what_is_about_themselves_and_others_do(name: str, world: World) -> None:
    ids, _ = await about(world, name)
    person = getattr(world, name)
    colleague = world.ada if name == "sam" else world.sam
    await colleague.cancel(id=ids["panel"])
    await colleague.restore(id=ids["panel"])

    own = await person.ask(EVERYTHING, **ids)
    others = await colleague.ask(EVERYTHING, **ids)

    assert ids_in(own, ids) == set()
    assert {
        each for each in ("candidate", "byName", "a", "b", "c", "interviewPanel", "feedbackForm") if own[each]
    } == set()
    assert ids_in(others, ids) == set(ids)
    if name == "sam":
        trail = await person.ask("{ auditEvents(first: 100) { edges { node { targetId } } } }")
        assert ids_in(trail, ids) == set()
        assert trail["auditEvents"]["edges"]


@pytest.mark.parametrize("name", PEOPLE)
async def test_nobody_schedules_cancels_restores_or_syncs_themselves(name: str, world: World) -> None:
    ids, _ = await about(world, name)
    person: Person = getattr(world, name)
    may = name != "ivo"

    for act in (person.cancel, person.restore) if may else ():
        assert codes_and_paths((await act(id=ids["panel"]))["errors"]) == [("NOT_FOUND", "input.id")]
    if may:
        assert codes_and_paths((await person.cancel_one(id=ids["interview"]))["errors"]) == [("NOT_FOUND", "input.id")]
    if name in ("sam", "ada"):
        row = {"externalId": "self", "name": "Better", "stage": "On-site"}
        assert faults(await person.sync("candidates", [row])) == [("INVALID", "candidates.0.externalId")]
    stored = await models.Panel.get(id=ids["panel"])
    assert stored.canceled_at is None


@pytest.mark.parametrize("name", PEOPLE)
async def test_whoever_is_the_candidate_gets_no_form_and_the_scheduler_a_warning(name: str, world: World) -> None:
    _, pushed = await about(world, name)

    [interview] = pushed["panel"]["interviews"]
    noor, self_ = interview["interviewers"]
    assert codes_and_paths(pushed["warnings"]) == [
        ("INTERVIEWER_IS_CANDIDATE", "input.interviews.0.interviewers.1.email")
    ]
    assert noor["feedbackForm"]["status"] == "PENDING"
    assert self_["feedbackForm"] is None


async def test_a_form_that_was_there_before_is_voided_and_stays_void_over_pushes(world: World) -> None:
    interview = world.an_interview("one", "noor", "rita", feedbackTemplateId=world.templates["values"])
    pushed = await world.goodtime.push(**world.a_panel("p", interview, sequence=1))
    form = pushed["panel"]["interviews"][0]["interviewers"][1]["feedbackForm"]["id"]
    row = {"externalId": "carla", "name": "Carla", "stage": "On-site", "emails": [world.email("rita")]}
    await world.sam.sync("candidates", [row])

    again = await world.goodtime.push(**world.a_panel("p", interview, sequence=1))
    after = await world.goodtime.push(**world.a_panel("p", interview, sequence=2))

    assert (again["outcome"], after["errors"]) == ("UNCHANGED", [])
    assert after["panel"]["interviews"][0]["interviewers"][1]["feedbackForm"]["status"] == "VOIDED"
    assert await world.rita.form(form) is None


async def seen_by_goodtime(world: World) -> tuple[str, list[str]]:
    """The status of the panel `p`, and that of Rita's and Noor's forms."""
    panel = await world.goodtime.panel(externalId="p")
    assert panel is not None
    seats = panel["interviews"][0]["interviewers"]
    return panel["status"], [seat["feedbackForm"]["status"] for seat in seats]


async def over_with_rita(world: World, candidate: str = "carla") -> None:
    """A panel that is over, and waits for Rita's feedback; Noor's is in."""
    asked = {"feedbackTemplateId": world.templates["values"], "startsAt": in_hours(-48)}
    interview = world.an_interview("one", "rita", "noor", **asked)
    pushed = await world.goodtime.push(**world.a_panel("p", interview, candidateExternalId=candidate))
    await world.noor.fill(pushed["panel"]["interviews"][0]["interviewers"][1]["feedbackForm"]["id"])


WAITS = ("AWAITING_FEEDBACK", ["PENDING", "COMPLETED"])
WAITS_NO_MORE = ("COMPLETE", ["VOIDED", "COMPLETED"])


async def test_a_panel_stops_waiting_for_whoever_becomes_the_candidate_and_waits_again_after_that(
    world: World,
) -> None:
    await over_with_rita(world)
    row = {"externalId": "carla", "name": "Carla", "stage": "On-site"}
    seen = [await seen_by_goodtime(world)]
    for emails in ([world.email("rita").upper()], [world.email("rita"), "more@mail.example"], []):
        assert not (await world.sam.sync("candidates", [row | {"emails": emails}]))["errors"]
        seen.append(await seen_by_goodtime(world))

    changes = await world.sam.changes()
    assert seen == [WAITS, WAITS_NO_MORE, WAITS_NO_MORE, WAITS]
    assert [change["kind"] for change in changes] == ["CREATED", "FEEDBACK_SUBMITTED", "UPDATED", "UPDATED"]


async def test_so_it_is_where_a_users_email_changes(world: World) -> None:
    await over_with_rita(world)
    seen = []
    for email in ("carla@mail.example", world.email("rita")):
        row = a_user(world, "rita", email=email, role="TEAM_MEMBER")
        assert faults(await world.sam.sync("users", [row])) == []
        seen.append(await seen_by_goodtime(world))

    assert seen == [WAITS_NO_MORE, WAITS]


async def test_the_emails_of_a_duplicate_count_for_seats_too(world: World) -> None:
    await over_with_rita(world)
    duplicate = {"externalId": "other", "name": "Carla", "stage": "On-site", "emails": [world.email("rita")]}

    for _ in range(2):
        await world.sam.sync("candidates", [duplicate | {"mergedIntoExternalId": "carla"}])
    seen = await seen_by_goodtime(world)
    interview = world.an_interview("one", "noor", "rita", feedbackTemplateId=world.templates["values"])
    pushed = await world.goodtime.push(**world.a_panel("q", interview))

    assert seen == WAITS_NO_MORE
    assert codes_and_paths(pushed["warnings"]) == [
        ("INTERVIEWER_IS_CANDIDATE", "input.interviews.0.interviewers.1.email")
    ]
    assert pushed["panel"]["interviews"][0]["interviewers"][1]["feedbackForm"] is None


async def test_so_it_is_of_panels_that_come_to_the_candidate_by_a_merger(world: World) -> None:
    await over_with_rita(world)
    rows = [{"externalId": name, "name": name, "stage": "On-site"} for name in ("kept", "carla")]
    await world.sam.sync("candidates", [rows[0] | {"emails": [world.email("rita")]}])
    before = await seen_by_goodtime(world)

    merged = await world.sam.sync("candidates", [rows[1] | {"mergedIntoExternalId": "kept"}])

    assert (merged["errors"], before, await seen_by_goodtime(world)) == ([], WAITS, WAITS_NO_MORE)


@pytest.mark.parametrize("name", ["rita", "leo", "ivo"])
async def test_a_follower_hears_nothing_of_themselves_and_a_colleague_does(name: str, world: World) -> None:
    ids, _ = await about(world, name)
    tom = {"email": world.email("tom"), "name": "Tom", "role": "TEAM_MEMBER"}
    synced = await world.sam.sync("users", [tom])
    colleague = world.person(await models.User.get(id=synced["users"][0]["id"]))
    interview = world.an_interview("one", "noor", name)

    async with getattr(world, name).following() as own, colleague.following() as others:
        await world.goodtime.push(**world.a_panel("self", interview, candidateId=ids["id"], note="new"))
        await world.goodtime.push(**world.a_panel("other", interview, candidateExternalId="lea"))

        assert [(await others.next())["panel"]["externalId"] for _ in range(2)] == ["self", "other"]
        assert (await own.next())["panel"]["externalId"] == "other"
        await own.expect_nothing()


async def test_an_interviewer_hears_nothing_of_who_else_sits_on_a_panel_about_themselves(world: World) -> None:
    """Neither in the catch-up nor live; and of whom they sit with about somebody else they do."""
    ids, _ = await about(world, "ivo")
    document = "{ changes(first: 100) { edges { node { __typename } } } }"

    async with world.ivo.following("subscription { changes { __typename } }") as following:
        assert faults(await world.sam.sync("users", [a_user(world, "noor", name="Noor II")])) == []
        about_oneself = (await world.ivo.ask(document))["changes"]["edges"]
        await world.goodtime.push(**world.a_panel("other", world.an_interview("one", "noor", "ivo")))
        assert (await following.next())["__typename"] != "DirectoryChange"
    cursor = await world.ivo.account_head()
    assert faults(await world.sam.sync("users", [a_user(world, "noor", name="Noor III")])) == []
    later = (
        await world.ivo.ask(
            "query ($after: String) { changes(after: $after) { edges { node { __typename } } } }", after=cursor
        )
    )["changes"]["edges"]

    assert about_oneself == []
    assert later == [{"node": {"__typename": "DirectoryChange"}}]
    assert ids_in(await world.ivo.ask(document), ids) == set()


async def test_it_is_the_email_as_it_is_now_that_counts(world: World) -> None:
    candidate = await become_candidate(world, "rita", "someone@else.example")
    document = "query ($id: ID!) { candidate(id: $id) { name } }"
    seen = [(await world.rita.ask(document, id=candidate))["candidate"]]

    await become_candidate(world, "rita", f" {world.email('rita').title()} ")
    seen.append((await world.rita.ask(document, id=candidate))["candidate"])
    moved = a_user(world, "rita", email=f"moved@{world.slug}.example", role="TEAM_MEMBER")
    await world.sam.sync("users", [moved])
    rita = world.person(await models.User.get(id=world.rita.id))
    seen.append((await rita.ask(document, id=candidate))["candidate"])

    assert [bool(each) for each in seen] == [True, False, True]


@pytest.mark.once
def test_every_model_that_tells_of_a_candidate_is_known_to_the_scopes() -> None:
    """By a column that names a candidate, a panel or an interview, or by one that names anything at all."""
    about_them = {models.Candidate}
    for _ in range(3):
        about_them |= {model for model in _FILTERS if about_them & set(_named_by(model))}
    naming_anything = {model for model in _FILTERS if {"target_id", "subject_id"} & model._meta.fields_map.keys()}

    # Not every entry of the log is about a candidate: `_about_others` names that model itself.
    assert about_them | naming_anything == _ABOUT_CANDIDATES.keys() | {models.LogEntry}


def _named_by(model: type[models.Row]) -> list[type[models.Row]]:
    relations = (model._meta.fields_map[name] for name in model._meta.fk_fields)
    return [relation.related_model for relation in relations if isinstance(relation, ForeignKeyFieldInstance)]
