"""What a cancel answers that it came to: CANCELED, UNCHANGED or STALE_IGNORED."""

from typing import Any

from tests.people import Person
from tests.world import World

PANEL = "mutation ($input: CancelInterviewPanelInput!) { cancel: cancelInterviewPanel(input: $input) { outcome } }"
INTERVIEW = "mutation ($input: CancelInterviewInput!) { cancel: cancelInterview(input: $input) { outcome } }"


async def outcome(person: Person, **fields: Any) -> str | None:
    """What came of a cancel: of an interview where its panel is named too."""
    document = INTERVIEW if "panelExternalId" in fields else PANEL
    came_to: str | None = (await person.ask(document, input=fields))["cancel"]["outcome"]
    return came_to


async def test_a_cancel_by_a_user_tells_whether_the_panel_stood(world: World) -> None:
    await world.goodtime.push(**world.a_panel("p", world.an_interview("one"), world.an_interview("two")))

    assert await outcome(world.rita, panelExternalId="p", externalId="one") == "CANCELED"
    assert await outcome(world.rita, panelExternalId="p", externalId="one") == "UNCHANGED"
    assert await outcome(world.rita, externalId="p") == "CANCELED"
    assert await outcome(world.rita, externalId="p") == "UNCHANGED"
    assert await outcome(world.rita, panelExternalId="p", externalId="two") == "UNCHANGED"
    assert await outcome(world.rita, externalId="unknown") is None


async def test_a_cancel_by_the_scheduler_tells_whether_a_later_push_stands(world: World) -> None:
    await world.goodtime.push(**world.a_panel("p", sequence=5))

    assert await outcome(world.goodtime, externalId="p", sequence=4) == "STALE_IGNORED"
    assert await outcome(world.goodtime, panelExternalId="p", externalId="one", sequence=4) == "STALE_IGNORED"
    assert await outcome(world.goodtime, externalId="p", sequence=6) == "CANCELED"
    assert await outcome(world.goodtime, externalId="p", sequence=7) == "UNCHANGED"
    assert await outcome(world.goodtime, externalId="p", sequence=4) == "UNCHANGED"


async def test_a_cancel_of_what_is_not_known_yet_is_kept(world: World) -> None:
    assert await outcome(world.goodtime, externalId="p", sequence=1) == "CANCELED"
    assert await outcome(world.goodtime, externalId="p", sequence=1) == "UNCHANGED"
    await world.goodtime.push(**world.a_panel("q", sequence=1))
    assert await outcome(world.goodtime, panelExternalId="q", externalId="later", sequence=2) == "CANCELED"
    assert await outcome(world.goodtime, panelExternalId="q", externalId="later", sequence=2) == "UNCHANGED"


async def test_the_scheduler_takes_over_a_cancel_in_the_ats(world: World) -> None:
    await world.goodtime.push(**world.a_panel("p", sequence=1))
    await outcome(world.rita, externalId="p")

    assert await outcome(world.goodtime, externalId="p", sequence=2) == "CANCELED"
    assert await outcome(world.goodtime, externalId="p", sequence=2) == "UNCHANGED"
