"""Syncs of users: who is meant by a row, and who may change whom."""

import asyncio
from typing import Any

import pytest

from tests.syncs import LONG, faults
from tests.test_directory import USERS, a_user, names
from tests.world import World

SHOWN = "id externalId name email role deactivatedAt"


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


async def test_a_new_hire_does_not_become_the_leaver_whose_email_they_get(world: World) -> None:
    leaver = a_user(world, "ivo", deactivated=True)
    hire = a_user(world, "hire", name="Ivo Hire", email=world.email("ivo").upper())
    await world.sam.sync("users", [leaver])

    refused = await world.sam.sync("users", [hire])
    unchanged = await world.sam.ask(
        "query ($email: String!) { users(emails: [$email], includeDeactivated: true) {"
        " edges { node { id name deactivatedAt } } } }",
        email=world.email("ivo"),
    )
    await world.sam.sync("users", [leaver | {"email": f"left@{world.slug}.example"}])
    hired = await world.sam.sync("users", [hire], SHOWN)

    assert faults(refused) == [("TAKEN", "users.0.email")]
    [edge] = unchanged["users"]["edges"]
    assert (edge["node"]["id"], edge["node"]["name"]) == (world.ivo.id, "Ivo")
    assert edge["node"]["deactivatedAt"] is not None
    [user] = hired["users"]
    assert user["id"] != world.ivo.id
    assert (user["externalId"], user["email"], user["deactivatedAt"]) == ("user-hire", world.email("ivo"), None)


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


async def test_all_that_is_wrong_with_users_is_reported_at_once_and_none_is_taken(world: World) -> None:
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
    assert refused[0] in faults(await world.ada.sync("users", [sam | {"externalId": "else"}]))
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
