"""Cancelling a panel, in the ATS and in GoodTime, and restoring it: the sentences of docs/rules.md."""

from typing import Any

import pytest

from tests.cancels import form_statuses, kinds, origins, profile, pushed
from tests.people import CANCEL, CANCEL_ONE, RESTORE, codes_and_paths
from tests.world import World, in_hours

SWITCH = "mutation ($on: Boolean!) { setIntegrationEnabled(provider: GOODTIME, enabled: $on) { errors { code } } }"


# In the ATS, by a user.


async def test_a_user_takes_a_panel_off_the_profile(world: World) -> None:
    panel = await pushed(world)

    canceled = await world.rita.cancel(id=panel["id"], reason="On hold")

    assert canceled["errors"] == []
    shown = canceled["panel"]
    assert (shown["status"], shown["version"]) == ("CANCELED", 2)
    assert {name: shown["cancellation"][name] for name in ("origin", "reason", "by")} == {
        "origin": "ATS",
        "reason": "On hold",
        "by": {"__typename": "User"},
    }
    assert await profile(world) == []
    assert await profile(world, canceled_too=True) == ["p"]
    assert await kinds(world) == ["CREATED", "CANCELED"]


async def test_its_forms_are_voided(world: World) -> None:
    await pushed(world)

    canceled = await world.rita.cancel(externalId="p")

    assert form_statuses(canceled["panel"]) == ["VOIDED", "VOIDED"]


async def test_the_calendar_event_lives_on_and_the_answer_says_so(world: World) -> None:
    await pushed(world)

    canceled = await world.rita.cancel(externalId="p")

    assert canceled["calendarEventRemains"] is True
    assert canceled["panel"]["cancellation"]["calendarEventRemains"] is True
    assert canceled["panel"]["externalUrl"] == "https://goodtime.example/p"


async def test_later_pushes_are_stored_but_the_panel_stays_off_the_profile(world: World) -> None:
    panel = await pushed(world)
    await world.rita.cancel(id=panel["id"])

    moved = world.an_interview("one", "ivo", startsAt=in_hours(72), feedbackTemplateId=world.templates["values"])
    later = await world.goodtime.push(**world.a_panel("p", moved, note="stored", sequence=2))

    assert (later["outcome"], later["panel"]["status"], later["panel"]["note"]) == ("UPDATED", "CANCELED", "stored")
    assert codes_and_paths(later["warnings"]) == [("PANEL_CANCELED_IN_ATS", "input")]
    assert later["panel"]["cancellation"]["origin"] == "ATS"
    assert form_statuses(later["panel"]) == ["VOIDED", "VOIDED"]
    assert await profile(world) == []


async def test_a_queued_retry_without_a_sequence_does_not_undo_a_persons_decision_either(world: World) -> None:
    await pushed(world, sequence=None)
    await world.rita.cancel(externalId="p")

    later = await world.goodtime.push(**world.a_panel("p", note="stored"))

    assert (later["outcome"], later["panel"]["note"], later["panel"]["status"]) == ("UPDATED", "stored", "CANCELED")
    assert codes_and_paths(later["warnings"]) == [("PANEL_CANCELED_IN_ATS", "input")]


async def test_a_restore_brings_the_panel_back_with_what_was_stored_meanwhile(world: World) -> None:
    panel = await pushed(world)
    await world.rita.cancel(id=panel["id"])
    new = world.an_interview("three", "rita", feedbackTemplateId=world.templates["values"])
    old = world.an_interview("one", "ivo", feedbackTemplateId=world.templates["values"])
    await world.goodtime.push(**world.a_panel("p", old, new, sequence=2))

    restored = await world.ada.restore(id=panel["id"])

    shown = restored["panel"]
    assert (restored["errors"], shown["status"], shown["cancellation"]) == ([], "SCHEDULED", None)
    assert origins(shown) == {"one": None, "two": "SCHEDULER", "three": None}
    statuses = {each["externalId"]: each["interviewers"][0]["feedbackForm"]["status"] for each in shown["interviews"]}
    assert statuses == {"one": "PENDING", "two": "VOIDED", "three": "PENDING"}
    links = [
        next(each for each in panel_["interviews"] if each["externalId"] == "one")["interviewers"][0]["feedbackForm"][
            "url"
        ]
        for panel_ in (panel, shown)
    ]
    assert links[0] == links[1]
    assert await profile(world) == ["p"]
    assert (await kinds(world))[-1] == "RESTORED"


async def test_what_the_scheduler_deleted_no_user_restores(world: World) -> None:
    panel = await pushed(world)
    await world.goodtime.cancel(externalId="p", sequence=2)

    refused = await world.sam.restore(id=panel["id"])

    assert codes_and_paths(refused["errors"]) == [("PANEL_CANCELED", "input.id")]
    assert refused["panel"]["status"] == "CANCELED"


async def test_restoring_what_stands_succeeds_and_changes_nothing(world: World) -> None:
    panel = await pushed(world)

    restored = await world.rita.restore(id=panel["id"])

    assert restored == {"panel": panel, "errors": []}
    assert await kinds(world) == ["CREATED"]


# In GoodTime, by the key.


@pytest.mark.parametrize("sequence", [None, 2])
async def test_what_the_scheduler_deletes_is_kept_as_cancelled(world: World, sequence: int | None) -> None:
    panel = await pushed(world)

    canceled = await world.goodtime.cancel(externalId="p", sequence=sequence, reason="Position filled")

    shown = canceled["panel"]
    assert (canceled["errors"], shown["id"], shown["status"]) == ([], panel["id"], "CANCELED")
    assert {name: shown["cancellation"][name] for name in ("origin", "reason", "by", "calendarEventRemains")} == {
        "origin": "SCHEDULER",
        "reason": "Position filled",
        "by": {"__typename": "Integration"},
        "calendarEventRemains": False,
    }
    assert canceled["calendarEventRemains"] is False
    assert shown["sequence"] == (sequence or 1)
    assert form_statuses(shown) == ["VOIDED", "VOIDED"]
    assert await profile(world) == []
    assert await kinds(world) == ["CREATED", "CANCELED"]


async def test_the_scheduler_names_a_panel_by_its_id_too(world: World) -> None:
    panel = await pushed(world)

    canceled = await world.goodtime.cancel(id=panel["id"], sequence=2)

    assert canceled["panel"]["cancellation"]["origin"] == "SCHEDULER"


async def test_the_schedulers_cancel_overrides_the_atss_as_the_origin(world: World) -> None:
    panel = await pushed(world)
    await world.rita.cancel(id=panel["id"], reason="On hold")

    deleted = await world.goodtime.cancel(externalId="p", sequence=2, reason="Deleted")

    cancellation = deleted["panel"]["cancellation"]
    assert (cancellation["origin"], cancellation["reason"]) == ("SCHEDULER", "Deleted")
    assert (cancellation["calendarEventRemains"], deleted["calendarEventRemains"]) == (False, False)
    assert codes_and_paths((await world.rita.restore(id=panel["id"]))["errors"]) == [("PANEL_CANCELED", "input.id")]
    assert await kinds(world) == ["CREATED", "CANCELED", "CANCELED"]


async def test_a_higher_push_brings_back_even_what_a_user_had_cancelled_before_the_scheduler_deleted_it(
    world: World,
) -> None:
    panel = await pushed(world)
    await world.rita.cancel(id=panel["id"])
    await world.goodtime.cancel(externalId="p", sequence=2)

    back = await world.goodtime.push(**world.a_panel("p", sequence=3))

    assert (back["outcome"], back["panel"]["status"], back["warnings"]) == ("RESTORED", "SCHEDULED", [])


# Cancelling what is cancelled.


@pytest.mark.parametrize(("first", "second"), [("rita", "ada"), ("goodtime", "rita"), ("goodtime", "goodtime")])
async def test_cancelling_what_is_cancelled_succeeds_and_changes_nothing(world: World, first: str, second: str) -> None:
    await pushed(world)
    before = await getattr(world, first).cancel(externalId="p", reason="first")

    after = await getattr(world, second).cancel(externalId="p", reason="second")

    assert after == before
    assert await kinds(world) == ["CREATED", "CANCELED"]


@pytest.mark.parametrize(("first", "second"), [("rita", "ada"), ("goodtime", "rita"), ("goodtime", "goodtime")])
async def test_cancelling_a_cancelled_interview_succeeds_and_changes_nothing(
    world: World, first: str, second: str
) -> None:
    await pushed(world)
    names = {"panelExternalId": "p", "externalId": "one"}
    before = await getattr(world, first).cancel_one(**names, reason="first")

    after = await getattr(world, second).cancel_one(**names, reason="second")

    assert after == before
    assert await kinds(world) == ["CREATED", "UPDATED"]


async def test_cancelling_an_interview_of_a_cancelled_panel_succeeds_and_changes_nothing(world: World) -> None:
    await pushed(world)
    panel = (await world.rita.cancel(externalId="p"))["panel"]

    again = await world.rita.cancel_one(panelExternalId="p", externalId="one", reason="again")

    assert (again["errors"], again["panel"], again["calendarEventRemains"]) == ([], panel, True)
    assert origins((await world.rita.restore(id=panel["id"]))["panel"]) == {"one": None, "two": None}
    assert await kinds(world) == ["CREATED", "CANCELED", "RESTORED"]


# expectedVersion.


async def test_a_cancel_expects_the_version_that_the_user_has_seen(world: World) -> None:
    panel = await pushed(world)
    moved = (await world.goodtime.push(**world.a_panel("p", note="moved on", sequence=2)))["panel"]

    refused = [
        await world.rita.cancel(id=panel["id"], expectedVersion=1),
        await world.rita.cancel_one(id=panel["interviews"][0]["id"], expectedVersion=1),
        await world.rita.restore(id=panel["id"], expectedVersion=1),
    ]

    for each in refused:
        assert codes_and_paths(each["errors"]) == [("VERSION_CONFLICT", "input.expectedVersion")]
        assert each["panel"] == moved
        assert each.get("calendarEventRemains", False) is False
    assert (await world.rita.cancel(id=panel["id"], expectedVersion=2))["panel"]["version"] == 3
    assert (await world.rita.restore(id=panel["id"], expectedVersion=3))["panel"]["version"] == 4


async def test_the_scheduler_goes_by_sequences_and_not_by_versions(world: World) -> None:
    await pushed(world)

    canceled = await world.goodtime.cancel(externalId="p", sequence=2, expectedVersion=99)

    assert (canceled["errors"], canceled["panel"]["status"]) == ([], "CANCELED")


# Who, and what is asked for.


async def test_with_the_integration_off_panels_stay_and_can_still_be_cancelled_and_restored(world: World) -> None:
    panel = await pushed(world)
    await world.sam.ask(SWITCH, on=False)

    assert await profile(world) == ["p"]
    assert (await world.rita.cancel(id=panel["id"]))["panel"]["status"] == "CANCELED"
    assert (await world.rita.restore(id=panel["id"]))["panel"]["status"] == "SCHEDULED"
    assert await world.goodtime.error_code(CANCEL, input={"externalId": "p"}) == "INTEGRATION_DISABLED"


async def test_interviewers_cancel_nothing_and_the_key_restores_nothing(world: World) -> None:
    panel = await pushed(world)

    assert await world.ivo.error_code(CANCEL, input={"id": panel["id"]}) == "FORBIDDEN"
    assert await world.ivo.error_code(CANCEL_ONE, input={"id": panel["interviews"][0]["id"]}) == "FORBIDDEN"
    assert await world.ivo.error_code(RESTORE, input={"id": panel["id"]}) == "FORBIDDEN"
    assert await world.goodtime.error_code(RESTORE, input={"id": panel["id"]}) == "FORBIDDEN"


async def test_a_limited_team_member_cancels_and_restores_theirs_and_knows_of_no_other(world: World) -> None:
    others = await pushed(world)
    own = (await world.goodtime.push(**world.a_panel("q", candidateExternalId="lea")))["panel"]

    canceled = await world.leo.cancel(id=own["id"])
    restored = await world.leo.restore(id=own["id"])
    unknown = [
        await world.leo.cancel(id=others["id"]),
        await world.leo.cancel(externalId="p"),
        await world.leo.cancel_one(id=others["interviews"][0]["id"]),
        await world.leo.cancel_one(panelExternalId="p", externalId="one"),
        await world.leo.restore(id=others["id"]),
    ]

    assert [answer["panel"]["status"] for answer in (canceled, restored)] == ["CANCELED", "SCHEDULED"]
    assert {each["errors"][0]["code"] for each in unknown} == {"NOT_FOUND"}
    assert {each["panel"] and each["panel"]["id"] for each in unknown} == {None}


async def test_a_user_never_makes_a_tombstone(world: World) -> None:
    unknown = await world.sam.cancel(externalId="p", sequence=5)
    of_interview = await world.sam.cancel_one(panelExternalId="p", externalId="one", sequence=5)

    assert codes_and_paths(unknown["errors"]) == [("NOT_FOUND", "input.externalId")]
    assert codes_and_paths(of_interview["errors"]) == [("NOT_FOUND", "input.panelExternalId")]
    assert (await world.goodtime.push(**world.a_panel("p", sequence=4)))["outcome"] == "CREATED"


@pytest.mark.parametrize("names", [{}, {"id": "pan_x", "externalId": "p"}, {"id": None, "externalId": None}])
async def test_a_panel_to_cancel_is_named_in_one_way(world: World, names: dict[str, Any]) -> None:
    refused = await world.goodtime.cancel(**names)

    assert codes_and_paths(refused["errors"]) == [("INVALID", "input")]


@pytest.mark.parametrize(
    "names",
    [{}, {"externalId": "one"}, {"panelExternalId": "p"}, {"id": "itv_x", "panelExternalId": "p", "externalId": "one"}],
)
async def test_an_interview_to_cancel_is_named_in_one_way(world: World, names: dict[str, Any]) -> None:
    refused = await world.goodtime.cancel_one(**names)

    assert codes_and_paths(refused["errors"]) == [("INVALID", "input")]


@pytest.mark.parametrize("who", ["goodtime", "rita"])
async def test_everything_invalid_in_a_cancel_is_reported_at_once_with_its_limit(world: World, who: str) -> None:
    person = getattr(world, who)

    panel = await person.cancel(externalId="x" * 501, sequence=-1, reason="x" * 20_001)
    interview = await person.cancel_one(panelExternalId="", externalId="a\x01b", sequence=-1, reason="\x02")

    assert codes_and_paths(panel["errors"]) == [
        ("INVALID", "input.externalId"),
        ("INVALID", "input.reason"),
        ("INVALID", "input.sequence"),
    ]
    assert ["500" in panel["errors"][0]["message"], "20,000" in panel["errors"][1]["message"]] == [True, True]
    assert codes_and_paths(interview["errors"]) == [
        ("INVALID", "input.panelExternalId"),
        ("INVALID", "input.externalId"),
        ("INVALID", "input.reason"),
        ("INVALID", "input.sequence"),
    ]


@pytest.mark.parametrize("id", ["pan_unknown", "", "x" * 600, "usr_0", "☃"])
async def test_an_id_that_nothing_has_is_not_found(world: World, id: str) -> None:
    for person in (world.rita, world.goodtime):
        assert codes_and_paths((await person.cancel(id=id))["errors"]) == [("NOT_FOUND", "input.id")]
        assert codes_and_paths((await person.cancel_one(id=id))["errors"]) == [("NOT_FOUND", "input.id")]
    assert codes_and_paths((await world.rita.restore(id=id))["errors"]) == [("NOT_FOUND", "input.id")]
