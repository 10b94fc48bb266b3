"""What each role sees of what it may see: answers, candidates, interviews, forms, and what gets out of scope."""

import pytest

from tests.access_operations import answers
from tests.access_things import find_things, with_panel
from tests.people import Person
from tests.world import World


@pytest.mark.parametrize(
    ("name", "shown"),
    [("sam", True), ("ada", True), ("rita", False), ("leo", False), ("ivo", False), ("goodtime", False)],
)
async def test_others_answers_are_shown_before_ones_own_are_in_to_admins_alone(
    name: str, shown: bool, world: World
) -> None:
    everybody = ("sam", "ada", "rita", "leo", "ivo", "noor")
    things = await with_panel(world, await find_things(world, "lea", "backend"), "panel", *everybody)
    await world.noor.submit(things.noors_form, answers(things))
    document = "query ($id: ID!) { feedbackForm(id: $id) { status answers { values } } }"

    form = (await getattr(world, name).ask(document, id=things.noors_form))["feedbackForm"]

    assert form["status"] == "COMPLETED"
    assert form["answers"] == ([{"values": ["Hire"]}] if shown else None)


@pytest.mark.parametrize("how", ["owned", "followed", "of their posting", "sat with", "none of these"])
async def test_theirs_are_the_candidates_whom_they_own_or_follow_or_hire_or_sit_with(how: str, world: World) -> None:
    leo = world.email("leo")
    posting = {"externalId": "theirs", "title": "Theirs", "hiringManagerEmail": leo}
    sync = "mutation ($rows: [PostingInput!]!) { syncPostings(postings: $rows) { errors { code } } }"
    await world.sam.ask(sync, rows=[posting])
    fields = {"owned": {"ownerEmail": leo}, "followed": {"followerEmails": [leo]}}
    fields |= {"of their posting": {"postingExternalId": "theirs"}}
    row = {"externalId": "theirs", "name": "Theirs", "stage": "On-site", **fields.get(how, {})}
    sync = "mutation ($rows: [CandidateInput!]!) { syncCandidates(candidates: $rows) { candidates { id } } }"
    [candidate] = (await world.sam.ask(sync, rows=[row]))["syncCandidates"]["candidates"]
    interview = world.an_interview("one", "leo" if how == "sat with" else "noor")
    await world.goodtime.push(**world.a_panel("theirs", interview, candidateId=candidate["id"]))

    shown = await world.leo.ask(
        """query ($id: ID) { candidate(id: $id) { name } interviewPanel(externalId: "theirs") { id }
          interviews(filter: {candidateId: $id}) { edges { cursor } } }""",
        id=candidate["id"],
    )

    seen = [shown["candidate"], shown["interviewPanel"], shown["interviews"]["edges"]]
    assert [bool(each) for each in seen] == [how != "none of these"] * 3


async def test_an_interviewer_sees_of_a_panel_only_the_interviews_on_which_they_sit(world: World) -> None:
    interviews = [world.an_interview("ivos", "ivo"), world.an_interview("noors", "noor")]
    await world.goodtime.push(**world.a_panel("panel", *interviews))

    shown = await world.ivo.ask(
        """{ interviews { edges { node { externalId panel { interviews { externalId }
          candidate { name interviewPanels(includeCanceled: true) { edges { cursor } } } } } } } }"""
    )

    [edge] = shown["interviews"]["edges"]
    assert edge["node"]["externalId"] == "ivos"
    panel = edge["node"]["panel"]
    assert [interview["externalId"] for interview in panel["interviews"]] == ["ivos"]
    assert panel["candidate"] == {"name": "Carla Gómez", "interviewPanels": {"edges": []}}


@pytest.mark.parametrize("name", ["sam", "ada", "rita", "leo", "ivo", "goodtime"])
async def test_nobody_lists_anybody_elses_feedback_forms(world: World, name: str) -> None:
    interview = world.an_interview("one", "noor", "ivo", feedbackTemplateId=world.templates["values"])
    await world.goodtime.push(**world.a_panel("panel", interview, candidateExternalId="lea"))
    way = "interviews { edges { node { interviewers { user { email feedbackForms { edges { cursor } } } } } } }"
    person: Person = getattr(world, name)

    assert await person.error_code(f"{{ {way} }}") == "FORBIDDEN"
    if name != "ivo":
        assert await person.error_code(
            "{ users(first: 100) { edges { node { feedbackForms { edges { cursor } } } } } }"
        )


@pytest.mark.parametrize("field", ["enabled", "enabledAt", "enabledBy { name }", "apiKeys { id }"])
@pytest.mark.parametrize("way", ["managedBy", "createdBy"])
async def test_an_interviewer_sees_what_manages_a_panel_and_not_whether_it_is_on(
    world: World, way: str, field: str
) -> None:
    await world.goodtime.push(**world.a_panel("panel"))
    document = "{ interviews { edges { node { panel { %s { ... on Integration { name %s } } } } } } }"

    shown = await world.ivo.ask(document % (way, ""))

    assert shown["interviews"]["edges"][0]["node"]["panel"][way] == {"name": "GoodTime"}
    assert await world.ivo.error_code(document % (way, field)) == "FORBIDDEN"
    if not field.startswith("apiKeys"):
        await world.leo.ask(document % (way, field))


async def test_what_gets_out_of_scope_is_unknown_from_then_on(world: World) -> None:
    document = "query ($id: ID) { candidate(id: $id) { name } }"
    lea = world.candidates["lea"]
    before = await world.leo.ask(document, id=lea)
    row = {"externalId": "lea", "name": "Lea Fontaine", "stage": "On-site", "ownerEmail": world.email("rita")}
    await world.sam.ask(
        "mutation ($rows: [CandidateInput!]!) { syncCandidates(candidates: $rows) { errors { code } } }", rows=[row]
    )

    after = await world.leo.ask(document, id=lea)

    assert before["candidate"] == {"name": "Lea Fontaine"}
    assert after["candidate"] is None
