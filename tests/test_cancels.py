"""Cancelling, in the ATS and in GoodTime, and restoring: the sentences of docs/rules.md."""

from typing import Any

import pytest

from tests.world import CANCEL, CANCEL_ONE, RESTORE, World, in_hours, instant, told

EVERY_PANEL = """query ($id: ID!, $all: Boolean) { candidate(id: $id) { interviewPanels(includeCanceled: $all) {
  edges { node { externalId } } } } }"""
SWITCH = "mutation ($on: Boolean!) { setIntegrationEnabled(provider: GOODTIME, enabled: $on) { errors { code } } }"


async def profile(world: World, *, canceled_too: bool = False) -> list[str]:
    """The external ids of the panels on Carla's profile."""
    shown = await world.rita.ask(EVERY_PANEL, id=world.candidates["carla"], all=canceled_too)
    return [edge["node"]["externalId"] for edge in shown["candidate"]["interviewPanels"]["edges"]]


async def pushed(world: World, **its: Any) -> dict[str, Any]:
    """A panel `p` of two interviews with forms, as it stands at revision 1."""
    template = {"feedbackTemplateId": world.templates["values"]}
    interviews = [
        world.an_interview("one", "ivo", **template),
        world.an_interview("two", "noor", startsAt=in_hours(26), **template),
    ]
    its = {"externalUrl": "https://goodtime.example/p", "sequence": 1} | its
    return dict((await world.goodtime.push(**world.a_panel("p", *interviews, **its)))["panel"])


async def kinds(world: World) -> list[str]:
    """What the log has of the account, oldest first."""
    return [change["kind"] for change in await world.rita.changes()]


def form_statuses(panel: dict[str, Any]) -> list[str]:
    """The statuses of all forms of a panel."""
    seats = [seat for interview in panel["interviews"] for seat in interview["interviewers"]]
    return [seat["feedbackForm"]["status"] for seat in seats]


def origins(panel: dict[str, Any]) -> dict[str, str | None]:
    """Who called off each interview, by their external ids."""
    return {
        interview["externalId"]: (interview["cancellation"] or {}).get("origin") for interview in panel["interviews"]
    }


# In the ATS, by a user.


async def test_a_user_takes_a_panel_off_the_profile(world: World) -> None:
    panel = await pushed(world)

    canceled = await world.rita.cancel(id=panel["id"], reason="On hold")

    assert canceled["errors"] == []
    its = canceled["panel"]
    assert (its["status"], its["version"]) == ("CANCELED", 2)
    assert {name: its["cancellation"][name] for name in ("origin", "reason", "by")} == {
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
    assert told(later["warnings"]) == [("PANEL_CANCELED_IN_ATS", "input")]
    assert later["panel"]["cancellation"]["origin"] == "ATS"
    assert form_statuses(later["panel"]) == ["VOIDED", "VOIDED"]
    assert await profile(world) == []


async def test_a_queued_retry_without_a_sequence_does_not_undo_a_persons_decision_either(world: World) -> None:
    await pushed(world, sequence=None)
    await world.rita.cancel(externalId="p")

    later = await world.goodtime.push(**world.a_panel("p", note="stored"))

    assert (later["outcome"], later["panel"]["note"], later["panel"]["status"]) == ("UPDATED", "stored", "CANCELED")
    assert told(later["warnings"]) == [("PANEL_CANCELED_IN_ATS", "input")]


async def test_a_restore_brings_the_panel_back_with_what_was_stored_meanwhile(world: World) -> None:
    panel = await pushed(world)
    await world.rita.cancel(id=panel["id"])
    new = world.an_interview("three", "rita", feedbackTemplateId=world.templates["values"])
    old = world.an_interview("one", "ivo", feedbackTemplateId=world.templates["values"])
    await world.goodtime.push(**world.a_panel("p", old, new, sequence=2))

    restored = await world.ada.restore(id=panel["id"])

    its = restored["panel"]
    assert (restored["errors"], its["status"], its["cancellation"]) == ([], "SCHEDULED", None)
    assert origins(its) == {"one": None, "two": "SCHEDULER", "three": None}
    statuses = {each["externalId"]: each["interviewers"][0]["feedbackForm"]["status"] for each in its["interviews"]}
    assert statuses == {"one": "PENDING", "two": "VOIDED", "three": "PENDING"}
    links = [
        next(each for each in panel_["interviews"] if each["externalId"] == "one")["interviewers"][0]["feedbackForm"][
            "url"
        ]
        for panel_ in (panel, its)
    ]
    assert links[0] == links[1]
    assert await profile(world) == ["p"]
    assert (await kinds(world))[-1] == "RESTORED"


async def test_what_the_scheduler_deleted_no_user_restores(world: World) -> None:
    panel = await pushed(world)
    await world.goodtime.cancel(externalId="p", sequence=2)

    refused = await world.sam.restore(id=panel["id"])

    assert told(refused["errors"]) == [("PANEL_CANCELED", "input.id")]
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

    its = canceled["panel"]
    assert (canceled["errors"], its["id"], its["status"]) == ([], panel["id"], "CANCELED")
    assert {name: its["cancellation"][name] for name in ("origin", "reason", "by", "calendarEventRemains")} == {
        "origin": "SCHEDULER",
        "reason": "Position filled",
        "by": {"__typename": "Integration"},
        "calendarEventRemains": False,
    }
    assert canceled["calendarEventRemains"] is False
    assert its["sequence"] == (sequence or 1)
    assert form_statuses(its) == ["VOIDED", "VOIDED"]
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
    assert told((await world.rita.restore(id=panel["id"]))["errors"]) == [("PANEL_CANCELED", "input.id")]
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
    its = {"panelExternalId": "p", "externalId": "one"}
    before = await getattr(world, first).cancel_one(**its, reason="first")

    after = await getattr(world, second).cancel_one(**its, reason="second")

    assert after == before
    assert await kinds(world) == ["CREATED", "UPDATED"]


async def test_cancelling_an_interview_of_a_cancelled_panel_succeeds_and_changes_nothing(world: World) -> None:
    await pushed(world)
    panel = (await world.rita.cancel(externalId="p"))["panel"]

    again = await world.rita.cancel_one(panelExternalId="p", externalId="one", reason="again")

    assert (again["errors"], again["panel"], again["calendarEventRemains"]) == ([], panel, True)
    assert origins((await world.rita.restore(id=panel["id"]))["panel"]) == {"one": None, "two": None}
    assert await kinds(world) == ["CREATED", "CANCELED", "RESTORED"]


# One interview, and the last one.


async def test_a_user_cancels_one_interview_and_the_others_stay(world: World) -> None:
    panel = await pushed(world)
    [one] = [interview["id"] for interview in panel["interviews"] if interview["externalId"] == "one"]

    canceled = await world.rita.cancel_one(id=one, reason="Ill")

    its = canceled["panel"]
    assert (canceled["errors"], canceled["interview"]) == ([], {"id": one, "externalId": "one"})
    assert canceled["calendarEventRemains"] is True
    assert (its["status"], origins(its)) == ("SCHEDULED", {"one": "ATS", "two": None})
    assert (its["startsAt"], form_statuses(its)) == (its["interviews"][1]["startsAt"], ["VOIDED", "PENDING"])
    assert await kinds(world) == ["CREATED", "UPDATED"]


async def test_an_interview_cancelled_in_the_ats_stays_off_whatever_is_pushed(world: World) -> None:
    await pushed(world)
    await world.rita.cancel_one(panelExternalId="p", externalId="one")

    moved = world.an_interview("one", "ivo", startsAt=in_hours(72))
    later = await world.goodtime.push(**world.a_panel("p", moved, world.an_interview("two", "noor"), sequence=2))

    assert origins(later["panel"]) == {"one": "ATS", "two": None}
    assert told(later["warnings"]) == [("PANEL_CANCELED_IN_ATS", "input.interviews.0")]


async def test_one_warning_tells_that_all_of_a_panel_stays_off(world: World) -> None:
    await pushed(world)
    await world.rita.cancel_one(panelExternalId="p", externalId="one")
    await world.rita.cancel(externalId="p")

    interviews = [world.an_interview("one", "ivo"), world.an_interview("two", "noor")]
    later = await world.goodtime.push(**world.a_panel("p", *interviews, sequence=2))

    assert told(later["warnings"]) == [("PANEL_CANCELED_IN_ATS", "input")]


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

    its = last["panel"]
    assert (its["status"], its["cancellation"]["origin"], its["cancellation"]["reason"]) == (
        "CANCELED",
        origin,
        "the last one",
    )
    assert last["calendarEventRemains"] is (origin == "ATS")
    assert (its["startsAt"], its["endsAt"]) == (None, None)
    assert await profile(world) == []
    assert await kinds(world) == ["CREATED", "UPDATED", "CANCELED"]


async def test_a_restore_undoes_the_cancel_of_the_last_interview(world: World) -> None:
    panel = await pushed(world)
    for name in ("one", "two"):
        await world.rita.cancel_one(panelExternalId="p", externalId=name)

    restored = await world.rita.restore(id=panel["id"])

    its = restored["panel"]
    assert (its["status"], origins(its), its["startsAt"]) == (
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

    assert told(no_panel["errors"]) == [("NOT_FOUND", "input.externalId")]
    assert told(no_panel_of_interview["errors"]) == [("NOT_FOUND", "input.panelExternalId")]
    assert told(no_interview["errors"]) == [("NOT_FOUND", "input.externalId")]


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
        assert told(each["errors"]) == [("VERSION_CONFLICT", "input.expectedVersion")]
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
    assert await world.goodtime.refused(CANCEL, input={"externalId": "p"}) == "INTEGRATION_DISABLED"


async def test_interviewers_cancel_nothing_and_the_key_restores_nothing(world: World) -> None:
    panel = await pushed(world)

    assert await world.ivo.refused(CANCEL, input={"id": panel["id"]}) == "FORBIDDEN"
    assert await world.ivo.refused(CANCEL_ONE, input={"id": panel["interviews"][0]["id"]}) == "FORBIDDEN"
    assert await world.ivo.refused(RESTORE, input={"id": panel["id"]}) == "FORBIDDEN"
    assert await world.goodtime.refused(RESTORE, input={"id": panel["id"]}) == "FORBIDDEN"


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

    assert [it["panel"]["status"] for it in (canceled, restored)] == ["CANCELED", "SCHEDULED"]
    assert {each["errors"][0]["code"] for each in unknown} == {"NOT_FOUND"}
    assert {each["panel"] and each["panel"]["id"] for each in unknown} == {None}


async def test_a_user_never_makes_a_tombstone(world: World) -> None:
    unknown = await world.sam.cancel(externalId="p", sequence=5)
    of_interview = await world.sam.cancel_one(panelExternalId="p", externalId="one", sequence=5)

    assert told(unknown["errors"]) == [("NOT_FOUND", "input.externalId")]
    assert told(of_interview["errors"]) == [("NOT_FOUND", "input.panelExternalId")]
    assert (await world.goodtime.push(**world.a_panel("p", sequence=4)))["outcome"] == "CREATED"


@pytest.mark.parametrize("its", [{}, {"id": "pan_x", "externalId": "p"}, {"id": None, "externalId": None}])
async def test_a_panel_to_cancel_is_named_in_one_way(world: World, its: dict[str, Any]) -> None:
    refused = await world.goodtime.cancel(**its)

    assert told(refused["errors"]) == [("INVALID", "input")]


@pytest.mark.parametrize(
    "its",
    [{}, {"externalId": "one"}, {"panelExternalId": "p"}, {"id": "itv_x", "panelExternalId": "p", "externalId": "one"}],
)
async def test_an_interview_to_cancel_is_named_in_one_way(world: World, its: dict[str, Any]) -> None:
    refused = await world.goodtime.cancel_one(**its)

    assert told(refused["errors"]) == [("INVALID", "input")]


@pytest.mark.parametrize("who", ["goodtime", "rita"])
async def test_what_does_not_read_in_a_cancel_is_said_at_once_with_its_limit(world: World, who: str) -> None:
    person = getattr(world, who)

    panel = await person.cancel(externalId="x" * 501, sequence=-1, reason="x" * 20_001)
    interview = await person.cancel_one(panelExternalId="", externalId="a\x01b", sequence=-1, reason="\x02")

    assert told(panel["errors"]) == [
        ("INVALID", "input.externalId"),
        ("INVALID", "input.reason"),
        ("INVALID", "input.sequence"),
    ]
    assert ["500" in panel["errors"][0]["message"], "20,000" in panel["errors"][1]["message"]] == [True, True]
    assert told(interview["errors"]) == [
        ("INVALID", "input.panelExternalId"),
        ("INVALID", "input.externalId"),
        ("INVALID", "input.reason"),
        ("INVALID", "input.sequence"),
    ]


@pytest.mark.parametrize("id", ["pan_unknown", "", "x" * 600, "usr_0", "☃"])
async def test_an_id_that_nothing_has_is_not_found(world: World, id: str) -> None:
    for person in (world.rita, world.goodtime):
        assert told((await person.cancel(id=id))["errors"]) == [("NOT_FOUND", "input.id")]
        assert told((await person.cancel_one(id=id))["errors"]) == [("NOT_FOUND", "input.id")]
    assert told((await world.rita.restore(id=id))["errors"]) == [("NOT_FOUND", "input.id")]


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

    its = emptied["panel"]["cancellation"]
    assert (emptied["panel"]["status"], its["origin"], its["by"]["__typename"]) == ("CANCELED", "ATS", "Integration")
    assert (back["outcome"], back["panel"]["status"]) == ("RESTORED", "SCHEDULED")
    assert told(back["warnings"]) == [("PANEL_CANCELED_IN_ATS", "input.interviews.0")]
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

    its = canceled["panel"]["cancellation"]
    assert (its["by"]["__typename"], its["reason"]) == ("User", "On hold")
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
