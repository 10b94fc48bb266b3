"""Every screen is live: what is renamed elsewhere appears, and what has left the viewer's view goes."""

import secrets
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.console.browsing import EMAILS, Ats, Visitors

#: The demo has a database of its own, whichever the other tests are on.
pytestmark = pytest.mark.once


def sync(ats: Ats, what: str, type_: str, **row: Any) -> None:
    field = f"sync{what[0].upper()}{what[1:]}"
    mutation = f"mutation($rows: [{type_}!]!) {{ {field}({what}: $rows) {{ errors {{ message path }} }} }}"
    assert ats.ask(mutation, rows=[row])[field]["errors"] == []


def test_another_name_appears_on_every_screen_without_a_reload(visitors: Visitors, ats: Ats) -> None:
    token = secrets.token_hex(3)
    candidate = ats.candidate()
    panel = candidate.push()
    follow = {
        "externalId": candidate.external_id,
        "stage": ats.stage,
        "emails": [f"{candidate.external_id}@mail.example"],
    }
    sync(ats, "postings", "PostingInput", externalId=token, title=f"Analyst {token}")
    sync(ats, "candidates", "CandidateInput", **follow, name=candidate.name, postingExternalId=token)
    email = ats.interviewers[0]
    user = ats.ask(
        "query($emails: [String!]) { users(emails: $emails) { edges { node { externalId name role } } } }",
        emails=[email],
    )["users"]["edges"][0]["node"]
    dashboard = visitors.window("TEAM_MEMBER", f"/?search={candidate.external_id}")
    profile = visitors.window("ADMIN", f"/candidates/{candidate.id}")
    users = visitors.window("SUPER_ADMIN", "/settings/users")
    mine = visitors.window("INTERVIEWER", "/interviews")
    form = visitors.window("INTERVIEWER", f"/feedback/{candidate.form_id(panel, email)}")
    expect(profile.get_by_role("main")).to_contain_text(user["name"])
    expect(mine.get_by_role("main")).to_contain_text(candidate.name)
    expect(form.get_by_role("main")).to_contain_text(candidate.name)
    expect(users.get_by_role("list", name="Users")).to_contain_text(user["name"])
    expect(dashboard.get_by_role("table")).to_contain_text(f"Analyst {token}")
    typed = form.get_by_label("What speaks for them?")
    typed.fill("Half a sentence")

    sync(ats, "postings", "PostingInput", externalId=token, title=f"Actuary {token}")
    sync(ats, "users", "UserInput", **user | {"name": f"Ivy {token}"}, email=email)
    sync(ats, "candidates", "CandidateInput", **follow, name=f"Robin {token}", postingExternalId=token)
    try:
        expect(dashboard.get_by_role("table")).to_contain_text(f"Actuary {token}")
        expect(dashboard.get_by_label("Postings")).to_contain_text(f"Actuary {token}")
        expect(profile.get_by_role("main")).to_contain_text(f"Ivy {token}")
        expect(profile.get_by_role("heading", level=1)).to_have_text(f"Robin {token}")
        expect(users.get_by_role("list", name="Users")).to_contain_text(f"Ivy {token}")
        expect(mine.locator(".me")).to_contain_text(f"Ivy {token}")
        expect(mine.get_by_role("main")).to_contain_text(f"Robin {token}")
        expect(form.get_by_role("main")).to_contain_text(f"Robin {token}")
        expect(typed).to_have_value("Half a sentence")
    finally:
        sync(ats, "users", "UserInput", **user, email=email)


def test_activity_takes_off_what_the_viewer_sees_no_longer(visitors: Visitors, ats: Ats) -> None:
    candidate = ats.candidate()
    row = {"externalId": candidate.external_id, "name": candidate.name, "stage": ats.stage}
    sync(ats, "candidates", "CandidateInput", **row, followerEmails=[EMAILS["LIMITED_TEAM_MEMBER"]])
    activity = visitors.window("LIMITED_TEAM_MEMBER", "/activity")
    candidate.push()
    entries = activity.locator(".timeline li").filter(has_text=candidate.name)
    expect(entries.filter(has_text="scheduled")).to_have_count(1)

    sync(ats, "candidates", "CandidateInput", **row)

    expect(entries).to_have_count(0)
