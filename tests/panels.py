"""What the tests of panels share: lists as somebody sees them, and a clock that stands still."""

from typing import Any

from tests.world import World

LIST = """query ($filter: InterviewPanelFilter, $first: Int, $after: String) {
  interviewPanels(filter: $filter, first: $first, after: $after) {
    pageInfo { hasNextPage endCursor } edges { node { externalId status } } } }"""


async def listed(world: World, **filter: Any) -> list[str]:
    """The external ids of the panels that GoodTime is listed, in order."""
    edges = (await world.goodtime.ask(LIST, filter=filter, first=100))["interviewPanels"]["edges"]
    return [edge["node"]["externalId"] for edge in edges]
