"""Layout: whatever the texts, the window and the clock, nothing overlaps, leaves its place or is cut off for good."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.console.boxes import faults, faults_by_width
from tests.console.browsing import Ats, Visitors
from tests.console.longest import ADMIN, INTERVIEWER, WORD, Longest, sync_longest

#: The demo has a database of its own, whichever the other tests are on.
pytestmark = pytest.mark.once

WIDTHS = (320, 390, 768, 1280, 1920)
PHONE = {"width": 390, "height": 844}
#: 12-hour times in a zone with a long name; 24-hour times, in a browser whose language is written from the right.
BROWSERS = {
    "twelve-hour": {"locale": "en-US", "timezone_id": "America/St_Johns"},
    "right-to-left": {"locale": "he-IL", "timezone_id": "Asia/Kathmandu"},
}


@pytest.fixture(scope="module")
def longest(ats: Ats) -> Longest:
    """The account with the longest texts in it."""
    return sync_longest(ats)


@pytest.mark.parametrize("browser_of", BROWSERS)
def test_the_longest_texts_overlap_nothing_and_can_all_be_read(
    browser_of: str, visitors: Visitors, longest: Longest
) -> None:
    one, other = (f"/candidates/{candidate}" for candidate in longest.candidates)
    places = {
        ADMIN: ["/", one, other, "/activity", "/settings/users", f"/feedback/{longest.submitted_form}"],
        INTERVIEWER: ["/interviews", f"/feedback/{longest.open_form}"],
        "SUPER_ADMIN": ["/settings/integrations", "/settings/audit"],
    }
    measured: dict[str, Any] = {}

    for person, paths in places.items():
        page = visitors.window(person, paths[0], **BROWSERS[browser_of])
        for path in paths:
            go(page, path)
            measured[path] = faults_by_width(page, WIDTHS)
        if person == ADMIN:
            go(page, one)
            page.get_by_role("button", name="Cancel", exact=True).first.click()
            measured["cancel"] = faults_by_width(page, WIDTHS)
    explorer = visitors.window(None, f"/graphql#token={visitors.ats.token()}", **BROWSERS[browser_of])
    explorer.get_by_role("button", name=re.compile("^Use ")).first.wait_for()
    measured["explorer"] = faults_by_width(explorer, WIDTHS)
    measured["sign-in"] = faults_by_width(visitors.window(None, **BROWSERS[browser_of]), WIDTHS)

    assert {place: each for place, each in measured.items() if each} == {}


def go(page: Page, path: str) -> None:
    """Lead the console to a view, as the browser's own buttons do, and wait until it is loaded."""
    page.evaluate("path => { history.pushState(null, '', path); dispatchEvent(new PopStateEvent('popstate')); }", path)
    page.wait_for_selector("main:not([aria-busy]) .body > :not(.skeleton)")


def test_what_the_boxes_are_measured_with_sees_what_it_is_for(visitors: Visitors) -> None:
    page = visitors.window("ADMIN")

    assert faults(page) == []
    for spoiled, wanted in {
        ".row > * { grid-area: 1 / 1 }": " lies over ",
        ".row { grid-template-columns: repeat(5, 1rem); overflow-wrap: normal }": " leaves ",
        ".who a { display: block; overflow: hidden; width: 2rem; white-space: nowrap }": " is cut off by ",
        "main { width: 200vw; max-width: none }": "the page is ",
    }.items():
        sheet = page.evaluate_handle(
            "css => { const sheet = new CSSStyleSheet(); sheet.replaceSync(css);"
            " document.adoptedStyleSheets = [sheet]; return sheet; }",
            spoiled,
        )
        assert any(wanted in fault for fault in faults(page)), spoiled
        sheet.dispose()


def test_a_long_stage_leaves_room_for_the_candidate_on_a_phone(visitors: Visitors, longest: Longest) -> None:
    name = visitors.ats.candidate("Robin Room", stage=WORD).name
    page = visitors.window("ADMIN", "/?search=robin+room", viewport=PHONE)
    link = page.get_by_role("link", name=name, exact=True).first

    box = link.bounding_box()

    assert box is not None
    assert box["width"] >= 70
    assert box["height"] < 30


def test_no_notice_lies_over_a_row(visitors: Visitors, ats: Ats) -> None:
    candidates = [ats.candidate(name="Covered Person") for _ in range(12)]
    wide = visitors.window("ADMIN", "/?search=covered+person")
    phone = visitors.window("ADMIN", "/?search=covered+person", viewport=PHONE)
    for page in (wide, phone):
        expect(page.get_by_text("12 candidates", exact=True)).to_be_visible()

    candidates[0].push()
    for page in (wide, phone):
        notice = page.locator(".notice").first
        expect(notice).to_be_visible()
        page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
        covered = page.evaluate(
            """() => {
              const notice = document.querySelector(".notice").getBoundingClientRect();
              const rows = [...document.querySelectorAll("[role=row]")].map((row) => row.getBoundingClientRect());
              const over = ({ left, right, top, bottom }) =>
                Math.min(right, notice.right) - Math.max(left, notice.left) > 1 &&
                Math.min(bottom, notice.bottom) - Math.max(top, notice.top) > 1;
              return rows.filter(over).length;
            }"""
        )
        assert covered == 0


def test_what_is_searched_for_is_not_bold(visitors: Visitors) -> None:
    page = visitors.window("ADMIN")

    search = page.get_by_label("Search by name or email")

    assert search.evaluate("(it) => getComputedStyle(it).fontWeight") == "400"
