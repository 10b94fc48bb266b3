"""Pushing a panel: rules 1 to 9 of docs/rules.md."""

from tests.world import World, in_hours


async def test_a_pushed_panel_is_on_the_profile_with_its_feedback_links(world: World) -> None:
    interview = world.an_interview("one", "ivo", "noor", feedbackTemplateId=world.templates["technical"])

    pushed = await world.goodtime.push(**world.a_panel("p", interview, sequence=1))

    assert pushed["outcome"] == "CREATED"
    assert pushed["errors"] == []
    profile = await world.rita.ask(
        "query ($id: ID) { candidate(id: $id) { interviewPanels { edges { node { externalId status interviews { "
        "interviewers { user { name } feedbackForm { url } } calendarInvite } } } } } }",
        id=world.candidates["carla"],
    )
    [edge] = profile["candidate"]["interviewPanels"]["edges"]
    [shown] = edge["node"]["interviews"]
    assert edge["node"]["status"] == "SCHEDULED"
    assert [seat["user"]["name"] for seat in shown["interviewers"]] == ["Ivo", "Noor"]
    unfolded = shown["calendarInvite"].replace("\r\n ", "")
    assert all(seat["feedbackForm"]["url"] in unfolded for seat in shown["interviewers"])


async def test_a_lower_sequence_changes_nothing_and_answers_with_the_current_state(world: World) -> None:
    await world.goodtime.push(**world.a_panel(note="second", sequence=2))

    late = await world.goodtime.push(**world.a_panel(note="first", sequence=1))

    assert late["outcome"] == "STALE_IGNORED"
    assert late["panel"]["note"] == "second"
    assert len(await world.rita.changes()) == 1


async def test_the_same_content_again_is_unchanged_and_records_nothing(world: World) -> None:
    panel = world.a_panel(sequence=1)
    await world.goodtime.push(**panel)

    again = await world.goodtime.push(**panel)

    assert again["outcome"] == "UNCHANGED"
    assert [change["kind"] for change in await world.rita.changes()] == ["CREATED"]


async def test_a_moved_interview_is_a_reschedule_under_the_same_links(world: World) -> None:
    interview = world.an_interview(feedbackTemplateId=world.templates["values"])
    first = await world.goodtime.push(**world.a_panel("p", interview, sequence=1))

    moved = await world.goodtime.push(**world.a_panel("p", interview | {"startsAt": in_hours(48)}, sequence=2))

    assert moved["outcome"] == "UPDATED"
    assert [change["kind"] for change in await world.rita.changes()] == ["CREATED", "RESCHEDULED"]
    links = [it["panel"]["interviews"][0]["interviewers"][0]["feedbackForm"]["url"] for it in (first, moved)]
    assert links[0] == links[1]
