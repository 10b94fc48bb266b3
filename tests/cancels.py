"""What the tests of cancelling read: panels on a profile, changes, forms and origins."""

from typing import Any

from tests.world import World, in_hours

EVERY_PANEL = """query ($id: ID!, $all: Boolean) { candidate(id: $id) { interviewPanels(includeCanceled: $all) {
  edges { node { externalId } } } } }"""


async def profile(world: World, *, canceled_too: bool = False) -> list[str]:
    """The external ids of the panels on Carla's profile."""
    shown = await world.rita.ask(EVERY_PANEL, id=world.candidates["carla"], all=canceled_too)
    return [edge["node"]["externalId"] for edge in shown["candidate"]["interviewPanels"]["edges"]]


async def pushed(world: World, **fields: Any) -> dict[str, Any]:
    """A panel `p` of two interviews with forms, as it stands at revision 1."""
    template = {"feedbackTemplateId": world.templates["values"]}
    interviews = [
        world.an_interview("one", "ivo", **template),
        world.an_interview("two", "noor", startsAt=in_hours(26), **template),
    ]
    fields = {"externalUrl": "https://goodtime.example/p", "sequence": 1} | fields
    return dict((await world.goodtime.push(**world.a_panel("p", *interviews, **fields)))["panel"])


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
