"""Compiled statements: one text for all values of a structure, and the rows that an ordinary query set would give."""

from tortoise.queryset import QuerySet

import models
from database import Bind, Join, Query, Texts, fetch, in_
from tests.sql_log import statements_and_values
from tests.world import World


def _users(ids: Texts, most: int) -> QuerySet[models.User]:
    return models.User.filter(in_("id", ids)).order_by("name").limit(most)


def _panels(external_ids: Texts) -> QuerySet[models.Interview]:
    return models.Interview.filter(in_("panel__external_id", external_ids))


async def test_a_list_of_any_length_is_bound_as_one_value(world: World) -> None:
    ids = [world.ivo.id, world.leo.id, world.rita.id]

    with statements_and_values() as sent:
        counts = [len(await fetch(Query(_users_of, ids=ids[:length]))) for length in range(4)]

    assert counts == [0, 1, 2, 3]
    assert len({statement for statement, _ in sent}) == 1
    assert len(sent[0][1]) == 1


def _users_of(ids: Bind) -> QuerySet[models.User]:
    return models.User.filter(in_("id", ids))


async def test_with_plain_values_the_same_function_makes_an_ordinary_query_set(world: World) -> None:
    ids = [world.ivo.id, world.leo.id]

    assert [user.id for user in await _users(ids, 9)] == [
        user.id for user in await fetch(Query(_users_up_to, 9, ids=ids), order_by=["name"])
    ]


def _users_up_to(most: int, ids: Bind) -> QuerySet[models.User]:
    return _users(ids, most)


async def test_rows_that_are_read_along_hang_where_they_belong(world: World) -> None:
    # The query has no scope: other accounts of this database must not have a panel of this name.
    name = f"panel of {world.slug}"
    await world.goodtime.push(**world.a_panel(name, world.an_interview("one", "ivo", "leo")))

    [interview] = await fetch(
        Query(_panels, external_ids=[name]),
        Join.collection("seats", models.Interviewer, pointer="interview"),
        Join.target("user", models.User, of="seats", attributes=frozenset({"email"})),
        order_by=["id", "seats.position"],
        attributes=frozenset({"subject"}),
    )

    assert interview.seats is not None
    assert [seat.user.email for seat in interview.seats] == [world.ivo.email, world.leo.email]
    assert "starts_at" not in interview.__dict__
    assert "name" not in interview.seats[0].user.__dict__
