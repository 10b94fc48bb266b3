"""The help article, in its order, told to a real server process over real HTTP and WebSockets: of any scheduler."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from auth import tokens
from simulator import demo
from tests.people import Person, Server
from tests.processes import SECRET, Installation
from tests.world import in_hours

INTEGRATION = "query ($provider: IntegrationProvider!) { integration(provider: $provider) { apiKeys { id prefix } } }"
SWITCH = """mutation ($provider: IntegrationProvider!, $on: Boolean!) {
  setIntegrationEnabled(provider: $provider, enabled: $on) {
    integration { enabled enabledBy { email } permissions } errors { message } } }"""
GENERATE = """mutation ($provider: IntegrationProvider!) { generateApiKey(provider: $provider) {
  secret apiKey { id prefix } errors { message } } }"""
PROFILE = """query ($externalId: String!) { candidate(externalId: $externalId) {
  scheduleAction { provider url dashboardLabel bannerLabel menuLabel }
  interviewPanels { edges { node { externalId externalUrl status startsAt } } } } }"""


@dataclass(frozen=True)
class Scheduler:
    """A scheduler of the catalogue, and what its deep link to the candidate `cand-1` has in it."""

    provider: str
    name: str
    link: str


class Story:
    """The people of the demo account, before anything is switched on."""

    def __init__(self, server: Server, people: dict[str, Person]) -> None:
        self.server = server
        self.sam, self.ada, self.rita, self.ivo = (
            people[name] for name in ("super-admin", "admin", "team-member", "interviewer")
        )


@contextlib.asynccontextmanager
async def demo_account(installation: Installation) -> AsyncIterator[Story]:
    """The demo account of an empty installation, served."""
    async with installation.running("demo", "--no-simulate") as process, Server(process.address) as server:
        people = {}
        for name in demo._ROLES:
            email = f"{name}@{demo.DOMAIN}"
            token = tokens.sign(SECRET, email, demo.SLUG, hours=1)
            people[name] = Person(server, f"Bearer {token}", name, email)
        yield Story(server, people)


async def profile(person: Person) -> dict[str, Any]:
    profile: dict[str, Any] = (await person.ask(PROFILE, externalId="cand-1"))["candidate"]
    return profile


async def follow_help_article(story: Story, scheduler: Scheduler) -> None:
    """From the toggle to a live panel, and off the profile again. Fails where anything is not as the article has it."""
    provider = scheduler.provider
    before = await profile(story.rita)
    assert before["scheduleAction"] == {
        "provider": None,
        "url": None,
        "dashboardLabel": "Schedule",
        "bannerLabel": "Schedule Interview",
        "menuLabel": "Schedule",
    }

    # A Super Admin switches the scheduler on in Scheduling, sees what it may do, and generates a key, shown once.
    assert await story.ada.error_code(SWITCH, provider=provider, on=True) == "FORBIDDEN"
    switched = (await story.sam.ask(SWITCH, provider=provider, on=True))["setIntegrationEnabled"]["integration"]
    assert switched["enabled"]
    assert switched["enabledBy"]["email"] == story.sam.email
    assert any("interview panels" in permission for permission in switched["permissions"])
    generated = (await story.sam.ask(GENERATE, provider=provider))["generateApiKey"]
    kept = (await story.sam.ask(INTEGRATION, provider=provider))["integration"]
    assert [key["prefix"] for key in kept["apiKeys"]] == [generated["apiKey"]["prefix"]]
    assert generated["secret"] not in str(kept)

    # The scheduler signs in with it and checks that its interviewers have accounts: one has none, and is named.
    client = Person(story.server, f"Bearer {generated['secret']}", scheduler.name)
    wanted = [story.ivo.email, f"noor@{demo.DOMAIN}", "stranger@elsewhere.example"]
    users = await client.ask(
        "query ($emails: [String!]) { users(emails: $emails) { edges { node { email } } } }", emails=wanted
    )
    assert {edge["node"]["email"] for edge in users["users"]["edges"]} == set(wanted[:2])
    templates = await client.ask("{ feedbackTemplates { edges { node { id name } } } }")
    template = templates["feedbackTemplates"]["edges"][0]["node"]["id"]
    events = [
        {
            "externalId": f"event-{number}",
            "subject": f"Interview {number}",
            "startsAt": in_hours(24 + number),
            "durationMinutes": 45,
            "feedbackTemplateId": template,
            "interviewers": [{"email": email}],
        }
        for number, email in enumerate(wanted)
    ]
    panel = {
        "externalId": "gt-1",
        "candidateExternalId": "cand-1",
        "externalUrl": "https://app.goodtime.example/panels/gt-1",
        "timezone": "Europe/Berlin",
        "sequence": 1,
        "interviews": events,
    }
    refused = await client.push(**panel)
    assert [(error["code"], error["path"]) for error in refused["errors"]] == [
        ("INTERVIEWER_NOT_FOUND", ["input", "interviews", "2", "interviewers", "0", "email"])
    ]
    assert wanted[2] in refused["errors"][0]["message"]
    assert (await profile(story.rita))["interviewPanels"]["edges"] == []

    async with story.rita.following() as feed:
        # It pushes a panel with a form for each event: it is on the profile, and subscribers are told.
        panel["interviews"] = events[:2]
        pushed = await client.push(**panel)
        assert pushed["outcome"] == "CREATED"
        assert (await feed.next())["kind"] == "CREATED"
        invites = await client.ask(
            """{ interviewPanel(externalId: "gt-1") { interviews {
                calendarInvite interviewers { feedbackForm { url } } } } }"""
        )
        for interview in invites["interviewPanel"]["interviews"]:
            [seat] = interview["interviewers"]
            assert seat["feedbackForm"]["url"] in interview["calendarInvite"].replace("\r\n ", "")

        # The three Schedule entries lead to the candidate in the scheduler; View in External App to the interview.
        after = await profile(story.rita)
        assert after["scheduleAction"]["provider"] == provider
        assert scheduler.link in after["scheduleAction"]["url"]
        assert after["scheduleAction"]["menuLabel"] == f"Schedule in {scheduler.name}"
        assert after["scheduleAction"]["bannerLabel"] is None, "an upcoming panel stands"
        [edge] = after["interviewPanels"]["edges"]
        assert edge["node"]["externalUrl"] == panel["externalUrl"]
        waiting = await story.rita.ask(PROFILE, externalId="cand-2")
        assert waiting["candidate"]["scheduleAction"]["bannerLabel"] == f"Schedule Interview in {scheduler.name}"
        assert waiting["candidate"]["scheduleAction"]["dashboardLabel"] == "Schedule"

        # The scheduler reschedules, and the profile follows.
        panel |= {"sequence": 2, "interviews": [event | {"startsAt": in_hours(48)} for event in events[:2]]}
        await client.push(**panel)
        assert (await feed.next())["kind"] == "RESCHEDULED"
        [edge] = (await profile(story.rita))["interviewPanels"]["edges"]
        assert edge["node"]["startsAt"] == in_hours(48).replace("+00:00", "Z")

        # The scheduler deletes: the profile follows; a higher push brings it back.
        await client.cancel(externalId="gt-1", sequence=3)
        assert (await feed.next())["kind"] == "CANCELED"
        assert (await profile(story.rita))["interviewPanels"]["edges"] == []
        restored = await client.push(**(panel | {"sequence": 4}))
        assert restored["outcome"] == "RESTORED"
        assert (await feed.next())["kind"] == "RESTORED"

        # A user cancels in the ATS: gone from the profile, the event remains, and the answer says so.
        canceled = await story.rita.cancel(id=restored["panel"]["id"], reason="The role is filled")
        assert canceled["calendarEventRemains"] is True
        assert canceled["panel"]["externalUrl"] == panel["externalUrl"]
        assert (await feed.next())["kind"] == "CANCELED"
        assert (await profile(story.rita))["interviewPanels"]["edges"] == []
        retried = await client.push(**(panel | {"sequence": 5}))
        assert [warning["code"] for warning in retried["warnings"]] == ["PANEL_CANCELED_IN_ATS"]
        assert (await profile(story.rita))["interviewPanels"]["edges"] == []

    # An Interviewer can't schedule, nor cancel; they come in by their interviews.
    assert (await story.ivo.ask(PROFILE, externalId="cand-1"))["candidate"] is None
    assert (
        await story.ivo.error_code(
            "mutation ($id: ID) { cancelInterviewPanel(input: {id: $id}) { errors { code } } }",
            id=restored["panel"]["id"],
        )
        == "FORBIDDEN"
    )

    # Switched off, the key is refused; on again, the same key works.
    await story.sam.ask(SWITCH, provider=provider, on=False)
    assert await client.error_code("{ viewer { __typename } }") == "INTEGRATION_DISABLED"
    await story.sam.ask(SWITCH, provider=provider, on=True)
    assert (await client.ask("{ viewer { __typename } }"))["viewer"]["__typename"] == "Integration"
