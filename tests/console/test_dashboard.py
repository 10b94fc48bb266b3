"""The dashboard: searched, filtered, paged, and what its Schedule buttons do."""

import re
import secrets

import pytest
from playwright.sync_api import Route, expect

from tests.console.browsing import Ats, Visitors

#: The demo has a database of its own, whichever the other tests are on.
pytestmark = pytest.mark.once


def test_the_dashboard_searches_and_keeps_the_search_over_a_reload(visitors: Visitors, ats: Ats) -> None:
    candidate = ats.candidate()
    page = visitors.window("ADMIN")

    page.get_by_label("Search by name or email").fill(candidate.name.split()[1])

    expect(page.get_by_role("row").filter(has=page.get_by_role("rowheader"))).to_have_count(1)
    page.reload()
    expect(page.get_by_role("row").filter(has=page.get_by_role("rowheader"))).to_have_count(1)
    expect(page.get_by_role("link", name=candidate.name, exact=True)).to_be_visible()


def test_the_dashboard_filters_by_stage_and_says_when_nobody_matches(visitors: Visitors, ats: Ats) -> None:
    candidate = ats.candidate()
    page = visitors.window("ADMIN", f"/?search={candidate.external_id}")
    expect(page.get_by_text("1 candidate", exact=True)).to_be_visible()
    others = [stage["name"] for stage in ats.ask("{ stages { name } }")["stages"] if stage["name"] != ats.stage]

    page.get_by_label("Stages").select_option(label=ats.stage)
    expect(page.get_by_text("1 candidate", exact=True)).to_be_visible()
    page.get_by_label("Stages").select_option(label=others[0])

    expect(page.get_by_role("heading", name="No matches")).to_be_visible()


def test_the_dashboard_pages_through_all_candidates(visitors: Visitors, ats: Ats) -> None:
    for _ in range(30):
        ats.candidate(name="Paged Person")
    page = visitors.window("ADMIN", "/?search=paged+person")
    rows = page.get_by_role("row").filter(has=page.get_by_role("rowheader"))
    expect(rows).to_have_count(25)

    page.get_by_role("button", name="Show more").click()

    expect(rows).to_have_count(30)
    expect(page.get_by_role("button", name="Show more")).to_have_count(0)


def test_the_schedule_button_has_its_tooltip_and_opens_goodtime_in_a_tab_of_its_own(
    visitors: Visitors, ats: Ats
) -> None:
    ats.switch(True)
    candidate = ats.candidate()
    page = visitors.window("TEAM_MEMBER", f"/?search={candidate.external_id}")
    button = page.get_by_role("link", name="Schedule")

    button.focus()

    expect(page.get_by_role("tooltip", name="Schedule in GoodTime")).to_be_visible()
    expect(button).to_have_attribute("target", "_blank")
    expect(button).to_have_attribute("rel", re.compile("noopener"))
    expect(button).to_have_attribute("href", re.compile(re.escape(candidate.external_id)))
    page.keyboard.press("Escape")
    expect(page.get_by_role("tooltip")).to_be_hidden()


def test_a_push_takes_the_schedule_button_off_the_dashboard_and_shows_the_interview(
    visitors: Visitors, ats: Ats
) -> None:
    ats.switch(True)
    candidate = ats.candidate()
    page = visitors.window("ADMIN", f"/?search={candidate.external_id}")
    page.get_by_role("link", name="Schedule").focus()

    candidate.push(subjects=("Pairing", "Values"))

    expect(page.locator(".row.fresh")).to_contain_text("Pairing and 1 more")
    expect(page.get_by_role("link", name="Schedule")).to_have_count(0)
    expect(page.get_by_role("link", name=candidate.name)).to_be_focused()


def test_an_interviewer_is_led_to_their_interviews_and_never_schedules(visitors: Visitors) -> None:
    page = visitors.window("INTERVIEWER")

    expect(page.get_by_role("heading", name="My interviews", level=1)).to_be_visible()
    expect(page.get_by_role("navigation")).not_to_contain_text("Candidates")
    expect(page.get_by_text("Schedule")).to_have_count(0)


def test_going_back_shows_what_was_loaded_where_one_was(visitors: Visitors, ats: Ats) -> None:
    name = f"Backwards {secrets.token_hex(3)}"
    rows = [{"externalId": f"{name}-{place}", "name": f"{name} {place:02}", "stage": ats.stage} for place in range(60)]
    synced = "mutation($rows: [CandidateInput!]!) { syncCandidates(candidates: $rows) { errors { message } } }"
    assert ats.ask(synced, rows=rows)["syncCandidates"]["errors"] == []
    page = visitors.window("ADMIN", f"/?search={name.replace(' ', '+')}")
    last = page.get_by_role("link", name=f"{name} 59", exact=True)

    for shown in (50, 60):
        page.get_by_role("button", name=re.compile("^Show more")).click()
        expect(page.locator(".who a")).to_have_count(shown)
    last.scroll_into_view_if_needed()
    place = page.evaluate("scrollY")
    last.click()
    expect(page.get_by_role("heading", name=f"{name} 59")).to_be_visible()
    assert page.evaluate("scrollY") == 0
    page.go_back()

    expect(last).to_be_in_viewport()
    expect(page.locator(".who a")).to_have_count(60)
    assert page.evaluate("scrollY") == place > 0


def test_while_a_search_is_slow_the_old_rows_are_faded(visitors: Visitors, ats: Ats) -> None:
    candidate = ats.candidate()
    page = visitors.window("ADMIN")
    waiting: list[Route] = []
    is_slow = True
    page.route("**/graphql", lambda route: waiting.append(route) if is_slow else route.continue_())

    page.get_by_label("Search by name or email").fill(candidate.external_id)
    expect(page.locator("main[aria-busy] .rows")).to_have_css("opacity", "0.5")
    is_slow = False
    for route in waiting:
        route.continue_()

    expect(page.get_by_text("1 candidate", exact=True)).to_be_visible()
    expect(page.locator(".rows")).to_have_css("opacity", "1")
