"""The profile: banner, menu and panels, as GoodTime pushes, moves and deletes them and people cancel and restore."""

import re
from datetime import time

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.console.browsing import Ats, Visitors, panel_cards
from tests.console.network import FeedRelay

#: The demo has a database of its own, whichever the other tests are on.
pytestmark = pytest.mark.once

TO = "\N{EN DASH}"


def notice(page: Page, words: str | re.Pattern[str]) -> Locator:
    """A notice with these words, on the screen and for screen readers."""
    return page.locator("#notices[aria-live=polite]").get_by_text(words).first


def test_the_banner_and_the_menu_lead_to_the_candidate_in_goodtime(visitors: Visitors, ats: Ats) -> None:
    ats.switch(True)
    candidate = ats.candidate()
    page = visitors.window("ADMIN", f"/candidates/{candidate.id}")

    banner = page.get_by_role("link", name="Schedule Interview in GoodTime")
    expect(banner).to_have_attribute("href", re.compile(re.escape(candidate.external_id)))
    page.get_by_role("button", name=f"More actions for {candidate.name}").focus()
    page.keyboard.press("ArrowDown")

    entry = page.get_by_role("menuitem", name="Schedule in GoodTime")
    expect(entry).to_be_focused()
    expect(entry).to_have_attribute("rel", re.compile("noopener"))
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name=f"More actions for {candidate.name}")).to_be_focused()


def test_while_goodtime_is_off_the_labels_are_native_at_once_and_without_a_reload(visitors: Visitors, ats: Ats) -> None:
    ats.switch(True)
    candidate = ats.candidate()
    page = visitors.window("ADMIN", f"/candidates/{candidate.id}")
    expect(page.get_by_role("link", name="Schedule Interview in GoodTime")).to_be_visible()

    ats.switch(False)

    expect(page.get_by_role("button", name=re.compile(r"^Schedule Interview\b"))).to_be_visible()
    expect(page.get_by_role("link", name="Schedule Interview in GoodTime")).to_have_count(0)
    ats.switch(True)
    expect(page.get_by_role("link", name="Schedule Interview in GoodTime")).to_be_visible()


def test_a_pushed_panel_appears_moves_and_goes_without_a_reload(visitors: Visitors, ats: Ats) -> None:
    candidate = ats.candidate()
    page = visitors.window("ADMIN", f"/candidates/{candidate.id}")
    expect(page.get_by_role("heading", name="No interviews")).to_be_visible()

    candidate.push(days=3, subjects=("System design", "Values"))

    card = panel_cards(page)
    expect(card).to_have_count(1)
    expect(card).to_have_class(re.compile("fresh"))
    expect(card).to_contain_text("System design")
    expect(card).to_contain_text("Accepted")
    expect(card).to_contain_text("Los Angeles")
    expect(notice(page, re.compile("scheduled the interviews"))).to_be_visible()
    expect(page.get_by_role("link", name="Schedule Interview in GoodTime")).to_have_count(0)
    expect(card.get_by_role("link", name="View in External App")).to_have_attribute("rel", re.compile("noopener"))
    day = card.get_by_role("heading", level=3).inner_text()

    candidate.push(days=5, subjects=("System design", "Values"))

    expect(card.get_by_role("heading", level=3)).not_to_have_text(day)
    expect(notice(page, re.compile("rescheduled the interviews"))).to_be_visible()

    candidate.delete()

    expect(card).to_have_count(0)
    expect(page.get_by_role("link", name="Schedule Interview in GoodTime")).to_be_visible()


def test_an_interview_over_midnight_and_one_of_the_next_day_say_so(visitors: Visitors, ats: Ats) -> None:
    candidate = ats.candidate()
    candidate.push(subjects=("Late talk", "Early talk"), at=time(22, 30))
    page = visitors.window("ADMIN", f"/candidates/{candidate.id}")
    seen_in_tokyo = visitors.window("ADMIN", f"/candidates/{candidate.id}", timezone_id="Asia/Tokyo")

    late, early = page.locator(".when").all()
    expect(late.locator("time")).to_have_text(f"23:30{TO}00:15⁺¹")
    expect(late.locator("b")).to_have_count(0)
    expect(early.locator("time")).to_have_text(f"00:30{TO}01:15")
    expect(early.locator("b")).to_have_text(re.compile(r"^\w{3},? \d+ \w+$"))
    # In Los Angeles it is still the day before.
    expect(seen_in_tokyo.locator(".there").first).to_have_text(
        re.compile(rf"^\w{{3}},? \d+ \w+14:30{TO}15:15GMT-[78] · Los Angeles$")
    )


def test_days_are_counted_by_the_calendar(visitors: Visitors, ats: Ats) -> None:
    page = visitors.window("ADMIN")
    page.clock.set_fixed_time("2031-03-03T20:00:00+01:00")

    words = page.evaluate(
        "import('/console/times.js').then(({ relative }) => ['03T20:40:00', '03T20:59:59', '04T19:00:00',"
        " '05T16:00:00', '02T10:00:00', '03T20:00:00'].map((it) => relative(`2031-03-${it}+01:00`)))"
    )

    assert words == ["in 40 minutes", "in 1 hour", "in 23 hours", "in 2 days", "yesterday", "just now"]


def test_a_profile_of_more_interviews_than_a_page_keeps_them_all_when_it_is_reloaded(
    visitors: Visitors, ats: Ats
) -> None:
    ats.switch(True)
    candidate = ats.candidate()
    for place in range(27):
        candidate.push(days=2 + place, panel=f"panel-{place}")
    page = visitors.window("ADMIN", f"/candidates/{candidate.id}")
    expect(panel_cards(page)).to_have_count(25)
    page.get_by_role("button", name="Show more interviews").click()
    expect(panel_cards(page)).to_have_count(27)

    ats.switch(False)
    expect(page.get_by_role("menuitem", include_hidden=True).first).to_have_text("Schedule")
    ats.switch(True)
    expect(page.get_by_role("menuitem", include_hidden=True).first).to_contain_text("Schedule in GoodTime")
    candidate.push(days=1, panel="newest")

    expect(panel_cards(page)).to_have_count(28)


def test_a_long_past_does_not_hide_what_is_coming(visitors: Visitors, ats: Ats) -> None:
    candidate = ats.candidate()
    for place in range(12):
        candidate.push(days=1, panel=f"panel-{place}")
        candidate.delete(panel=f"panel-{place}")
    candidate.push(days=9, panel="coming", subjects=("What is coming",))

    page = visitors.window("ADMIN", f"/candidates/{candidate.id}")

    expect(page.get_by_role("heading", name="What is coming")).to_be_visible()
    expect(page.locator("details.canceled > summary")).to_have_text("Cancelled (10+)")
    page.get_by_role("button", name="Show more interviews").click()
    expect(page.locator("details.canceled > summary")).to_have_text("Cancelled (12)")


def test_cancelling_says_that_the_calendar_event_remains_and_a_second_window_follows(
    visitors: Visitors, ats: Ats
) -> None:
    candidate = ats.candidate()
    candidate.push()
    mine = visitors.window("TEAM_MEMBER", f"/candidates/{candidate.id}")
    theirs = visitors.window("ADMIN", f"/candidates/{candidate.id}")

    mine.get_by_role("button", name="Cancel", exact=True).focus()
    mine.keyboard.press("Enter")
    dialog = mine.get_by_role("dialog", name="Cancel these interviews?")
    expect(dialog).to_contain_text("The calendar event remains.")
    expect(dialog.get_by_role("link", name="Open it in GoodTime")).to_have_attribute("href", re.compile("goodtime"))
    expect(dialog.get_by_role("button", name="Keep the interviews")).to_be_focused()
    mine.keyboard.press("Tab")
    mine.keyboard.press("Enter")

    expect(dialog).to_have_count(0)
    expect(panel_cards(mine)).to_have_count(0)
    expect(panel_cards(theirs)).to_have_count(0)
    expect(notice(theirs, re.compile("cancelled the interviews"))).to_be_visible()

    theirs.locator("details.canceled > summary").press("Enter")
    expect(theirs.locator("details.canceled")).to_contain_text("delete the interview in GoodTime")
    theirs.get_by_role("button", name="Restore").press("Enter")

    expect(panel_cards(theirs)).to_have_count(1)
    expect(panel_cards(mine)).to_have_count(1)
    expect(theirs.get_by_role("button", name="Cancel", exact=True)).to_be_focused()


def test_what_the_scheduler_deleted_offers_no_restoring(visitors: Visitors, ats: Ats) -> None:
    candidate = ats.candidate()
    candidate.push()
    candidate.delete()
    page = visitors.window("ADMIN", f"/candidates/{candidate.id}")

    page.locator("details.canceled > summary").click()

    expect(page.locator("details.canceled")).to_contain_text("Deleted in GoodTime")
    expect(page.get_by_role("button", name="Restore")).to_have_count(0)


def test_a_panel_that_moved_meanwhile_is_not_cancelled_unseen(visitors: Visitors, ats: Ats) -> None:
    candidate = ats.candidate()
    candidate.push(days=3)
    page = visitors.window("ADMIN", f"/candidates/{candidate.id}")
    page.get_by_role("button", name="Cancel", exact=True).click()

    candidate.push(days=4)
    page.get_by_role("button", name="Cancel the interviews").click()

    expect(page.get_by_role("alert")).to_contain_text("changed in the meantime")
    page.get_by_role("button", name="Cancel the interviews").click()
    expect(panel_cards(page)).to_have_count(0)


def test_a_panel_that_a_colleague_cancelled_in_the_meantime_is_reported_as_cancelled(
    visitors: Visitors, ats: Ats
) -> None:
    candidate, relay = ats.candidate(), FeedRelay()
    pushed = candidate.push()
    page = visitors.window("ADMIN", f"/candidates/{candidate.id}", relay=relay)
    page.get_by_role("button", name="Cancel", exact=True).click()

    relay.drops_messages = True
    ats.ask(
        "mutation($id: ID!) { cancelInterviewPanel(input: { id: $id }) { errors { message } } }",
        ats.token("TEAM_MEMBER"),
        id=pushed["id"],
    )
    page.get_by_role("button", name="Cancel the interviews").click()

    expect(notice(page, "has already cancelled these interviews")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_text("Cancel them anyway?")).to_have_count(0)
    expect(panel_cards(page)).to_have_count(0)


def test_names_with_markup_are_shown_as_text(visitors: Visitors, ats: Ats) -> None:
    name = '<img src=x onerror=window.ran=1><b>Bobby</b> & "Tables" \'</script>'
    candidate = ats.candidate(name=name)
    candidate.push(subjects=("<i>System</i> design",))
    page = visitors.window("ADMIN", f"/?search={candidate.external_id}")

    page.get_by_role("link", name=name, exact=True).click()

    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()
    expect(page.get_by_role("heading", name="<i>System</i> design")).to_be_visible()
    assert page.locator("main b img, main i, main img").count() == 0
    assert page.evaluate("window.ran") is None


def test_a_candidate_who_is_not_there_and_an_address_that_is_none_say_so(visitors: Visitors) -> None:
    for address in ("cnd_nobody", "%E0%A4"):
        page = visitors.window("ADMIN", f"/candidates/{address}")

        expect(page.get_by_role("heading", name="Candidate not found")).to_be_visible()
