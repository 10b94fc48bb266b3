"""Layout: long texts and twelve-hour clocks overlap nothing, and notices cover no row."""

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.console.browsing import Ats, Visitors

#: The demo has a database of its own, whichever the other tests are on.
pytestmark = pytest.mark.once

LONGEST_STAGE = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkgespräch"
PHONE = {"width": 390, "height": 844}
NARROWEST_NAME = 90


def box(element: Locator) -> Any:
    """The rectangle of an element, which must be visible."""
    rectangle = element.bounding_box()
    assert rectangle is not None
    return rectangle


def overlap(one: Any, other: Any) -> bool:
    """Whether two rectangles share more than an edge."""
    return bool(
        min(one["x"] + one["width"], other["x"] + other["width"]) - max(one["x"], other["x"]) > 1
        and min(one["y"] + one["height"], other["y"] + other["height"]) - max(one["y"], other["y"]) > 1
    )


def width_of_text(element: Locator) -> float:
    """How wide the text of an element is drawn, even where that is wider than its column."""
    return float(
        element.evaluate(
            "(it) => { const range = document.createRange(); range.selectNodeContents(it);"
            " return range.getBoundingClientRect().width; }"
        )
    )


def sync_longest_stage(ats: Ats) -> str:
    """A stage with the longest of names, after all others."""
    synced = ats.ask(
        "mutation($stages: [StageInput!]!) { syncStages(stages: $stages) { errors { message } } }",
        stages=[{"name": LONGEST_STAGE, "position": 99, "hasInterview": True}],
    )["syncStages"]
    assert not synced["errors"], synced
    return LONGEST_STAGE


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("place", ["profile", "interviews"])
def test_twelve_hour_times_stay_beside_the_subject(place: str, width: int, visitors: Visitors, ats: Ats) -> None:
    candidate = ats.candidate()
    candidate.push(days=2)
    path = f"/candidates/{candidate.id}" if place == "profile" else "/interviews"
    page = visitors.window(
        "INTERVIEWER" if place == "interviews" else "ADMIN",
        path,
        locale="en-US",
        timezone_id="America/Los_Angeles",
        viewport={"width": width, "height": 860},
    )
    row = page.locator(".interviews > li" if place == "profile" else ".seat:has(.when)").first

    time, subject = row.locator(".when time"), row.locator(".what")

    expect(time).to_contain_text("M")
    assert width_of_text(time) <= box(row.locator(".when"))["width"]
    assert not overlap(box(row.locator(".when")), box(subject))


def test_a_long_stage_leaves_room_for_the_candidate_on_a_phone(visitors: Visitors, ats: Ats) -> None:
    candidate = ats.candidate(stage=sync_longest_stage(ats))
    candidate.push()
    page = visitors.window("ADMIN", f"/?search={candidate.external_id}", viewport=PHONE)
    row = page.get_by_role("row").filter(has_text=candidate.name)
    link = row.get_by_role("link", name=candidate.name, exact=True)

    assert width_of_text(link) >= NARROWEST_NAME
    assert not overlap(box(link), box(row.locator(".stage")))
    assert page_width(page) == PHONE["width"]
    link.click()
    expect(page.get_by_role("heading", name=candidate.name, level=1)).to_be_visible()
    expect(page.get_by_text(LONGEST_STAGE, exact=True)).to_be_visible()
    assert page_width(page) == PHONE["width"]


def page_width(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth"))


def test_notices_cover_no_row(visitors: Visitors, ats: Ats) -> None:
    for _ in range(12):
        ats.candidate(name="Covered Person")
    candidate = ats.candidate(name="Covered Person")
    page = visitors.window("ADMIN", "/?search=covered+person")
    rows = page.get_by_role("row")
    expect(page.get_by_text("13 candidates", exact=True)).to_be_visible()

    candidate.push()
    notice = page.locator(".notice").first
    expect(notice).to_be_visible()

    covered = box(notice)
    assert not any(overlap(covered, box(row)) for row in rows.all())


def test_on_a_phone_no_notice_covers_the_last_row_at_the_end_of_the_page(visitors: Visitors, ats: Ats) -> None:
    candidates = [ats.candidate(name="Scrolled Person") for _ in range(12)]
    page = visitors.window("ADMIN", "/?search=scrolled+person", viewport=PHONE)
    expect(page.get_by_text("12 candidates", exact=True)).to_be_visible()

    candidates[0].push()
    notice = page.locator(".notice").first
    expect(notice).to_be_visible()
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")

    last = box(page.get_by_role("row").last)
    assert last["y"] + last["height"] <= box(notice)["y"]


def test_what_is_searched_for_is_not_bold(visitors: Visitors) -> None:
    page = visitors.window("ADMIN")

    search = page.get_by_label("Search by name or email")

    assert search.evaluate("(it) => getComputedStyle(it).fontWeight") == "400"
