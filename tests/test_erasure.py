"""Erasure: nothing personal of a candidate is left in any table or answer, ids and counts are, and it is final."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from tortoise import Tortoise
from tortoise.fields import CharField, JSONField, TextField
from tortoise.fields.data import CharEnumFieldInstance
from tortoise.models import Model

import clock
import models
from resolvers import erasure, exports
from tests.conftest import Set
from tests.isolation import CONTRACT
from tests.people import codes_and_paths
from tests.syncs import faults
from tests.test_calendar_feeds import events, reset
from tests.test_duplicates import merge, row
from tests.test_integrations import later
from tests.test_isolation_of_fields import _everything_of
from tests.world import World, in_hours

ERASE = """mutation ($id: ID!) { eraseCandidate(id: $id) {
  candidate { id externalId name headline emails erasedAt archivedAt } errors { code path message } } }"""

#: What tells of a candidate.
ABOUT_CANDIDATES = (
    *(models.Candidate, models.CandidateEmail, models.Panel),
    *(models.Interview, models.Interviewer, models.FeedbackForm),
)
#: Texts that stay: names of rows in this system and in others, a zone, and what a template asks.
KEPT = {
    "id",
    "external_id",
    "scheduler_uid",
    "timezone",
    "early_cancels",
    "canceled_by_id",
    "created_by_id",
}
KEPT |= {"instructions", "fields"}


def mark_of(world: World) -> str:
    """A text that stands nowhere else, such as a name would."""
    return f"mark-of-{world.slug}"


def text_columns(model: type[Model], mark: str = "") -> Iterator[tuple[str, Any]]:
    """The columns that may hold what somebody wrote, each with the mark as such a column has it."""
    marks = {"emails": [f"{mark}@mail.example"], "answers": [{"field_id": "fld_0", "values": [mark]}]}
    for name, column in model._meta.fields_map.items():
        is_text = isinstance(column, CharField | TextField | JSONField)
        is_name = isinstance(column, CharEnumFieldInstance) or getattr(column, "reference", None) is not None
        if is_text and not is_name and name not in KEPT:
            yield name, marks.get(name, mark)


async def marked_panel(world: World, external_id: str = "p", hours: float = 24) -> dict[str, Any]:
    """A panel of `carla` with a cancelled interview and one of which feedback is in; with a mark in each text.

    Leo was taken off both.
    """
    asked = {"feedbackTemplateId": world.templates["values"], "startsAt": in_hours(hours)}
    for people in (("ivo", "noor", "leo"), ("ivo", "noor")):
        interviews = [world.an_interview(name, *people, **asked) for name in ("one", "two")]
        pushed = await world.goodtime.push(**world.a_panel(external_id, *interviews))
    await world.ivo.fill(pushed["panel"]["interviews"][0]["interviewers"][0]["feedbackForm"]["id"])
    await world.rita.cancel_one(id=pushed["panel"]["interviews"][1]["id"], reason="a reason")
    for model in ABOUT_CANDIDATES:
        for each in await model.filter(**{_candidate_of(model): world.candidates["carla"]}):
            for name, mark in text_columns(model, mark_of(world)):
                if name == "departures":
                    each.departures[world.leo.id]["subject"] = mark
                elif name != "answers" or getattr(each, name):
                    setattr(each, name, mark)
            await each.save()
    return dict(pushed["panel"])


def _candidate_of(model: type[Model]) -> str:
    """The path from a row to the candidate whom it is about."""
    if model is models.Candidate:
        return "id"
    return "candidate_id" if "candidate" in model._meta.fk_fields else "panel__candidate_id"


async def marked_columns(world: World) -> list[str]:
    """The tables and columns of the database in which the mark stands."""
    marked, mark = set(), mark_of(world)
    for model in Tortoise.apps["models"].values():
        for values in await model.all().values():
            marked |= {f"{model.__name__}.{name}" for name, value in values.items() if mark in str(value).lower()}
    return sorted(marked)


async def erase(world: World, candidate: str) -> dict[str, Any]:
    return dict((await world.ada.ask(ERASE, id=candidate))["eraseCandidate"])


async def test_of_every_text_column_nothing_is_left_in_any_table_or_answer(world: World) -> None:
    panel = await marked_panel(world)
    marked = await marked_columns(world)

    erased = await erase(world, world.candidates["carla"])

    expected = {f"{model.__name__}.{name}" for model in ABOUT_CANDIDATES for name, _ in text_columns(model)}
    assert set(marked) == expected, "the test marks what it means to"
    assert await marked_columns(world) == []
    assert (erased["errors"], erased["candidate"]["name"], erased["candidate"]["emails"]) == ([], "Erased", [])
    for field, id in (("candidate", world.candidates["carla"]), ("interviewPanel", panel["id"])):
        kind = CONTRACT.type_map[field[0].upper() + field[1:]]
        answer = await world.sam.answer(
            f'{{ {field}(id: "{id}") {_everything_of(kind, {("User", "feedbackForms")})} }}'
        )
        assert mark_of(world) not in json.dumps(answer)
    assert mark_of(world) not in str(await exports.export_candidate(world.slug, "carla"))


async def test_ids_counts_and_what_took_place_stay(world: World) -> None:
    panel = await marked_panel(world, hours=-48)
    before = {model: await model.all().count() for model in ABOUT_CANDIDATES if model is not models.CandidateEmail}

    await erase(world, world.candidates["carla"])

    shown = await world.rita.panel(externalId="p")
    assert shown is not None
    assert (shown["id"], shown["status"], shown["cancellation"]) == (panel["id"], "COMPLETE", None)
    assert [interview["subject"] for interview in shown["interviews"]] == ["Erased", "Erased"]
    statuses = {seat["feedbackForm"]["status"] for each in shown["interviews"] for seat in each["interviewers"]}
    assert statuses == {"COMPLETED", "VOIDED"}
    assert {model: await model.all().count() for model in before} == before


async def test_the_events_leave_the_calendars_that_subscribe(world: World) -> None:
    await marked_panel(world)
    await world.goodtime.push(**world.a_panel("leas", world.an_interview("leas", "noor"), candidateExternalId="lea"))
    feed = await reset(world.noor)
    before = set(await events(world, feed))

    await erase(world, world.candidates["carla"])

    assert before == {mark_of(world), "Interview leas"}
    assert set(await events(world, feed)) == {"Interview leas"}


async def test_what_is_to_come_is_called_off_and_followers_hear_of_it(world: World) -> None:
    await marked_panel(world)

    async with world.rita.following() as following:
        await erase(world, world.candidates["carla"])
        change = await following.next()

    assert (change["kind"], change["panel"]["status"]) == ("CANCELED", "CANCELED")


async def test_neither_a_push_nor_a_sync_brings_the_candidate_back_unless_it_is_asked_to(world: World) -> None:
    await marked_panel(world)
    await erase(world, world.candidates["carla"])
    shown = "id name erasedAt archivedAt headline"

    pushes = [
        world.a_panel("p"),
        world.a_panel("new"),
        world.a_panel("p", sequence=9, candidateId=world.candidates["carla"]),
    ]
    refused = [await world.goodtime.push(**push) for push in pushes]
    single = {"panelExternalId": "p", "interview": world.an_interview("one", subject=mark_of(world))}
    refused.append(await world.goodtime.push_one(**single))
    synced = await world.sam.sync("candidates", [row("carla", name=mark_of(world)), row("other")], shown)
    restored = await world.sam.sync("candidates", [row("carla", name="Back", restoreErased=True)], shown)

    assert [each["errors"][0]["code"] for each in refused] == ["CANDIDATE_ERASED"] * 4
    assert await marked_columns(world) == []
    assert faults(synced) == []
    assert (synced["candidates"][0]["name"], synced["candidates"][1]["name"]) == ("Erased", "Other")
    assert synced["candidates"][0]["erasedAt"]
    assert restored["candidates"] == [
        {"id": world.candidates["carla"], "name": "Back", "erasedAt": None, "archivedAt": None, "headline": None}
    ]
    assert (await world.goodtime.push(**world.a_panel("new")))["errors"] == []


async def test_the_scheduler_may_cancel_and_no_form_comes_back(world: World) -> None:
    panel = await marked_panel(world)
    pending = panel["interviews"][0]["interviewers"][1]["feedbackForm"]["id"]
    await erase(world, world.candidates["carla"])

    document = "mutation ($id: ID!) { reopenFeedback(formId: $id) { errors { code path } } }"
    reopened = (await world.rita.ask(document, id=pending))["reopenFeedback"]

    assert reopened["errors"] == [{"code": "CANDIDATE_ERASED", "path": ["formId"]}]
    assert (await world.goodtime.cancel(externalId="p", reason=mark_of(world)))["errors"] == []
    assert await marked_columns(world) == []


async def test_duplicates_are_erased_with_the_one_who_is_kept_and_nobody_merges_into_them(world: World) -> None:
    await marked_panel(world)
    await merge(world, ("carla", "lea"), headline=mark_of(world))

    await erase(world, world.candidates["lea"])
    refused = await merge(world, ("anna", "lea"))

    assert await marked_columns(world) == []
    assert codes_and_paths(refused["errors"]) == [("CANDIDATE_ERASED", "candidates.0.mergedIntoExternalId")]


async def test_erased_again_nothing_is_told_nor_counted_as_changed(world: World) -> None:
    assert (await erase(world, world.candidates["anna"]))["errors"] == []
    before = await world.ada.ask('{ changeCursor candidate(externalId: "anna") { updatedAt erasedAt } }')

    assert (await erase(world, world.candidates["anna"]))["errors"] == []

    after = await world.ada.ask('{ changeCursor candidate(externalId: "anna") { updatedAt erasedAt } }')
    assert after == before


async def test_it_is_audited_once_with_ids_only(world: World) -> None:
    for _ in range(2):
        assert (await erase(world, world.candidates["anna"]))["errors"] == []
    await erasure.erase_as_operator(world.slug, "lea")

    events = await models.AuditEvent.filter(account_id=world.account.id, act=models.AuditAct.CANDIDATE_ERASED).order_by(
        "id"
    )
    assert [(event.target_id, event.actor_id, event.details) for event in events] == [
        (world.candidates["anna"], world.ada.id, {}),
        (world.candidates["lea"], world.sam.id, {"by": "operator"}),
    ]


async def test_who_is_meant_on_the_command_line_is_never_guessed(world: World) -> None:
    await world.sam.sync("candidates", [row(world.candidates["anna"])])

    with pytest.raises(LookupError, match="is the id of one candidate and the external id of another"):
        await erasure.erase_as_operator(world.slug, world.candidates["anna"])
    assert await erasure.erase_as_operator(world.slug, "anna") == world.candidates["anna"]


async def test_retention_erases_whoever_was_archived_long_ago_and_is_off_by_default(world: World, limited: Set) -> None:
    old = clock.now() - timedelta(days=91)
    await models.Candidate.filter(account_id=world.account.id, external_id="arno").update(archived_at=old)

    none = await erasure.erase_past_retention()
    limited(candidate_retention_days=90)
    erased = [await erasure.erase_past_retention() for _ in range(2)]

    gone = await models.Candidate.filter(account_id=world.account.id, erased_at__isnull=False)
    assert (none, erased[1]) == (0, 0)
    assert [candidate.external_id for candidate in gone] == ["arno"]


async def test_retention_leaves_a_duplicate_as_long_as_the_candidate_who_is_kept(world: World, limited: Set) -> None:
    await world.goodtime.push(**world.a_panel("p"))
    await merge(world, ("carla", "lea"))
    limited(candidate_retention_days=90)
    old = clock.now() - timedelta(days=91)
    erased = []
    for name in ("carla", "lea"):
        await models.Candidate.filter(account_id=world.account.id, external_id=name).update(archived_at=old)
        erased.append(await erasure.erase_past_retention())

    gone = await models.Candidate.filter(account_id=world.account.id, erased_at__isnull=False).order_by("external_id")
    assert erased == [0, 1]
    assert [candidate.external_id for candidate in gone] == ["carla", "lea"]


async def test_an_erased_duplicate_is_restored_by_the_one_who_is_kept_alone(world: World) -> None:
    await merge(world, ("carla", "lea"))
    await erase(world, world.candidates["lea"])

    refused = await world.sam.sync("candidates", [row("carla", name=mark_of(world), restoreErased=True)])
    restored = await world.sam.sync("candidates", [row("lea", restoreErased=True)], "name erasedAt")
    pushed = await world.goodtime.push(**world.a_panel("p", candidateExternalId="carla"))

    assert faults(refused) == [("CANDIDATE_ERASED", "candidates.0.restoreErased")]
    assert await marked_columns(world) == []
    assert restored["candidates"] == [{"name": "Lea", "erasedAt": None}]
    assert pushed["panel"]["candidate"] == {"externalId": "lea"}


async def test_why_a_panel_was_cancelled_that_is_never_pushed_is_forgotten_with_the_log(
    world: World,
) -> None:
    early = [
        await world.goodtime.cancel(externalId=name, sequence=5, reason=mark_of(world)) for name in ("known", "unknown")
    ]
    await world.goodtime.push(**world.a_panel("known", sequence=1))
    assert [each["errors"] for each in early] == [[], []]
    panels, kept = models.Panel.filter(account_id=world.account.id, canceled_reason=mark_of(world)), []
    for days in (29, 31):
        with later(days=days):
            await erasure.forget_early_reasons()
        kept.append(sorted(await panels.values_list("external_id", flat=True)))

    assert kept == [["known", "unknown"], ["known"]]


async def test_an_export_has_all_that_is_stored_of_a_candidate_and_nothing_of_another(world: World) -> None:
    await marked_panel(world)
    await world.goodtime.push(**world.a_panel("leas", world.an_interview("one", "ivo"), candidateExternalId="lea"))

    exported = await exports.export_candidate(world.slug, world.candidates["carla"])

    text = str(exported)
    assert text.count(mark_of(world)) >= len({name for model in ABOUT_CANDIDATES for name, _ in text_columns(model)})
    assert world.candidates["lea"] not in text
    assert {table for table, rows in exported.items() if not rows} <= {"posting", "follower", "log_entry"}
    with pytest.raises(LookupError, match="There is no candidate nobody"):
        await exports.export_candidate(world.slug, "nobody")
