"""My interviews: what is coming, what is due, and files for a calendar."""

import re
from collections import Counter
from datetime import timedelta

import pytest
from icalendar import Calendar
from playwright.sync_api import Browser, expect

import clock
from tests.console.browsing import EMAILS, Ats, Visitors

#: The demo has a database of its own, whichever the other tests are on.
pytestmark = pytest.mark.once


def test_an_interviewer_sees_what_is_coming_and_what_is_due_and_gets_the_invite_as_a_file(
    visitors: Visitors, ats: Ats
) -> None:
    coming, over = ats.candidate(), ats.candidate()
    over.push(days=-1)
    page = visitors.window("INTERVIEWER", "/interviews")

    pushed = coming.push(days=1)
    seat = page.locator(".seat").filter(has_text=coming.name)
    expect(seat).to_be_visible()
    expect(page.locator(".cards.due")).to_contain_text(over.name)
    with page.expect_download() as download:
        seat.get_by_role("button", name="Calendar invite").click()

    assert download.value.suggested_filename == "System-design.ics"
    text = download.value.path().read_text()
    assert text.startswith("BEGIN:VCALENDAR")
    assert coming.form_id(pushed, EMAILS["INTERVIEWER"]) in text.replace("\r\n ", "").replace("\n ", "")


def test_feedback_due_says_whether_the_interview_has_ended(visitors: Visitors, ats: Ats) -> None:
    over, running, ago = ats.candidate(), ats.candidate(), timedelta(minutes=5)
    # Days are counted as the window has them, in Berlin.
    over.push(days=-2, at=clock.now().time())
    running.push(days=-ago / timedelta(days=1), at=(clock.now() - ago).time())
    page = visitors.window("INTERVIEWER", "/interviews")

    due = page.locator(".due .seat")

    expect(due.filter(has_text=over.name)).to_contain_text("ended 2 days ago")
    expect(due.filter(has_text=running.name)).to_contain_text(re.compile(r"ends in (39|40) minutes"))


def test_all_that_is_coming_fits_into_one_file_for_a_calendar(visitors: Visitors, ats: Ats) -> None:
    one, other = ats.candidate(), ats.candidate()
    panels = [(one, one.push(days=3)), (other, other.push(days=200))]
    forms = {candidate.form_id(panel, EMAILS["INTERVIEWER"]) for candidate, panel in panels}
    page = visitors.window("INTERVIEWER", "/interviews")

    with page.expect_download() as download:
        page.get_by_role("button", name="Add all to my calendar").click()

    assert download.value.suggested_filename == "My-interviews.ics"
    calendar = Calendar.from_ical(download.value.path().read_bytes())
    events = calendar.walk("VEVENT")
    assert "METHOD" not in calendar
    assert len({str(event["UID"]) for event in events}) == len(events)
    assert {form for form in forms if any(form in str(event["DESCRIPTION"]) for event in events)} == forms
    assert not calendar.walk("VTIMEZONE")


def test_all_interviews_are_a_click_away_and_in_the_file_deleted_ones_as_cancelled(
    browser: Browser, fresh_ats: Ats
) -> None:
    visitors, candidate = Visitors(browser, fresh_ats), fresh_ats.candidate()
    subjects = tuple(f"Interview {number}" for number in range(1, 51))
    for panel, days in (("first", 10), ("second", 20), ("third", 30), ("deleted", 40)):
        candidate.push(panel=panel, days=days, subjects=subjects)
    candidate.delete("deleted")
    page = visitors.window("INTERVIEWER", "/interviews")
    seats = page.locator(".seat").filter(has_text=candidate.name)

    expect(page.get_by_role("button", name="Show more")).to_be_visible()
    assert seats.count() < 150
    page.get_by_role("button", name="Show more").click()
    expect(seats).to_have_count(150)
    expect(page.get_by_role("button", name="Show more")).to_have_count(0)
    page.reload()
    expect(seats).to_have_count(150)

    with page.expect_download() as download:
        page.get_by_role("button", name="Add all to my calendar").click()
    events = Calendar.from_ical(download.value.path().read_bytes()).walk("VEVENT")
    own = Counter(str(each["STATUS"]) for each in events if candidate.name in each["DESCRIPTION"])
    assert own == {"CONFIRMED": 150, "CANCELLED": 50}
    visitors.close_all()


def test_a_calendar_program_can_subscribe_at_an_address_that_is_shown_once(visitors: Visitors, ats: Ats) -> None:
    candidate = ats.candidate()
    candidate.push(days=3)
    page = visitors.window("INTERVIEWER", "/interviews")

    page.get_by_role("button", name="Subscribe").click()
    page.get_by_role("button", name="Make an address").click()

    address = page.get_by_role("textbox", name="Address").input_value()
    webcal = page.get_by_role("link", name="Open in a calendar program").get_attribute("href")
    assert webcal == re.sub("^https?:", "webcal:", address)
    path = re.sub("^https?://[^/]+", "", address)
    answer = page.request.get(f"{page.url.removesuffix('/interviews')}{path}")
    assert candidate.name in answer.text().replace("\r\n ", "")
    page.get_by_role("button", name="Done").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
