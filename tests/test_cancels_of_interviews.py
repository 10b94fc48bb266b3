"""Cancelling one interview, and the last one of a panel: the sentences of docs/rules.md."""

import pytest

from tests.cancels import form_statuses, kinds, origins, profile, pushed
from tests.people import codes_and_paths, instant
from tests.world import World, in_hours

# One interview, and the last one.


async def test_a_user_cancels_one_interview_and_the_others_stay(world: World) -> None:
    panel = await pushed(world)
    [one] = [interview["id"] for interview in panel["interviews"] if interview["externalId"] == "one"]

    canceled = await world.rita.cancel_one(id=one, reason="Ill")

    shown = canceled["panel"]
    assert (canceled["errors"], canceled["interview"]) == ([], {"id": one, "externalId": "one"})
    assert canceled["calendarEventRemains"] is True
    assert (shown["status"], origins(shown)) == ("SCHEDULED", {"one": "ATS", "two": None})
    assert (shown["startsAt"], form_statuses(shown)) == (shown["interviews"][1]["startsAt"], ["VOIDED", "PENDING"])
    assert await kinds(world) == ["CREATED", "UPDATED"]


async def test_an_interview_cancelled_in_the_ats_stays_off_whatever_is_pushed(world: World) -> None:
    await pushed(world)
    await world.rita.cancel_one(panelExternalId="p", externalId="one")

    moved = world.an_interview("one", "ivo", startsAt=in_hours(72))
    later = await world.goodtime.push(**world.a_panel("p", moved, world.an_interview("two", "noor"), sequence=2))

    assert origins(later["panel"]) == {"one": "ATS", "two": None}
    assert codes_and_paths(later["warnings"]) == [("PANEL_CANCELED_IN_ATS", "input.interviews.0")]


async def test_one_warning_tells_that_all_of_a_panel_stays_off(world: World) -> None:
    await pushed(world)
    await world.rita.cancel_one(panelExternalId="p", externalId="one")
    await world.rita.cancel(externalId="p")

    interviews = [world.an_interview("one", "ivo"), world.an_interview("two", "noor")]
    later = await world.goodtime.push(**world.a_panel("p", *interviews, sequence=2))

    assert codes_and_paths(later["warnings"]) == [("PANEL_CANCELED_IN_ATS", "input")]


@pytest.mark.parametrize("what", ["the panel", "the interview"])
async def test_what_stays_off_the_profile_books_nobody(world: World, what: str) -> None:
    await pushed(world)
    await world.goodtime.push(**world.a_panel("q", world.an_interview("one", "ivo", "noor")))
    if what == "the panel":
        await world.rita.cancel(externalId="p")
    else:
        await world.rita.cancel_one(panelExternalId="p", externalId="one")

    later = await world.goodtime.push(**world.a_panel("p", world.an_interview("one", "ivo"), sequence=2))

    assert [warning["code"] for warning in later["warnings"]] == ["PANEL_CANCELED_IN_ATS"]


async def test_a_restore_brings_back_interviews_that_users_cancelled_one_by_one(world: World) -> None:
    panel = await pushed(world)
    await world.rita.cancel_one(panelExternalId="p", externalId="one")

    restored = await world.rita.restore(id=panel["id"])

    assert origins(restored["panel"]) == {"one": None, "two": None}
    assert form_statuses(restored["panel"]) == ["PENDING", "PENDING"]
    assert await kinds(world) == ["CREATED", "UPDATED", "RESTORED"]


async def test_a_restore_leaves_interviews_alone_that_the_scheduler_deleted(world: World) -> None:
    panel = await pushed(world)
    await world.goodtime.cancel_one(panelExternalId="p", externalId="one", sequence=2)
    await world.rita.cancel(id=panel["id"])

    restored = await world.rita.restore(id=panel["id"])

    assert (restored["panel"]["status"], origins(restored["panel"])) == ("SCHEDULED", {"one": "SCHEDULER", "two": None})


@pytest.mark.parametrize(("who", "origin"), [("rita", "ATS"), ("goodtime", "SCHEDULER")])
async def test_cancelling_a_panels_last_interview_cancels_the_panel(world: World, who: str, origin: str) -> None:
    await pushed(world)
    person = getattr(world, who)
    await person.cancel_one(panelExternalId="p", externalId="one")

    last = await person.cancel_one(panelExternalId="p", externalId="two", reason="the last one")

    shown = last["panel"]
    assert (shown["status"], shown["cancellation"]["origin"], shown["cancellation"]["reason"]) == (
        "CANCELED",
        origin,
        "the last one",
    )
    assert last["calendarEventRemains"] is (origin == "ATS")
    assert (shown["startsAt"], shown["endsAt"]) == (None, None)
    assert await profile(world) == []
    assert await kinds(world) == ["CREATED", "UPDATED", "CANCELED"]


async def test_a_restore_undoes_the_cancel_of_the_last_interview(world: World) -> None:
    panel = await pushed(world)
    for name in ("one", "two"):
        await world.rita.cancel_one(panelExternalId="p", externalId=name)

    restored = await world.rita.restore(id=panel["id"])

    shown = restored["panel"]
    assert (shown["status"], origins(shown), shown["startsAt"]) == (
        "SCHEDULED",
        {"one": None, "two": None},
        panel["startsAt"],
    )


async def test_a_later_push_leaves_the_cancel_of_the_last_interview_as_it_was(world: World) -> None:
    await pushed(world)
    for name in ("one", "two"):
        last = await world.rita.cancel_one(panelExternalId="p", externalId=name, reason=f"{name} is off")

    interviews = [world.an_interview("one", "ivo"), world.an_interview("two", "noor")]
    later = await world.goodtime.push(**world.a_panel("p", *interviews, note="later", sequence=2))

    assert (later["outcome"], later["panel"]["note"]) == ("UPDATED", "later")
    assert later["panel"]["cancellation"] == last["panel"]["cancellation"]
    assert await kinds(world) == ["CREATED", "UPDATED", "CANCELED", "UPDATED"]


async def test_when_the_scheduler_deletes_what_users_left_the_panel_can_still_be_restored(world: World) -> None:
    panel = await pushed(world)
    await world.rita.cancel_one(panelExternalId="p", externalId="one")

    last = await world.goodtime.cancel_one(panelExternalId="p", externalId="two", sequence=2)
    restored = await world.rita.restore(id=panel["id"])

    assert (last["panel"]["status"], last["panel"]["cancellation"]["origin"]) == ("CANCELED", "ATS")
    assert (restored["panel"]["status"], origins(restored["panel"])) == ("SCHEDULED", {"one": None, "two": "SCHEDULER"})


async def test_the_schedulers_cancel_of_an_interview_overrides_a_users(world: World) -> None:
    panel = await pushed(world)
    await world.rita.cancel_one(panelExternalId="p", externalId="one")

    deleted = await world.goodtime.cancel_one(panelExternalId="p", externalId="one", sequence=2)
    restored = await world.rita.restore(id=panel["id"])

    assert (deleted["calendarEventRemains"], origins(deleted["panel"])["one"]) == (False, "SCHEDULER")
    assert origins(restored["panel"])["one"] == "SCHEDULER"


async def test_a_cancel_of_an_interview_that_is_not_yet_known_is_remembered(world: World) -> None:
    early = await world.goodtime.cancel_one(panelExternalId="p", externalId="one", sequence=5)
    unseen = await world.rita.panel(externalId="p")
    panel = await pushed(world)

    assert (early["errors"], early["interview"], early["panel"], unseen) == ([], None, None, None)
    assert (panel["status"], panel["sequence"], origins(panel)) == (
        "SCHEDULED",
        5,
        {"one": "SCHEDULER", "two": None},
    )
    back = await world.goodtime.push(**world.a_panel("p", sequence=6))
    assert origins(back["panel"])["one"] is None


async def test_a_cancel_of_an_interview_below_its_content_comes_too_late(world: World) -> None:
    panel = await pushed(world, sequence=5)

    late = await world.goodtime.cancel_one(panelExternalId="p", externalId="one", sequence=4)

    assert (late["errors"], late["panel"], late["calendarEventRemains"]) == ([], panel, False)


async def test_without_a_sequence_only_what_is_known_can_be_cancelled(world: World) -> None:
    no_panel = await world.goodtime.cancel(externalId="p")
    no_panel_of_interview = await world.goodtime.cancel_one(panelExternalId="p", externalId="one")
    await pushed(world)
    no_interview = await world.goodtime.cancel_one(panelExternalId="p", externalId="three")

    assert codes_and_paths(no_panel["errors"]) == [("NOT_FOUND", "input.externalId")]
    assert codes_and_paths(no_panel_of_interview["errors"]) == [("NOT_FOUND", "input.panelExternalId")]
    assert codes_and_paths(no_interview["errors"]) == [("NOT_FOUND", "input.externalId")]


async def test_the_panel_and_its_interviews_say_who_cancelled_and_why(world: World) -> None:
    panel = await pushed(world)
    await world.rita.cancel_one(panelExternalId="p", externalId="one", reason="Ill")

    who = "{ origin reason by { ... on User { name } ... on Integration { provider } } }"
    query = (
        f"query ($id: ID!) {{ interviewPanel(id: $id) {{ cancellation {who} "
        f"interviews(includeCanceled: true) {{ externalId cancellation {who} }} }} }}"
    )
    ill = {"origin": "ATS", "reason": "Ill", "by": {"name": "Rita"}}
    assert (await world.ada.ask(query, id=panel["id"]))["interviewPanel"] == {
        "cancellation": None,
        "interviews": [{"externalId": "one", "cancellation": ill}, {"externalId": "two", "cancellation": None}],
    }

    await world.goodtime.cancel(externalId="p", sequence=2, reason="Filled")

    shown = await world.ada.ask(query, id=panel["id"])
    filled = {"origin": "SCHEDULER", "reason": "Filled", "by": {"provider": "GOODTIME"}}
    assert shown["interviewPanel"] == {
        "cancellation": filled,
        "interviews": [
            {"externalId": "one", "cancellation": filled},
            {"externalId": "two", "cancellation": filled},
        ],
    }


async def test_after_the_panel_is_deleted_no_event_remains_of_an_interview_either(world: World) -> None:
    await pushed(world)
    remained = await world.rita.cancel_one(panelExternalId="p", externalId="one")
    await world.goodtime.cancel(externalId="p", sequence=2)

    again = await world.rita.cancel_one(panelExternalId="p", externalId="one")

    assert (remained["calendarEventRemains"], again["calendarEventRemains"]) == (True, False)


async def test_the_scheduler_deletes_an_interview_of_a_deleted_panel_and_nothing_changes(world: World) -> None:
    await pushed(world)
    await world.goodtime.cancel(externalId="p", sequence=2, reason="Filled")
    before = await world.rita.panel(externalId="p")

    again = await world.goodtime.cancel_one(panelExternalId="p", externalId="one", reason="Late")

    assert again["errors"] == []
    assert await world.rita.panel(externalId="p") == before
    assert await kinds(world) == ["CREATED", "CANCELED"]


async def test_a_panel_of_which_the_scheduler_left_nothing_stands_again_with_the_next_interview(world: World) -> None:
    """Nobody has cancelled the panel: Rita called off one interview, and the scheduler dropped the other."""
    await pushed(world)
    await world.rita.cancel_one(panelExternalId="p", externalId="one")
    one = world.an_interview("one", "ivo")
    emptied = await world.goodtime.push(**world.a_panel("p", one, sequence=2))

    back = await world.goodtime.push(**world.a_panel("p", one, world.an_interview("three", "noor"), sequence=3))

    cancellation = emptied["panel"]["cancellation"]
    assert (emptied["panel"]["status"], cancellation["origin"], cancellation["by"]["__typename"]) == (
        "CANCELED",
        "ATS",
        "Integration",
    )
    assert (back["outcome"], back["panel"]["status"]) == ("RESTORED", "SCHEDULED")
    assert codes_and_paths(back["warnings"]) == [("PANEL_CANCELED_IN_ATS", "input.interviews.0")]
    assert origins(back["panel"]) == {"one": "ATS", "two": "SCHEDULER", "three": None}
    assert await profile(world) == ["p"]
    assert await kinds(world) == ["CREATED", "UPDATED", "CANCELED", "RESTORED"]


async def test_a_user_may_cancel_a_panel_of_which_the_scheduler_left_nothing_and_it_stays_off(world: World) -> None:
    await pushed(world)
    await world.rita.cancel_one(panelExternalId="p", externalId="one")
    one = world.an_interview("one", "ivo")
    await world.goodtime.push(**world.a_panel("p", one, sequence=2))

    canceled = await world.ada.cancel(externalId="p", reason="On hold")
    await world.goodtime.push(**world.a_panel("p", one, world.an_interview("three", "noor"), sequence=3))

    cancellation = canceled["panel"]["cancellation"]
    assert (cancellation["by"]["__typename"], cancellation["reason"]) == ("User", "On hold")
    assert await profile(world) == []
    assert await kinds(world) == ["CREATED", "UPDATED", "CANCELED", "CANCELED", "UPDATED"]


async def test_a_panel_whose_last_interview_a_user_cancelled_stays_off_whatever_is_added(world: World) -> None:
    one = world.an_interview("one", "ivo")
    await world.goodtime.push(**world.a_panel("p", one, sequence=1))
    await world.rita.cancel_one(panelExternalId="p", externalId="one")

    added = await world.goodtime.push(**world.a_panel("p", one, world.an_interview("two", "noor"), sequence=2))

    assert (added["outcome"], added["panel"]["status"]) == ("UPDATED", "CANCELED")
    assert await profile(world) == []


async def test_a_push_below_the_cancel_of_its_interview_gives_that_its_content_and_no_more(world: World) -> None:
    await pushed(world)
    await world.goodtime.cancel_one(panelExternalId="p", externalId="one", sequence=3)
    moved = world.an_interview("one", "noor", startsAt=in_hours(72))

    two = world.an_interview("two", "noor", startsAt=in_hours(26))
    late = await world.goodtime.push(**world.a_panel("p", moved, two, sequence=2))

    assert late["outcome"] == "STALE_IGNORED"
    shown = await world.rita.ask(
        "query ($id: ID!) { interviewPanel(id: $id) { interviews(includeCanceled: true) { "
        "externalId startsAt cancellation { origin } interviewers { user { email } } } } }",
        id=late["panel"]["id"],
    )
    [one] = [each for each in shown["interviewPanel"]["interviews"] if each["externalId"] == "one"]
    assert instant(one["startsAt"]) == instant(in_hours(72))
    assert [seat["user"]["email"] for seat in one["interviewers"]] == [world.email("noor")]
    assert one["cancellation"] == {"origin": "SCHEDULER"}
    assert await kinds(world) == ["CREATED", "UPDATED", "UPDATED"]
