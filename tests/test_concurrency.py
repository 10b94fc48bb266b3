"""Many who write at once: what they write ends as if one came after the other, and the log has no gap."""

import asyncio
import random

import asyncpg
import pytest

from tests.convergence import a_whole_panel, log, stored
from tests.people import instant
from tests.processes import until
from tests.world import World, in_hours

WAITS_FOR_US = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))"


async def test_pushing_one_panel_many_times_at_once_makes_it_once(world: World) -> None:
    push = a_whole_panel(world, "p")

    answers = await asyncio.gather(*(world.goodtime.push(**push) for _ in range(16)))

    assert sorted(answer["outcome"] for answer in answers) == ["CREATED"] + ["UNCHANGED"] * 15
    assert len({answer["panel"]["id"] for answer in answers}) == 1
    assert await stored(world) == {"panels": 1, "interviews": 2, "seats": 4, "forms": 4}
    assert [change.kind.value for change in await log(world)] == ["CREATED"]


async def test_many_revisions_at_once_end_with_the_highest(world: World) -> None:
    revisions = list(range(1, 17))
    random.shuffle(revisions)

    answers = await asyncio.gather(
        *(world.goodtime.push(**a_whole_panel(world, "p", number, note=f"{number}")) for number in revisions)
    )

    outcomes = [answer["outcome"] for answer in answers]
    assert outcomes.count("CREATED") == 1
    assert set(outcomes) <= {"CREATED", "UPDATED", "STALE_IGNORED"}
    panel = await world.goodtime.panel(externalId="p")
    assert panel is not None
    assert (panel["note"], panel["sequence"]) == ("16", 16)
    assert await stored(world) == {"panels": 1, "interviews": 2, "seats": 4, "forms": 4}
    assert len(await log(world)) == panel["version"]


async def test_of_many_contents_of_one_revision_at_once_one_is_taken_and_the_others_conflict(world: World) -> None:
    answers = await asyncio.gather(
        *(world.goodtime.push(**a_whole_panel(world, "p", 1, note=f"{number}")) for number in range(8))
    )

    [taken] = [answer for answer in answers if not answer["errors"]]
    codes = [error["code"] for answer in answers for error in answer["errors"]]
    assert (taken["outcome"], codes) == ("CREATED", ["SEQUENCE_CONFLICT"] * 7)
    panel = await world.goodtime.panel(externalId="p")
    assert panel == taken["panel"]


async def test_without_a_sequence_too_nobody_fails_and_one_of_them_stands_whole(world: World) -> None:
    answers = await asyncio.gather(
        *(world.goodtime.push(**a_whole_panel(world, "p", None, day, note=f"{day}")) for day in range(1, 13))
    )

    assert not any(answer["errors"] for answer in answers)
    panel = await world.goodtime.panel(externalId="p")
    assert panel is not None
    assert {each["startsAt"] for each in panel["interviews"]} == {panel["startsAt"]}
    assert instant(panel["startsAt"]) == instant(in_hours(24 * int(panel["note"])))
    assert await stored(world) == {"panels": 1, "interviews": 2, "seats": 4, "forms": 4}


async def test_events_of_a_new_panel_at_once_are_all_there(world: World) -> None:
    event = {"panelExternalId": "p", "candidateExternalId": "carla", "timezone": "UTC", "sequence": 1}

    answers = await asyncio.gather(
        *(world.goodtime.push_one(**event, interview=world.an_interview(f"event-{number}")) for number in range(12))
    )

    assert sorted(answer["outcome"] for answer in answers) == ["CREATED"] + ["UPDATED"] * 11
    assert await stored(world) == {"panels": 1, "interviews": 12, "seats": 12, "forms": 0}
    assert len(await log(world)) == 12


async def test_pushes_and_cancels_at_once_end_as_if_one_after_the_other(world: World) -> None:
    acts = [world.goodtime.push(**a_whole_panel(world, "p", number)) for number in (1, 2, 3, 5)]
    acts += [world.goodtime.cancel(externalId="p", sequence=number) for number in (2, 4, 6)]
    acts += [world.goodtime.push(**a_whole_panel(world, "q", number)) for number in (1, 3, 7)]
    acts += [world.goodtime.cancel(externalId="q", sequence=number) for number in (2, 6)]

    answers = await asyncio.gather(*acts)

    assert not any(answer["errors"] for answer in answers)
    p, q = await world.goodtime.panel(externalId="p"), await world.goodtime.panel(externalId="q")
    assert p is not None
    assert q is not None
    assert [(panel["status"], panel["sequence"]) for panel in (p, q)] == [("CANCELED", 6), ("SCHEDULED", 7)]
    await log(world)


@pytest.mark.postgres
async def test_a_push_waits_for_whoever_changes_its_panel_and_goes_by_what_stands_then(
    world: World, migrated: str
) -> None:
    await world.goodtime.push(**a_whole_panel(world, "p", 1))
    other_process = await asyncpg.connect(migrated)
    transaction = other_process.transaction()
    await transaction.start()
    await other_process.execute("UPDATE panel SET sequence = 5, declared_sequence = 5, pushed_sequence = 5")

    pushing = asyncio.create_task(world.goodtime.push(**a_whole_panel(world, "p", 2, note="late")))
    await until(lambda: other_process.fetchval(WAITS_FOR_US))
    await transaction.commit()

    assert (await pushing)["outcome"] == "STALE_IGNORED"
    await other_process.close()


async def test_panels_pushed_side_by_side_leave_no_gap_in_the_log(world: World) -> None:
    revisions = [a_whole_panel(world, f"panel-{number}", sequence) for number in range(12) for sequence in (1, 2)]
    random.shuffle(revisions)

    answers = await asyncio.gather(*(world.goodtime.push(**push) for push in revisions))

    assert not any(answer["errors"] for answer in answers)
    assert len(await log(world)) == sum(answer["outcome"] in ("CREATED", "UPDATED") for answer in answers)
    assert (await stored(world))["panels"] == 12


async def test_of_many_users_who_cancel_the_same_version_one_does(world: World) -> None:
    panel = (await world.goodtime.push(**a_whole_panel(world, "p")))["panel"]

    people = [world.sam, world.ada, world.rita] * 3
    answers = await asyncio.gather(*(person.cancel(id=panel["id"], expectedVersion=1) for person in people))

    codes = [error["code"] for answer in answers for error in answer["errors"]]
    assert codes == ["VERSION_CONFLICT"] * 8
    assert len(await log(world)) == 2


async def test_a_form_handed_in_many_times_at_once_is_handed_in_once(world: World) -> None:
    pushed = await world.goodtime.push(**a_whole_panel(world, "p"))
    form = pushed["panel"]["interviews"][0]["interviewers"][0]["feedbackForm"]["id"]

    answers = await asyncio.gather(*(world.ivo.fill(form, "Hire") for _ in range(8)))

    assert not any(answer["errors"] for answer in answers)
    assert [change.kind.value for change in await log(world)] == ["CREATED", "FEEDBACK_SUBMITTED"]
