"""Activity: the log, newest first, going on live."""

import pytest
from playwright.sync_api import expect

from tests.console.browsing import Ats, Visitors

#: The demo has a database of its own, whichever the other tests are on.
pytestmark = pytest.mark.once


def test_the_keyboards_place_in_a_list_stays_while_the_list_changes(visitors: Visitors, ats: Ats) -> None:
    candidate, other = ats.candidate(), ats.candidate()
    candidate.push(days=1)
    activity = visitors.window("ADMIN", "/activity")
    mine = visitors.window("INTERVIEWER", "/interviews")
    link = activity.locator(".timeline li").filter(has_text=f"interviews of {candidate.name}").get_by_role("link")
    invite = mine.locator(".seat").filter(has_text=candidate.name).get_by_role("button", name="Calendar invite")
    link.focus()
    invite.focus()

    other.push(days=2)

    expect(activity.locator(".timeline li").filter(has_text=f"interviews of {other.name}")).to_be_visible()
    expect(mine.locator(".seat").filter(has_text=other.name)).to_be_visible()
    expect(link).to_be_focused()
    expect(invite).to_be_focused()


def test_activity_goes_on_live_and_filters_by_who_and_what(visitors: Visitors, ats: Ats) -> None:
    candidate = ats.candidate()
    page = visitors.window("ADMIN", "/activity")

    pushed = candidate.push()

    entry = page.locator(".timeline li").filter(has_text=f"interviews of {candidate.name}")
    expect(entry).to_have_count(1)
    expect(entry).to_contain_text("GoodTime")
    ats.ask(
        "mutation($id: ID!) { cancelInterviewPanel(input: { id: $id }) { errors { message } } }",
        ats.token("ADMIN"),
        id=pushed["id"],
    )
    expect(entry).to_have_count(2)
    expect(entry.filter(has_text="now cancelled")).to_have_count(2)
    page.get_by_label("Changed by").select_option("People")
    expect(entry).to_have_count(1)
    expect(entry).to_contain_text("cancelled")
    page.get_by_label("Type of change").select_option("Rescheduled")
    expect(entry).to_have_count(0)


def test_activity_shows_the_newest_first_and_earlier_ones_on_demand(visitors: Visitors, ats: Ats) -> None:
    candidate = ats.candidate()
    for days in range(2, 30):
        candidate.push(days=days)
        candidate.push(days=days, panel="other")

    page = visitors.window("ADMIN", f"/activity?candidateId={candidate.id}")
    entries = page.locator(".timeline li")
    expect(entries).to_have_count(25)
    page.get_by_role("button", name="Show earlier").click()

    expect(entries).to_have_count(57)
    expect(entries.nth(55)).to_contain_text("scheduled interviews of")
    expect(entries.last).to_contain_text("added")


def test_a_filter_of_the_activity_finds_what_is_not_loaded_yet(visitors: Visitors, ats: Ats) -> None:
    candidate = ats.candidate()
    for panel in ("first", "other"):
        for days in range(2, 40):
            candidate.push(days=days, panel=panel)
    page = visitors.window("ADMIN", f"/activity?candidateId={candidate.id}")
    expect(page.locator(".timeline li")).to_have_count(25)

    page.get_by_label("Type of change").select_option("Scheduled")

    expect(page.locator(".timeline li")).to_have_count(2)
