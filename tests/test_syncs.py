"""Syncs: lists that are taken over whole or not at all."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

import clock
from tests.test_directory import USERS, a_user, names
from tests.world import GraphQLErrors, World, instant, told

SHOWN = "id externalId name email role deactivatedAt"
LONG = "x" * 501


def faults(payload: dict[str, Any]) -> list[tuple[str, str]]:
    """What a payload refuses: codes with their paths."""
    return told(payload["errors"])


def a_candidate(external_id: str = "new", **its: Any) -> dict[str, Any]:
    return {"externalId": external_id, "name": "New", "stage": "On-site"} | its


def a_template(*fields: dict[str, Any], **its: Any) -> dict[str, Any]:
    score = {"type": "SCORE", "label": "Overall"}
    return {"externalId": "new", "name": "New", "fields": list(fields) or [score]} | its


async def test_users_are_matched_by_external_id_else_by_email(world: World) -> None:
    ivo = a_user(world, "ivo", email=f"ivo.new@{world.slug}.example")
    noor = a_user(world, "noor", name="Noor Nuri", externalId=None)

    synced = await world.ada.sync("users", [ivo, noor], SHOWN)

    assert [user["id"] for user in synced["users"]] == [world.ivo.id, world.noor.id]
    assert [user["email"] for user in synced["users"]] == [ivo["email"], world.email("noor")]
    assert [user["externalId"] for user in synced["users"]] == ["user-ivo", "user-noor"]
    assert synced["users"][1]["name"] == "Noor Nuri"


async def test_two_users_may_swap_their_emails_and_external_ids(world: World) -> None:
    swapped = [a_user(world, "ivo", email=world.email("noor")), a_user(world, "noor", email=world.email("ivo"))]

    synced = await world.sam.sync("users", swapped, SHOWN)

    assert synced["errors"] == []
    assert [(user["id"], user["email"]) for user in synced["users"]] == [
        (world.ivo.id, world.email("noor")),
        (world.noor.id, world.email("ivo")),
    ]


async def test_an_email_that_one_user_gives_up_another_may_take(world: World) -> None:
    taker = a_user(world, "new", email=world.email("ivo"))
    giver = a_user(world, "ivo", email=f"ivo.new@{world.slug}.example")

    synced = await world.sam.sync("users", [giver, taker], SHOWN)

    assert synced["errors"] == []
    assert [user["email"] for user in synced["users"]] == [giver["email"], world.email("ivo")]


async def test_two_rows_that_mean_one_user_are_refused(world: World) -> None:
    by_id = a_user(world, "ivo", email=f"ivo.new@{world.slug}.example")
    by_email = a_user(world, "ivo", externalId=None)

    synced = await world.sam.sync("users", [by_id, by_email])

    assert faults(synced) == [("TAKEN", "users.1")]
    assert await names(world, emails=[world.email("ivo")]) == ["Ivo"]


async def test_what_another_user_has_is_taken(world: World) -> None:
    taken = [a_user(world, "ivo", email=world.email("rita").upper())]
    twice = [a_user(world, "one"), a_user(world, "one")]

    assert faults(await world.sam.sync("users", taken)) == [("TAKEN", "users.0.email")]
    assert faults(await world.sam.sync("users", twice)) == [("TAKEN", "users.1.email"), ("TAKEN", "users.1.externalId")]


async def test_all_that_is_wrong_with_users_is_said_at_once_and_none_is_taken(world: World) -> None:
    rows = [
        a_user(world, "good"),
        a_user(world, "bad", name=" ", email="nobody", externalId=""),
        a_user(world, "long", name=LONG, externalId=LONG),
        a_user(world, "control", name="a\x07b"),
    ]

    synced = await world.sam.sync("users", rows)

    assert synced["users"] == []
    assert sorted(faults(synced)) == [
        ("INVALID", "users.1.email"),
        ("INVALID", "users.1.externalId"),
        ("INVALID", "users.1.name"),
        ("INVALID", "users.2.externalId"),
        ("INVALID", "users.2.name"),
        ("INVALID", "users.3.name"),
    ]
    assert await names(world, emails=[world.email("good")]) == []


async def test_an_email_is_as_long_as_it_is_kept(world: World) -> None:
    grows = "\u0130" * 400 + "@mail.example"
    fits = "\u0130" * 200 + "@mail.example"

    assert faults(await world.sam.sync("users", [a_user(world, "new", email=grows)])) == [("INVALID", "users.0.email")]
    synced = await world.sam.sync("users", [a_user(world, "new", email=fits)], SHOWN)
    assert [user["email"] for user in synced["users"]] == [fits.lower()]


async def test_an_admin_may_not_make_change_or_deactivate_a_super_admin(world: World) -> None:
    sam = a_user(world, "sam", role="SUPER_ADMIN")
    refused = [("INVALID", "users.0.role")]

    assert faults(await world.ada.sync("users", [a_user(world, "new", role="SUPER_ADMIN")])) == refused
    assert faults(await world.ada.sync("users", [a_user(world, "rita", role="SUPER_ADMIN")])) == refused
    assert faults(await world.ada.sync("users", [sam | {"name": "Samuel"}])) == refused
    assert faults(await world.ada.sync("users", [sam | {"email": f"else@{world.slug}.example"}])) == refused
    assert faults(await world.ada.sync("users", [sam | {"externalId": "else", "email": world.email("sam")}])) == refused
    assert ("INVALID", "users.0.role") in faults(await world.ada.sync("users", [sam | {"role": "ADMIN"}]))
    assert ("INVALID", "users.0.role") in faults(await world.ada.sync("users", [sam | {"deactivated": True}]))
    unchanged = await world.ada.sync("users", [sam, a_user(world, "rita", role="ADMIN")], SHOWN)
    assert [user["role"] for user in unchanged["users"]] == ["SUPER_ADMIN", "ADMIN"]


@pytest.mark.parametrize("change", [{"deactivated": True}, {"role": "ADMIN"}])
async def test_the_last_active_super_admin_can_not_be_deactivated_or_demoted(
    change: dict[str, Any], world: World
) -> None:
    sam = a_user(world, "sam", role="SUPER_ADMIN")
    alone = await world.sam.sync("users", [sam | change])
    replaced = await world.sam.sync("users", [sam | change, a_user(world, "ada", role="SUPER_ADMIN")])

    assert faults(alone) == [("INVALID", "users")]
    assert replaced["errors"] == []


async def test_two_super_admins_who_demote_each_other_at_once_leave_one(world: World) -> None:
    remaining = world.sam
    for _ in range(5):
        await remaining.sync("users", [a_user(world, who, role="SUPER_ADMIN") for who in ("sam", "ada")])

        await asyncio.gather(
            world.sam.sync("users", [a_user(world, "ada", role="ADMIN")]),
            world.ada.sync("users", [a_user(world, "sam", role="ADMIN")]),
        )

        edges = (await world.rita.ask(USERS))["users"]["edges"]
        [name] = [edge["node"]["name"] for edge in edges if edge["node"]["role"] == "SUPER_ADMIN"]
        remaining = world.sam if name == "Sam" else world.ada


async def test_a_deactivated_super_admin_does_not_count_as_the_last_active_one(world: World) -> None:
    retired = a_user(world, "ada", role="SUPER_ADMIN", deactivated=True)

    synced = await world.sam.sync("users", [retired, a_user(world, "sam", role="ADMIN")])

    assert faults(synced) == [("INVALID", "users")]


async def test_a_deactivated_user_comes_back_by_a_sync(world: World) -> None:
    gone = await world.sam.sync("users", [a_user(world, "ivo", deactivated=True)], SHOWN)
    again = await world.sam.sync("users", [a_user(world, "ivo", deactivated=True)], SHOWN)
    back = await world.sam.sync("users", [a_user(world, "ivo")], SHOWN)

    assert gone["users"][0]["deactivatedAt"] is not None
    assert again["users"][0]["deactivatedAt"] == gone["users"][0]["deactivatedAt"]
    assert back["users"][0]["deactivatedAt"] is None


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


async def test_a_row_tells_when_it_was_first_and_last_synced_and_since_when_it_is_archived(world: World) -> None:
    shown, seen = "createdAt updatedAt archivedAt", []
    for minutes, archived in enumerate((False, True, True)):
        moment = clock.now() + timedelta(minutes=minutes)
        with clock.reading(lambda: moment):  # noqa: B023 - it is left before the next
            for what, row in (("candidates", a_candidate()), ("feedbackTemplates", a_template())):
                [its] = (await world.sam.sync(what, [row | {"archived": archived}], shown))[what]
                seen.append((what, *(its[name] and instant(its[name]) - moment for name in shown.split())))

    now, minute = timedelta(), timedelta(minutes=1)
    for what in ("candidates", "feedbackTemplates"):
        [first, second, third] = [times for name, *times in seen if name == what]
        assert first == [now, now, None]
        assert second[1:] == [now, now]
        assert third[1] == now
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


async def test_all_that_is_wrong_with_stages_is_said_at_once(world: World) -> None:
    rows = [{"name": name, "position": 1} for name in ("Same", "Same ", "", LONG)]

    synced = await world.sam.sync("stages", rows)

    assert faults(synced) == [("TAKEN", "stages.1.name"), ("INVALID", "stages.2.name"), ("INVALID", "stages.3.name")]


async def test_postings_are_matched_by_external_id_and_listed_by_title(world: World) -> None:
    rows = [{"externalId": "backend", "title": "Zookeeper"}, {"externalId": "frontend", "title": "Acrobat"}]

    synced = await world.ada.sync("postings", rows, "title hiringManager { name }")

    assert synced["postings"][0] == {"title": "Zookeeper", "hiringManager": None}
    listed = (await world.goodtime.ask("{ postings { title externalId } }"))["postings"]
    assert [posting["externalId"] for posting in listed] == ["frontend", "backend"]


async def test_all_that_is_wrong_with_postings_is_said_at_once(world: World) -> None:
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


async def test_all_that_is_wrong_with_candidates_is_said_at_once(world: World) -> None:
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
    found = await world.sam.ask('{ candidate(externalId: "same") { id } }')
    assert found["candidate"] is None


SCORE = {"type": "SCORE", "label": "Overall"}


@pytest.mark.parametrize(
    ("fields", "paths"),
    [
        ([], ["fields"]),
        ([SCORE, *({"type": "TEXT", "label": f"Field {n}"} for n in range(100))], ["fields"]),
        ([{"type": "TEXT", "label": "Notes"}], ["fields"]),
        ([SCORE, SCORE | {"label": "Another"}], ["fields"]),
        ([SCORE | {"label": ""}], ["fields.0.label"]),
        ([SCORE | {"options": ["Hire", "No Hire"]}], ["fields.0.options"]),
        ([SCORE, {"type": "YES_NO", "label": "Again?", "options": ["Si", "No"]}], ["fields.1.options"]),
        ([SCORE, {"type": "DROPDOWN", "label": "Level"}], ["fields.1.options"]),
        ([SCORE, {"type": "DROPDOWN", "label": "Level", "options": [str(n) for n in range(101)]}],
         ["fields.1.options"]),
        ([SCORE, {"type": "MULTIPLE_SELECT", "label": "Skills", "options": ["A", "A"]}], ["fields.1.options"]),
        ([SCORE, {"type": "DROPDOWN", "label": "Level", "options": ["A", ""]}], ["fields.1.options.1"]),
        ([SCORE, {"type": "TEXT", "label": "Notes", "options": ["A"]}], ["fields.1.options"]),
        ([SCORE, {"type": "TEXT", "label": LONG, "description": "a\x07b"}],
         ["fields.1.description", "fields.1.label"]),
    ],
)  # fmt: skip
async def test_a_template_has_fields_of_which_exactly_one_is_a_score_and_options_only_where_they_belong(
    fields: list[dict[str, Any]], paths: list[str], world: World
) -> None:
    synced = await world.sam.sync("feedbackTemplates", [a_template() | {"fields": fields}])

    assert sorted(faults(synced)) == [("INVALID", f"feedbackTemplates.0.{path}") for path in paths]


async def test_the_fields_of_a_template_have_their_options(world: World) -> None:
    fields = [
        SCORE | {"required": True},
        {"type": "YES_NO", "label": "Again?"},
        {"type": "DROPDOWN", "label": "Level", "options": ["Junior", "Senior"], "description": "Where they stand"},
    ]

    synced = await world.sam.sync(
        "feedbackTemplates", [a_template(*fields)], "fields { type label description required options }"
    )

    assert synced["feedbackTemplates"][0]["fields"] == [
        SCORE
        | {"description": None, "required": True, "options": ["Strong No Hire", "No Hire", "Hire", "Strong Hire"]},
        {"type": "YES_NO", "label": "Again?", "description": None, "required": False, "options": ["Yes", "No"]},
        fields[2] | {"required": False},
    ]


async def test_a_field_of_the_same_type_and_label_keeps_its_id(world: World) -> None:
    notes = {"type": "TEXT", "label": "Notes"}

    async def ids(*fields: dict[str, Any]) -> list[str]:
        synced = await world.sam.sync("feedbackTemplates", [a_template(*fields)], "fields { id }")
        assert synced["errors"] == []
        return [field["id"] for field in synced["feedbackTemplates"][0]["fields"]]

    score, first, second = await ids(SCORE, notes, notes)

    assert await ids(SCORE, notes, notes) == [score, first, second]
    assert await ids(notes, SCORE | {"required": True}) == [first, score]
    [changed, _] = await ids(SCORE | {"label": "In all"}, notes)
    assert changed not in (score, first, second)


async def test_templates_are_listed_by_name_without_the_archived_unless_asked_for(world: World) -> None:
    await world.sam.sync("feedbackTemplates", [a_template(externalId="values", name="A hundred %", archived=True)])
    document = """query ($search: String, $archived: Boolean = false) {
      feedbackTemplates(search: $search, includeArchived: $archived) { edges { node { name archivedAt } } } }"""

    async def listed(**arguments: Any) -> list[str]:
        edges = (await world.rita.ask(document, **arguments))["feedbackTemplates"]["edges"]
        return [edge["node"]["name"] for edge in edges]

    assert await listed() == ["Technical"]
    assert await listed(archived=True) == ["A hundred %", "Technical"]
    assert await listed(search="TECH", archived=True) == ["Technical"]
    assert await listed(search="%", archived=True) == ["A hundred %"]


async def test_all_that_is_wrong_with_templates_is_said_at_once(world: World) -> None:
    rows = [a_template(externalId="", name=LONG, instructions="a\x07b"), a_template(), a_template()]

    synced = await world.sam.sync("feedbackTemplates", rows)

    assert faults(synced) == [
        ("TAKEN", "feedbackTemplates.2.externalId"),
        ("INVALID", "feedbackTemplates.0.externalId"),
        ("INVALID", "feedbackTemplates.0.name"),
        ("INVALID", "feedbackTemplates.0.instructions"),
    ]
    assert synced["feedbackTemplates"] == []
