"""What the tests of pushes read from answers: interviews, people, forms, and the changes and panels of the account."""

from typing import Any

from tests.world import World


def interviews_of(panel: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The interviews of an answer by their external id."""
    return {interview["externalId"]: interview for interview in panel["interviews"]}


def people(interview: dict[str, Any]) -> list[str]:
    """Who sits on an interview of an answer, by name, in its order."""
    return [seat["user"]["email"].partition("@")[0] for seat in interview["interviewers"]]


def forms(interview: dict[str, Any]) -> dict[str, dict[str, Any] | None]:
    """The forms of an interview's people, by name."""
    return dict(zip(people(interview), (seat["feedbackForm"] for seat in interview["interviewers"]), strict=True))


async def kinds(world: World) -> list[str]:
    """What the log has of the account, oldest first."""
    return [change["kind"] for change in await world.rita.changes()]


async def panels_of(world: World) -> list[str]:
    """The external ids of all the account's panels."""
    query = "{ interviewPanels(filter: {includeCanceled: true}) { edges { node { externalId } } } }"
    return [edge["node"]["externalId"] for edge in (await world.rita.ask(query))["interviewPanels"]["edges"]]
