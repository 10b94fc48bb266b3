"""Settings beside the integrations: who has an account, and who did what."""

import pytest
from playwright.sync_api import expect

from tests.console.browsing import Ats, Visitors, accessibility_faults

#: The demo has a database of its own, whichever the other tests are on.
pytestmark = pytest.mark.once


def test_a_list_of_emails_is_checked_for_who_has_no_account(visitors: Visitors, axe: str) -> None:
    page = visitors.window("TEAM_MEMBER", "/settings/users")
    page.get_by_text("Double-check that all").click()
    emails = page.get_by_role("textbox", name="Emails of interviewers")

    emails.fill("Ivo <INTERVIEWER@demo.example>, nobody@demo.example;\nmei@demo.example")
    page.get_by_role("button", name="Check accounts").click()
    expect(page.get_by_text("Without an account: 1 of 3")).to_be_visible()
    expect(page.get_by_role("listitem").filter(has_text="nobody@demo.example")).to_be_visible()
    assert accessibility_faults(page, axe) == []

    emails.fill("mei@demo.example")
    page.get_by_role("button", name="Check accounts").click()
    expect(page.get_by_text("All 1 have an account.")).to_be_visible()


def test_users_are_searched_and_show_role_and_deactivation(visitors: Visitors, ats: Ats) -> None:
    row = {"externalId": "left", "email": "left@demo.example", "name": "Lena Left", "role": "INTERVIEWER"}
    sync = "mutation($users: [UserInput!]!) { syncUsers(users: $users) { errors { message } } }"
    ats.ask(sync, users=[{**row, "deactivated": True}])
    page = visitors.window("ADMIN", "/settings/users")
    users = page.get_by_role("list", name="Users")

    page.get_by_role("searchbox").fill("lindq")
    expect(users.get_by_role("listitem")).to_have_count(1)
    expect(users).to_contain_text("Ada Lindqvist")
    expect(users).to_contain_text("Admin")

    page.get_by_role("searchbox").fill("lena")
    expect(page.get_by_role("heading", name="Nobody found")).to_be_visible()
    page.get_by_label("Show deactivated").check()
    expect(users).to_contain_text("Deactivated")


def test_the_audit_trail_shows_who_did_what_to_super_admins_only(visitors: Visitors, ats: Ats, axe: str) -> None:
    for enabled in (True, False, True):
        ats.switch(enabled)
    page = visitors.window("SUPER_ADMIN", "/settings/audit")
    expect(page.get_by_role("row").nth(1)).to_contain_text("Sam Okafor")
    assert accessibility_faults(page, axe) == []

    page.get_by_label("Act").select_option("Integration disabled")
    expect(page.get_by_role("row").nth(1)).to_contain_text("Integration disabled")
    expect(page.get_by_role("row").nth(1)).to_contain_text("GoodTime")
    expect(page.get_by_text("Integration enabled", exact=True)).to_have_count(1)

    other = visitors.window("ADMIN", "/settings/users")
    expect(other.get_by_role("link", name="Users")).to_be_visible()
    expect(other.get_by_role("link", name="Audit trail")).to_have_count(0)
