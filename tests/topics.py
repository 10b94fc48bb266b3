"""`changes` as tests ask it: followed, by page, and what of it they look at."""

from collections.abc import Iterable
from typing import Any

import models
from tests.people import Following, Person
from tests.world import World

FIELDS = """__typename cursor type actor { __typename }
  ... on InterviewPanelChange { kind previousStartsAt panel { id externalId } }
  ... on CandidateChange { candidate { id name } } ... on FeedbackFormChange { form { id status } }
  ... on IntegrationChange { integration { id enabled } } ... on NoLongerVisible { nodeId }
  ... on DirectoryChange { node { id ... on User { name } } }"""
FOLLOW = f"""subscription ($after: String, $topics: [ChangeTopic!], $candidateId: ID) {{
  changes(after: $after, topics: $topics, candidateId: $candidateId) {{ {FIELDS} }} }}"""
PAGE = f"""query (
  $after: String, $before: String, $first: Int, $last: Int, $topics: [ChangeTopic!], $candidateId: ID) {{
  changes(after: $after, before: $before, first: $first, last: $last, topics: $topics, candidateId: $candidateId) {{
    pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} edges {{ cursor node {{ {FIELDS} }} }} }} }}"""
HEAD = "{ changeCursor }"

CARLA = {"externalId": "carla", "name": "Carla Gómez", "stage": "On-site", "postingExternalId": "backend"}
CARLA |= {"headline": "Engineer", "emails": ["carla@mail.example"]}


async def paged(person: Person, **arguments: Any) -> list[dict[str, Any]]:
    edges = (await person.ask(PAGE, **arguments))["changes"]["edges"]
    assert [edge["cursor"] for edge in edges] == [edge["node"]["cursor"] for edge in edges]
    return [edge["node"] for edge in edges]


def types(changes: Iterable[dict[str, Any]]) -> list[str]:
    return [change["type"] for change in changes]


def gone(changes: Iterable[dict[str, Any]]) -> list[str]:
    return [change["nodeId"] for change in changes if change["type"] == "NO_LONGER_VISIBLE"]


async def received(following: Following, count: int) -> list[dict[str, Any]]:
    changes = [await following.next() for _ in range(count)]
    await following.expect_nothing(0.2)
    return changes


async def ids_of(world: World, external_id: str) -> tuple[str, list[str], list[str]]:
    """The ids of a panel, its interviews and its forms."""
    panel = await models.Panel.get(account_id=world.account.id, external_id=external_id)
    interviews = await models.Interview.filter(panel_id=panel.id).order_by("external_id")
    forms = await models.FeedbackForm.filter(panel_id=panel.id).order_by("id")
    return panel.id, [each.id for each in interviews], [each.id for each in forms]
