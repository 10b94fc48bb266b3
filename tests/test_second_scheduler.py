"""A second scheduler is one more entry: with it the help article is done, beside the first one."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.help_article import Scheduler, demo_account, follow_help_article
from tests.people import PUSH, Person, Server
from tests.processes import Installation

ACTION = """{ candidate(externalId: "carla") {
  scheduleAction { provider url dashboardLabel bannerLabel menuLabel } } }"""
PANEL = """query ($provider: IntegrationProvider) {
  interviewPanel(externalId: "p", provider: $provider) { id managedBy { provider } interviews { id } } }"""
CANCEL = """mutation ($input: CancelInterviewPanelInput!) { cancelInterviewPanel(input: $input) {
  panel { id status } errors { code path } } }"""
CANCEL_ONE = """mutation ($input: CancelInterviewInput!) { cancelInterview(input: $input) {
  panel { id status } errors { code path } } }"""


async def made_account(installation: Installation) -> str:
    """An account with a Super Admin, made before there was a second scheduler; the Super Admin's token."""
    await installation.done("account", "create", "acme", "--name", "Acme", "--super-admin", "sam@acme.example")
    return await installation.done("token", "sam@acme.example")


async def switched_on(sam: Person, provider: str) -> Person:
    """The scheduler with its key, once Sam has switched it on and generated one."""
    switched = await sam.ask(
        f"""mutation {{ setIntegrationEnabled(provider: {provider}, enabled: true) {{ errors {{ code }} }}
          generateApiKey(provider: {provider}) {{ secret errors {{ code }} }} }}"""
    )
    assert switched["setIntegrationEnabled"]["errors"] == []
    return Person(sam.server, f"Bearer {switched['generateApiKey']['secret']}", provider)


async def action(sam: Person) -> dict[str, Any]:
    return dict((await sam.ask(ACTION))["candidate"]["scheduleAction"])


async def pushed(scheduler: Person) -> dict[str, Any]:
    """A panel that every scheduler calls `p`."""
    interview = {
        **{"externalId": "one", "subject": "Interview", "startsAt": "2100-01-01T10:00:00Z", "durationMinutes": 60},
        "interviewers": [{"email": "sam@acme.example"}],
    }
    push = {"externalId": "p", "candidateExternalId": "carla", "timezone": "UTC", "interviews": [interview]}
    return dict((await scheduler.ask(PUSH, input=push))["upsertInterviewPanel"])


def with_second_scheduler(installation: Installation) -> Installation:
    """The same installation, run by a Callboard whose catalogue has one more entry."""
    return replace(installation, program=(sys.executable, str(Path(__file__).parent / "second_scheduler.py")))


async def test_the_help_article_is_followed_with_a_second_scheduler(empty: Installation) -> None:
    async with demo_account(with_second_scheduler(empty)) as story:
        await follow_help_article(story, Scheduler("OTHER", "Other", "https://other.example/schedule/cand-1?to="))


async def test_two_schedulers_keep_to_their_own_and_one_is_preferred(installation: Installation) -> None:
    token = await made_account(installation)
    upgraded = with_second_scheduler(installation)
    await upgraded.done("migrate")
    async with upgraded.running("serve") as process, Server(process.address) as server:
        sam = Person(server, f"Bearer {token}", "Sam", "sam@acme.example")
        await sam.sync("stages", [{"name": "On-site", "position": 1, "hasInterview": True}])
        row = {"externalId": "carla", "name": "Carla", "stage": "On-site", "emails": ["carla@mail.example"]}
        await sam.sync("candidates", [row])
        listed = (await sam.ask("{ integrations { provider name enabled } }"))["integrations"]

        other = await switched_on(sam, "OTHER")
        schedule = await action(sam)
        first = await pushed(other)
        goodtime = await switched_on(sam, "GOODTIME")
        second = await pushed(goodtime)
        still = await action(sam)
        preferred = await sam.ask(
            "mutation { preferIntegration(provider: GOODTIME) { integration { preferred } errors { code } } }"
        )
        then = await action(sam)

        assert [(each["provider"], each["name"], each["enabled"]) for each in listed] == [
            ("GOODTIME", "GoodTime", False),
            ("OTHER", "Other", False),
        ]
        assert schedule == {
            "provider": "OTHER",
            "url": "https://other.example/schedule/carla?to=carla%40mail.example",
            "dashboardLabel": "Schedule",
            "bannerLabel": "Schedule Interview in Other",
            "menuLabel": "Schedule in Other",
        }
        assert (first["outcome"], second["outcome"]) == ("CREATED", "CREATED")
        assert first["panel"]["id"] != second["panel"]["id"]
        assert (still["provider"], then["provider"]) == ("OTHER", "GOODTIME")
        assert preferred["preferIntegration"] == {"integration": {"preferred": True}, "errors": []}
        await _each_keeps_to_its_own(sam, other, goodtime, first["panel"], second["panel"])


async def _each_keeps_to_its_own(
    sam: Person, other: Person, goodtime: Person, others: dict[str, Any], goodtimes: dict[str, Any]
) -> None:
    """Fails where an external id is ambiguous in silence, or a key acts on the other scheduler's panel."""
    assert await sam.error_code(PANEL) == "BAD_USER_INPUT"
    for person, provider, panel in (
        *((sam, "OTHER", others), (sam, "GOODTIME", goodtimes)),
        *((other, None, others), (goodtime, None, goodtimes)),
    ):
        assert (await person.ask(PANEL, provider=provider))["interviewPanel"]["id"] == panel["id"]
    by_id = "query ($id: ID) { interviewPanel(id: $id, provider: GOODTIME) { id } }"
    assert await sam.error_code(by_id, id=others["id"]) == "BAD_USER_INPUT"
    assert (await sam.ask(by_id, id=goodtimes["id"]))["interviewPanel"]["id"] == goodtimes["id"]
    contradicting = [
        (await goodtime.ask(CANCEL, input={"externalId": "p", "provider": "OTHER"}))["cancelInterviewPanel"],
        (await sam.ask(CANCEL, input={"id": others["id"], "provider": "GOODTIME"}))["cancelInterviewPanel"],
    ]
    refused = [(await goodtime.ask(CANCEL, input={"id": others["id"]}))["cancelInterviewPanel"]]
    refused.append((await goodtime.ask(CANCEL_ONE, input={"id": others["interviews"][0]["id"]}))["cancelInterview"])
    ambiguous = (await sam.ask(CANCEL, input={"externalId": "p"}))["cancelInterviewPanel"]
    canceled = (await sam.ask(CANCEL, input={"externalId": "p", "provider": "OTHER"}))["cancelInterviewPanel"]
    deleted = (await goodtime.ask(CANCEL, input={"externalId": "p"}))["cancelInterviewPanel"]

    assert [each["errors"] for each in contradicting] == [
        [{"code": "INVALID", "path": ["input", "provider"]}],
        [{"code": "NOT_FOUND", "path": ["input", "id"]}],
    ]
    assert [each["errors"] for each in refused] == [[{"code": "NOT_FOUND", "path": ["input", "id"]}]] * 2
    assert ambiguous["errors"] == [{"code": "INVALID", "path": ["input", "externalId"]}]
    assert canceled == {"panel": {"id": others["id"], "status": "CANCELED"}, "errors": []}
    assert deleted["panel"]["id"] == goodtimes["id"]
