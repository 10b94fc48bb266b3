"""The directory: people are looked up before they are invited."""

from typing import Any

import pytest

from tests.world import World

USERS = """query ($emails: [String!], $search: String, $deactivated: Boolean = false) {
  users(emails: $emails, search: $search, includeDeactivated: $deactivated) { edges { node { name email role } } } }"""


async def names(world: World, **arguments: Any) -> list[str]:
    """Who the pre-check finds, as GoodTime asks."""
    return [edge["node"]["name"] for edge in (await world.goodtime.ask(USERS, **arguments))["users"]["edges"]]


def a_user(world: World, who: str, **fields: Any) -> dict[str, Any]:
    return {"externalId": f"user-{who}", "email": world.email(who), "name": who.title(), "role": "INTERVIEWER"} | fields


async def test_the_pre_check_finds_emails_trimmed_and_without_regard_to_case(world: World) -> None:
    emails = [f"  {world.email('ivo').upper()} ", world.email("noor"), "stranger@anywhere.example"]

    assert await names(world, emails=emails) == ["Ivo", "Noor"]


async def test_the_pre_check_leaves_out_the_deactivated_unless_asked_for(world: World) -> None:
    await world.sam.sync("users", [a_user(world, "ivo", deactivated=True)])

    assert await names(world, emails=[world.email("ivo")]) == []
    assert await names(world, emails=[world.email("ivo")], deactivated=True) == ["Ivo"]


async def test_the_pre_check_of_no_emails_finds_nobody(world: World) -> None:
    assert await names(world, emails=[]) == []


async def test_the_pre_check_takes_500_emails_and_no_more(world: World) -> None:
    most = [f"user-{number}@anywhere.example" for number in range(499)] + [world.email("ivo")]
    assert await names(world, emails=most) == ["Ivo"]

    answer = await world.goodtime.answer(USERS, emails=[*most, "one@more.example"])

    [error] = answer["errors"]
    assert (error["extensions"]["code"], error["extensions"]["limit"]) == ("LIMIT_EXCEEDED", 500)


@pytest.mark.parametrize("search", ["gómez", "GÓMEZ", "Gómez", "zoé", "100%_", "pat@", "PAT@"])
async def test_people_are_found_by_part_of_a_name_or_an_email_whatever_its_case(search: str, world: World) -> None:
    await world.sam.sync(
        "users", [a_user(world, "pat", name="Zo\u00e9 Gómez 100%_sure", email=f"Pat@{world.slug}.example")]
    )

    assert await names(world, search=search) == ["Zo\u00e9 Gómez 100%_sure"]


@pytest.mark.parametrize("search", ["%", "_", "\\", "100%sure", "r_ta"])
async def test_no_character_of_a_search_stands_for_others(search: str, world: World) -> None:
    assert await names(world, search=search) == []
