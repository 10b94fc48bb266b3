"""Syncs: lists that are taken over whole or not at all; stages, postings and candidates."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

import clock
from tests.people import GraphQLErrors, instant
from tests.syncs import LONG, a_template, faults
from tests.test_directory import a_user
from tests.world import World


def a_candidate(external_id: str = "new", **fields: Any) -> dict[str, Any]:
    return {"externalId": external_id, "name": "New", "stage": "On-site"} | fields


@pytest.mark.parametrize("what", ["users", "stages", "postings", "candidates", "feedbackTemplates"])
async def test_a_sync_takes_500_rows_and_no_more(what: str, world: World) -> None:
    made = {
        "users": lambda number: a_user(world, f"many-{number}"),
        "stages": lambda number: {"name": f"Stage {number}", "position": number},
        "postings": lambda number: {"externalId": f"many-{number}", "title": "Many"},
        "candidates": lambda number: a_candidate(f"many-{number}"),
        "feedbackTemplates": lambda number: a_template(externalId=f"many-{number}"),
    }
    rows = [made[what](number) for number in range(501)]

    synced = await world.sam.sync(what, rows[:500])

    assert synced["errors"] == []
    assert len(synced[what]) == 500
    with pytest.raises(GraphQLErrors, match="LIMIT_EXCEEDED"):
        await world.sam.sync(what, rows)


async def test_names_are_kept_without_the_blanks_around_them(world: World) -> None:
    rows = {
        "users": a_user(world, "new", name=" Kept\u00a0"),
        "stages": {"name": " Kept ", "position": 9},
        "postings": {"externalId": "new", "title": " Kept "},
        "candidates": a_candidate(name=" Kept ", stage=" Kept "),
        "feedbackTemplates": a_template(name=" Kept "),
    }

    for what, row in rows.items():
        shown = "title" if what == "postings" else "name"
        for _ in range(2):
            assert await world.sam.sync(what, [row], shown) == {what: [{shown: "Kept"}], "errors": []}


async def test_a_row_says_when_it_was_first_synced_last_changed_and_archived(world: World) -> None:
    shown, seen = "createdAt updatedAt archivedAt", []
    for minutes, archived in enumerate((False, True, True)):
        moment = clock.now() + timedelta(minutes=minutes)
        with clock.reading(lambda: moment):  # noqa: B023 - it is left before the next
            for what, row in (("candidates", a_candidate()), ("feedbackTemplates", a_template())):
                [synced] = (await world.sam.sync(what, [row | {"archived": archived}], shown))[what]
                seen.append((what, *(synced[name] and instant(synced[name]) - moment for name in shown.split())))

    now, minute = timedelta(), timedelta(minutes=1)
    for what in ("candidates", "feedbackTemplates"):
        [first, second, third] = [times for name, *times in seen if name == what]
        assert first == [now, now, None]
        assert second[1:] == [now, now]
        # A sync of what is the same changes nothing.
        assert third[1] < -minute / 2
        assert third[2] < -minute / 2


@pytest.mark.parametrize("what", ["users", "stages", "postings", "candidates", "feedbackTemplates"])
async def test_a_sync_of_nothing_changes_nothing(what: str, world: World) -> None:
    assert await world.sam.sync(what, []) == {what: [], "errors": []}


async def test_the_same_sync_twice_at_once_is_taken_once(world: World) -> None:
    rows = [a_candidate(f"at-once-{number}") for number in range(20)]

    one, other = await asyncio.gather(*(world.sam.sync("candidates", rows) for _ in range(2)))

    assert one["errors"] == other["errors"] == []
    assert one["candidates"] == other["candidates"]


async def test_stages_are_matched_by_name_and_listed_by_position(world: World) -> None:
    rows = [{"name": " On-site ", "position": 0, "hasInterview": False}, {"name": "Offer", "position": 7}]

    synced = await world.ada.sync("stages", rows, "id name position hasInterview")

    assert synced["stages"][0] == {
        "id": world.stages["On-site"],
        "name": "On-site",
        "position": 0,
        "hasInterview": False,
    }
    listed = (await world.leo.ask("{ stages { name } }"))["stages"]
    assert [stage["name"] for stage in listed] == ["On-site", "Applied", "Offer"]


async def test_all_that_is_wrong_with_stages_is_reported_at_once(world: World) -> None:
    rows = [{"name": name, "position": 1} for name in ("Same", "Same ", "", LONG)]

    synced = await world.sam.sync("stages", rows)

    assert faults(synced) == [("TAKEN", "stages.1.name"), ("INVALID", "stages.2.name"), ("INVALID", "stages.3.name")]


async def test_postings_are_matched_by_external_id_and_listed_by_title(world: World) -> None:
    rows = [{"externalId": "backend", "title": "Zookeeper"}, {"externalId": "frontend", "title": "Acrobat"}]

    synced = await world.ada.sync("postings", rows, "title hiringManager { name }")

    assert synced["postings"][0] == {"title": "Zookeeper", "hiringManager": None}
    listed = (await world.goodtime.ask("{ postings { title externalId } }"))["postings"]
    assert [posting["externalId"] for posting in listed] == ["frontend", "backend"]


async def test_all_that_is_wrong_with_postings_is_reported_at_once(world: World) -> None:
    rows = [
        {"externalId": "", "title": "", "hiringManagerEmail": "stranger@anywhere.example"},
        {"externalId": "same", "title": "One"},
        {"externalId": "same", "title": LONG},
    ]

    synced = await world.sam.sync("postings", rows)

    assert sorted(faults(synced)) == [
        ("INVALID", "postings.0.externalId"),
        ("INVALID", "postings.0.title"),
        ("INVALID", "postings.2.title"),
        ("NOT_FOUND", "postings.0.hiringManagerEmail"),
        ("TAKEN", "postings.2.externalId"),
    ]
    assert len((await world.sam.ask("{ postings { id } }"))["postings"]) == 1


async def test_a_candidate_is_as_the_last_sync_declares_them(world: World) -> None:
    shown = """id name headline emails stage { name } posting { title } owner { name } followers { name }
      archivedAt"""
    first = a_candidate(
        headline="One line",
        emails=[" New@Mail.example "],
        postingExternalId="backend",
        ownerEmail=world.email("rita").upper(),
        followerEmails=[world.email("leo"), world.email("ada"), world.email("ada")],
    )

    [made] = (await world.sam.sync("candidates", [first], shown))["candidates"]
    [bare] = (await world.sam.sync("candidates", [a_candidate(stage="Applied", archived=True)], shown))["candidates"]
    [again] = (await world.sam.sync("candidates", [a_candidate(stage="Applied", archived=True)], shown))["candidates"]
    [back] = (await world.sam.sync("candidates", [a_candidate()], shown))["candidates"]

    assert made == {
        "id": made["id"],
        "name": "New",
        "headline": "One line",
        "emails": ["New@Mail.example"],
        "stage": {"name": "On-site"},
        "posting": {"title": "Backend Engineer"},
        "owner": {"name": "Rita"},
        "followers": [{"name": "Ada"}, {"name": "Leo"}],
        "archivedAt": None,
    }
    nothing = {"headline": None, "emails": [], "posting": None, "owner": None, "followers": []}
    assert bare["archivedAt"] is not None
    assert bare == made | nothing | {"stage": {"name": "Applied"}, "archivedAt": bare["archivedAt"]}
    assert again == bare
    assert back == made | nothing


async def test_all_that_is_wrong_with_candidates_is_reported_at_once(world: World) -> None:
    rows = [
        a_candidate(
            "",
            name="",
            headline=LONG,
            emails=["good@mail.example", "bad"],
            stage="Nowhere",
            postingExternalId="nothing",
            ownerEmail="stranger@anywhere.example",
            followerEmails=[world.email("ada"), "stranger@anywhere.example"],
        ),
        a_candidate("same"),
        a_candidate("same"),
    ]

    synced = await world.sam.sync("candidates", rows)

    assert sorted(faults(synced)) == [
        ("INVALID", "candidates.0.emails.1"),
        ("INVALID", "candidates.0.externalId"),
        ("INVALID", "candidates.0.headline"),
        ("INVALID", "candidates.0.name"),
        ("NOT_FOUND", "candidates.0.followerEmails.1"),
        ("NOT_FOUND", "candidates.0.ownerEmail"),
        ("NOT_FOUND", "candidates.0.postingExternalId"),
        ("NOT_FOUND", "candidates.0.stage"),
        ("TAKEN", "candidates.2.externalId"),
    ]
    answer = await world.sam.ask('{ candidate(externalId: "same") { id } }')
    assert answer["candidate"] is None
