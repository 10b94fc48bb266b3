"""Layout of GoodTime's pages: the longest texts overlap nothing there either."""

import pytest

from tests.console.boxes import faults_by_width
from tests.console.browsing import Ats, Visitors
from tests.console.longest import Longest, sync_longest
from tests.console.test_layout import BROWSERS, WIDTHS

#: The demo has a database of its own, whichever the other tests are on.
pytestmark = pytest.mark.once


@pytest.fixture(scope="module")
def longest(ats: Ats) -> Longest:
    """The account with the longest texts in it."""
    return sync_longest(ats)


@pytest.mark.parametrize("browser_of", BROWSERS)
def test_goodtimes_pages_overlap_nothing_and_can_all_be_read(
    browser_of: str, visitors: Visitors, longest: Longest
) -> None:
    page = visitors.window(None, "/settings", base=visitors.ats.goodtime, **BROWSERS[browser_of])
    page.get_by_label("API key").fill(visitors.ats.key())
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Connected to ").wait_for()
    measured = {}

    for path in ("/settings", "/candidates?id=longest-0", "/candidates?id=longest-1", "/panels/longest-0-3"):
        page.goto(f"{visitors.ats.goodtime}{path}")
        page.wait_for_selector("main:not([aria-busy]) h1")
        measured[path] = faults_by_width(page, WIDTHS)

    assert {path: each for path, each in measured.items() if each} == {}
