"""The story of the help article, in its order, told to a real server process over real HTTP and WebSockets."""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from auth import tokens
from simulator import demo
from tests.people import Person, Server
from tests.processes import SECRET, Installation
from tests.world import in_hours

INTEGRATION = "integration(provider: GOODTIME)"
SWITCH = """mutation ($on: Boolean!) { setIntegrationEnabled(provider: GOODTIME, enabled: $on) {
  integration { enabled enabledBy { email } permissions } errors { message } } }"""
GENERATE = """mutation { generateApiKey(provider: GOODTIME) { secret apiKey { id prefix } errors { message } } }"""
PROFILE = """query ($externalId: String!) { candidate(externalId: $externalId) {
  scheduleAction { provider url dashboardLabel bannerLabel menuLabel }
  interviewPanels { edges { node { externalId externalUrl status startsAt } } } } }"""


class Story:
    """The people of the demo account, before anything is switched on."""

    def __init__(self, server: Server, people: dict[str, Person]) -> None:
        self.server = server
        self.sam, self.ada, self.rita, self.ivo = (
            people[name] for name in ("super-admin", "admin", "team-member", "interviewer")
        )


@pytest.fixture
async def story(empty: Installation) -> AsyncIterator[Story]:
    async with empty.running("demo", "--no-simulate") as process, Server(process.address) as server:
        people = {}
        for name in demo._ROLES:
            email = f"{name}@{demo.DOMAIN}"
            token = tokens.sign(SECRET, email, demo.SLUG, hours=1)
            people[name] = Person(server, f"Bearer {token}", name, email)
        yield Story(server, people)


async def profile(person: Person) -> dict[str, Any]:
    profile: dict[str, Any] = (await person.ask(PROFILE, externalId="cand-1"))["candidate"]
    return profile


async def test_from_the_toggle_to_a_live_panel_and_off_the_profile_again(story: Story) -> None:
    before = await profile(story.rita)
    assert before["scheduleAction"] == {
        "provider": None,
        "url": None,
        "dashboardLabel": "Schedule",
        "bannerLabel": "Schedule Interview",
        "menuLabel": "Schedule",
    }

    # A Super Admin switches GoodTime on in Scheduling, sees what it may do, and generates a key that is shown once.
    assert await story.ada.error_code(SWITCH, on=True) == "FORBIDDEN"
    switched = (await story.sam.ask(SWITCH, on=True))["setIntegrationEnabled"]["integration"]
    assert switched["enabled"]
    assert switched["enabledBy"]["email"] == story.sam.email
    assert any("interview panels" in permission for permission in switched["permissions"])
    generated = (await story.sam.ask(GENERATE))["generateApiKey"]
    kept = (await story.sam.ask(f"{{ {INTEGRATION} {{ apiKeys {{ id prefix lastUsedAt }} }} }}"))["integration"]
    assert [key["prefix"] for key in kept["apiKeys"]] == [generated["apiKey"]["prefix"]]
    assert generated["secret"] not in str(kept)

    # GoodTime signs in with it and checks that its interviewers have accounts: one has none, and is named.
    goodtime = Person(story.server, f"Bearer {generated['secret']}", "GoodTime")
    wanted = [story.ivo.email, f"noor@{demo.DOMAIN}", "stranger@elsewhere.example"]
    users = await goodtime.ask(
        "query ($emails: [String!]) { users(emails: $emails) { edges { node { email } } } }", emails=wanted
    )
    assert {edge["node"]["email"] for edge in users["users"]["edges"]} == set(wanted[:2])
    templates = await goodtime.ask("{ feedbackTemplates { edges { node { id name } } } }")
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
    refused = await goodtime.push(**panel)
    assert [(error["code"], error["path"]) for error in refused["errors"]] == [
        ("INTERVIEWER_NOT_FOUND", ["input", "interviews", "2", "interviewers", "0", "email"])
    ]
    assert wanted[2] in refused["errors"][0]["message"]
    assert (await profile(story.rita))["interviewPanels"]["edges"] == []

    async with story.rita.following() as feed:
        # It pushes a panel with a form for each event: it is on the profile, and subscribers are told.
        panel["interviews"] = events[:2]
        pushed = await goodtime.push(**panel)
        assert pushed["outcome"] == "CREATED"
        assert (await feed.next())["kind"] == "CREATED"
        invites = await goodtime.ask(
            """{ interviewPanel(externalId: "gt-1") { interviews {
                calendarInvite interviewers { feedbackForm { url } } } } }"""
        )
        for interview in invites["interviewPanel"]["interviews"]:
            [seat] = interview["interviewers"]
            assert seat["feedbackForm"]["url"] in interview["calendarInvite"].replace("\r\n ", "")

        # The three Schedule entries lead to the candidate in GoodTime; View in External App leads to the interview.
        after = await profile(story.rita)
        assert urlsplit(after["scheduleAction"]["url"]).path == "/candidates"
        assert urlsplit(after["scheduleAction"]["url"]).query.startswith("id=cand-1&")
        assert after["scheduleAction"]["menuLabel"] == "Schedule in GoodTime"
        assert after["scheduleAction"]["bannerLabel"] is None, "an upcoming panel stands"
        [edge] = after["interviewPanels"]["edges"]
        assert edge["node"]["externalUrl"] == panel["externalUrl"]
        waiting = await story.rita.ask(PROFILE, externalId="cand-2")
        assert waiting["candidate"]["scheduleAction"]["bannerLabel"] == "Schedule Interview in GoodTime"
        assert waiting["candidate"]["scheduleAction"]["dashboardLabel"] == "Schedule"

        # GoodTime reschedules, and the profile follows.
        panel |= {"sequence": 2, "interviews": [event | {"startsAt": in_hours(48)} for event in events[:2]]}
        await goodtime.push(**panel)
        assert (await feed.next())["kind"] == "RESCHEDULED"
        [edge] = (await profile(story.rita))["interviewPanels"]["edges"]
        assert edge["node"]["startsAt"] == in_hours(48).replace("+00:00", "Z")

        # GoodTime deletes: the profile follows; a higher push brings it back.
        await goodtime.cancel(externalId="gt-1", sequence=3)
        assert (await feed.next())["kind"] == "CANCELED"
        assert (await profile(story.rita))["interviewPanels"]["edges"] == []
        restored = await goodtime.push(**(panel | {"sequence": 4}))
        assert restored["outcome"] == "RESTORED"
        assert (await feed.next())["kind"] == "RESTORED"

        # A user cancels in the ATS: gone from the profile, the event remains, and the answer says so.
        canceled = await story.rita.cancel(id=restored["panel"]["id"], reason="The role is filled")
        assert canceled["calendarEventRemains"] is True
        assert canceled["panel"]["externalUrl"] == panel["externalUrl"]
        assert (await feed.next())["kind"] == "CANCELED"
        assert (await profile(story.rita))["interviewPanels"]["edges"] == []
        retried = await goodtime.push(**(panel | {"sequence": 5}))
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
    await story.sam.ask(SWITCH, on=False)
    assert await goodtime.error_code("{ viewer { __typename } }") == "INTEGRATION_DISABLED"
    await story.sam.ask(SWITCH, on=True)
    assert (await goodtime.ask("{ viewer { __typename } }"))["viewer"]["__typename"] == "Integration"
