"""After a cut, an expired cursor, a slow window or one too many nothing was missed."""

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from playwright.sync_api import Page, expect
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from tests.console.browsing import Ats, Visitors, panel_cards
from tests.console.network import FeedRelay, Proxy

#: The demo has a database of its own, whichever the other tests are on.
pytestmark = pytest.mark.once

PROTOCOL = Subprotocol("graphql-transport-ws")
MOST_CONNECTIONS = 20


@contextmanager
def open_all_connections(ats: Ats, email: str) -> Iterator[None]:
    """As many connections as one person may have open."""
    init = json.dumps({"type": "connection_init", "payload": {"Authorization": f"Bearer {ats.token(email)}"}})
    with ExitStack() as sockets:
        for _ in range(MOST_CONNECTIONS):
            socket = sockets.enter_context(connect(f"{ats.url.replace('http', 'ws')}/graphql", subprotocols=[PROTOCOL]))
            socket.send(init)
            assert json.loads(socket.recv())["type"] == "connection_ack"
        yield


def window_over_limit(visitors: Visitors, email: str) -> Page:
    """A window of that person, whose connection is one too many."""
    page = visitors.window(None, f"/interviews#token={visitors.ats.token(email)}")
    expect(page.locator("#bar .live")).to_have_attribute("data-state", "crowded")
    expect(page.locator("#notices")).to_contain_text("Too many connections are open")
    return page


def test_after_a_cut_connection_nothing_was_missed(visitors: Visitors, ats: Ats, proxy: Proxy) -> None:
    candidate = ats.candidate()
    candidate.push(panel="stays")
    candidate.push(panel="goes")
    page = visitors.window("ADMIN", f"/candidates/{candidate.id}", base=f"http://127.0.0.1:{proxy.port}")
    expect(panel_cards(page)).to_have_count(2)
    dot = page.locator("#bar .live")

    proxy.cut()
    expect(dot).to_have_attribute("data-state", re.compile("reconnecting|offline"))
    candidate.delete(panel="goes")
    candidate.push(panel="stays", subjects=("Moved while cut",))
    candidate.push(panel="comes", subjects=("Made while cut",))
    proxy.restore()

    expect(dot).to_have_attribute("data-state", "live")
    expect(panel_cards(page)).to_have_count(2)
    expect(page.get_by_role("heading", name="Moved while cut")).to_be_visible()
    expect(page.get_by_role("heading", name="Made while cut")).to_be_visible()


def test_a_window_whose_cursor_has_expired_loads_afresh(visitors: Visitors, ats: Ats) -> None:
    candidate, relay = ats.candidate(), FeedRelay()
    page = visitors.window("ADMIN", f"/candidates/{candidate.id}", relay=relay)
    candidate.push(panel="first")
    expect(panel_cards(page)).to_have_count(1)

    relay.drops_messages = True
    candidate.push(panel="unheard")
    relay.fail_feed(code="CURSOR_EXPIRED")

    expect(panel_cards(page)).to_have_count(2)
    assert "after" not in relay.subscribed[-1]["payload"]["variables"]


def test_a_window_that_was_too_slow_goes_on_from_the_cursor_it_is_given(visitors: Visitors, ats: Ats) -> None:
    candidate, relay = ats.candidate(), FeedRelay()
    page = visitors.window("ADMIN", f"/candidates/{candidate.id}", relay=relay)
    candidate.push(panel="first")
    expect(panel_cards(page)).to_have_count(1)
    cursor = ats.ask(
        "query($id: ID!) { interviewPanelChanges(candidateId: $id) { pageInfo { endCursor } } }", id=candidate.id
    )["interviewPanelChanges"]["pageInfo"]["endCursor"]

    relay.drops_messages = True
    candidate.push(panel="unheard")
    relay.fail_feed(code="TOO_SLOW", cursor=cursor)

    expect(panel_cards(page)).to_have_count(2)
    assert relay.subscribed[-1]["payload"]["variables"]["after"] == cursor


def test_a_view_that_cannot_be_loaded_says_so_and_tries_again(visitors: Visitors, ats: Ats, proxy: Proxy) -> None:
    relay = FeedRelay()
    page = visitors.window("ADMIN", relay=relay, base=f"http://127.0.0.1:{proxy.port}")
    page.get_by_role("link", name="Activity").wait_for()

    proxy.cut()
    page.get_by_role("link", name="Activity").click()
    expect(page.get_by_role("heading", name="Callboard can't be reached")).to_be_visible()
    # Without its feed the view doesn't come by itself, before the button is pressed.
    relay.drops_messages = True
    proxy.restore()
    page.get_by_role("button", name="Try again").click()

    expect(page.locator(".timeline, .empty-state").first).to_be_visible()
    expect(page.get_by_role("heading", name="Callboard can't be reached")).to_have_count(0)


def test_a_view_that_could_not_be_loaded_comes_by_itself_once_there_is_a_connection(
    visitors: Visitors, ats: Ats, proxy: Proxy
) -> None:
    candidate = ats.candidate()
    page = visitors.window("ADMIN", base=f"http://127.0.0.1:{proxy.port}")
    page.get_by_role("link", name="Activity").wait_for()
    # A change that is received: the feed resumes from it, and doesn't report stale data.
    page.get_by_label("Search by name or email").fill(candidate.external_id)
    expect(page.get_by_text("1 candidate", exact=True)).to_be_visible()
    candidate.push()
    expect(page.locator(".row.fresh")).to_be_visible()

    proxy.cut()
    page.get_by_role("link", name="Activity").click()
    expect(page.get_by_role("heading", name="Callboard can't be reached")).to_be_visible()
    proxy.restore()

    expect(page.locator(".timeline li").first).to_be_visible()


def test_a_window_whose_connection_is_one_too_many_stays_signed_in_until_there_is_room(
    visitors: Visitors, ats: Ats
) -> None:
    with open_all_connections(ats, "noor@demo.example"):
        page = window_over_limit(visitors, "noor@demo.example")
        expect(page.get_by_role("heading", name="My interviews")).to_be_visible()

    expect(page.locator("#bar .live")).to_have_attribute("data-state", "live")
    expect(page.locator("#notices")).to_be_empty()


def test_after_signing_out_no_notice_about_the_connection_is_left(visitors: Visitors, ats: Ats) -> None:
    with open_all_connections(ats, "mei@demo.example"):
        page = window_over_limit(visitors, "mei@demo.example")
        page.get_by_role("button", name="Sign out").click()

        expect(page.get_by_role("heading", name="You are signed out")).to_be_visible()
        expect(page.locator("#notices")).to_be_empty()
