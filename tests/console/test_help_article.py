"""GoodTime's help article from its first to its last sentence, by clicking alone: Callboard on one side, GoodTime's
pages (a simulation) on the other.
"""

from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

import clock
from tests.console.browsing import Ats, Visitors, accessibility_faults, panel_cards, until

#: The demo has a database of its own, whichever the other tests are on.
pytestmark = pytest.mark.once

CANDIDATE = "Amara Nwosu"


def test_the_article_can_be_done_by_clicking(browser: Browser, fresh_ats: Ats, axe: str) -> None:
    visitors = Visitors(browser, fresh_ats)
    sam = visitors.window("SUPER_ADMIN", "/settings/integrations")
    key = _switch_on_and_generate_key(sam)
    goodtime = sam.context.new_page()
    _connect(goodtime, fresh_ats.goodtime, key, axe)

    scheduling = _open_from_the_profile(sam)
    _schedule(scheduling, axe)
    _submit_feedback_link_works(scheduling, fresh_ats, visitors)

    card = panel_cards(sam)
    expect(card).to_contain_text("Phone screen")
    with sam.expect_popup() as opened:
        card.get_by_role("link", name="View in External App").click()
    panel = opened.value
    _change_in_goodtime(panel, axe)
    expect(card).to_contain_text("Henrik Sørensen")

    panel.get_by_label("Reason").fill("The candidate is ill")
    panel.get_by_role("button", name="Delete panel").click()
    expect(panel.get_by_text("Deleted here. Reason: The candidate is ill")).to_be_visible()
    expect(panel_cards(sam)).to_have_count(0)
    visitors.close_all()


def test_the_endless_simulation_starts_pauses_and_goes_on(browser: Browser, fresh_ats: Ats) -> None:
    visitors = Visitors(browser, fresh_ats)
    page = visitors.window(None, base=fresh_ats.goodtime, path="/settings")
    page.get_by_label("API key").fill(fresh_ats.key())
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Start").click()
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Go on").click()

    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    until(lambda: fresh_ats.ask("{ interviewPanels { edges { cursor } } }")["interviewPanels"]["edges"])
    visitors.close_all()


def _switch_on_and_generate_key(sam: Page) -> str:
    sam.get_by_role("switch", name="GoodTime").click()
    sam.get_by_role("button", name="Generate New Key").click()
    key = sam.get_by_label("API key").input_value()
    sam.get_by_role("dialog").get_by_role("button", name="Done").click()
    return key


def _connect(page: Page, url: str, key: str, axe: str) -> None:
    """Company Settings, ATS Integrations: a wrong key is refused at once, the right one connects."""
    page.goto(f"{url}/settings")
    expect(page.get_by_text("Simulation.", exact=True)).to_be_visible()
    page.get_by_label("API key").fill("cb_live_wrong")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("Not saved")

    page.get_by_label("Choose your ATS").select_option("Callboard")
    page.get_by_label("API key").fill(key)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Connected to Demo & Co.")).to_be_visible()
    assert key not in page.content()

    assert accessibility_faults(page, axe) == []


def _open_from_the_profile(sam: Page) -> Page:
    """The banner of the profile opens the candidate in GoodTime."""
    sam.get_by_role("link", name="Candidates", exact=True).click()
    sam.get_by_role("link", name=CANDIDATE, exact=True).click()
    with sam.expect_popup() as opened:
        sam.get_by_role("link", name="Schedule Interview in GoodTime").click()
    return opened.value


def _schedule(page: Page, axe: str) -> None:
    expect(page.get_by_role("heading", name=CANDIDATE)).to_be_visible()
    assert page.get_by_role("checkbox", name="Otto Newcomer").is_disabled(), "without an account"
    page.get_by_label("Interview template").select_option("Phone screen")
    page.get_by_role("checkbox", name="Ivo Brandt").check()
    page.get_by_label("Feedback form").select_option("Phone screen")
    assert accessibility_faults(page, axe) == []
    page.get_by_role("button", name="Schedule", exact=True).click()

    expect(page.get_by_text("In the ATS: scheduled")).to_be_visible()
    sent = page.get_by_role("complementary").locator("details[open]")
    expect(sent).to_contain_text("upsertInterviewPanel")
    expect(sent).to_contain_text('"outcome": "CREATED"')


def _submit_feedback_link_works(page: Page, ats: Ats, visitors: Visitors) -> None:
    """The link that came back is the interviewer's own form."""
    link = page.get_by_role("link", name="feedback form").get_attribute("href")
    assert link is not None
    form = visitors.window("INTERVIEWER", link.removeprefix(ats.url))
    expect(form.get_by_role("heading", level=1)).to_contain_text(CANDIDATE)


def _change_in_goodtime(page: Page, axe: str) -> None:
    day = (clock.now() + timedelta(days=20)).date().isoformat()
    page.get_by_label("New date").fill(day)
    page.get_by_role("button", name="Reschedule").click()
    expect(page.get_by_text("The ATS answered UPDATED.")).to_be_visible()

    page.get_by_text("Change people").click()
    page.get_by_role("checkbox", name="Henrik Sørensen").check()
    page.get_by_role("button", name="Save people").click()
    expect(page.get_by_role("listitem").filter(has_text="Henrik Sørensen")).to_contain_text("feedback form (pending)")
    assert accessibility_faults(page, axe) == []
