"""With a path in CALLBOARD_PUBLIC_URL everything that a page asks for, and wherever it leads, is under that path."""

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, expect

from tests.console.browsing import Visitors, panel_cards
from tests.console.conftest import serve_demo

#: The demo has a database of its own, whichever the other tests are on.
pytestmark = pytest.mark.once


def test_under_a_path_every_request_link_and_stream_of_a_page_stays_there(browser: Browser, tmp_path: Path) -> None:
    with serve_demo(tmp_path, "/ats/callboard") as ats:
        ats.switch(True)
        candidate, visitors = ats.candidate(), Visitors(browser, ats)
        page = visitors.window("SUPER_ADMIN")
        requested = [ats.url]
        page.on("request", lambda request: requested.append(request.url))
        page.on("websocket", lambda socket: requested.append(socket.url))

        page.reload()
        page.get_by_role("link", name=candidate.name, exact=True).click()
        expect(page).to_have_url(re.compile(f"/ats/callboard/candidates/{candidate.id}$"))
        page.reload()
        page.wait_for_selector("#bar .live[data-state=live]")
        candidate.push()
        expect(panel_cards(page)).to_have_count(1)
        page.get_by_role("link", name="Activity", exact=True).click()
        expect(page.get_by_role("heading", name="Activity", level=1)).to_be_visible()
        page.go_back()
        expect(panel_cards(page)).to_have_count(1)
        page.goto(f"{ats.url}/graphql")
        expect(page.locator("h1, h2").first).to_be_visible()
        visitors.close_all()

    elsewhere = {url for url in requested if not urlsplit(url).path.startswith("/ats/callboard")}
    assert elsewhere == set()
    assert {urlsplit(url).scheme for url in requested} == {"http", "ws"}
