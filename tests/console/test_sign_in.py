"""Signing in and out: by a link and by a pasted token, and what is shown when neither is accepted."""

import re

import pytest
from playwright.sync_api import expect

from tests.console.browsing import Ats, Visitors

#: The demo has a database of its own, whichever the other tests are on.
pytestmark = pytest.mark.once


def test_a_sign_in_link_leaves_no_token_in_the_address(visitors: Visitors) -> None:
    page = visitors.window("ADMIN")

    assert page.url.endswith(":" + visitors.ats.url.rsplit(":", 1)[1] + "/")
    assert "eyJ" not in page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])")
    expect(page.locator(".me")).to_contain_text("Admin")


def test_the_demo_prints_a_link_that_signs_in(visitors: Visitors, ats: Ats) -> None:
    links = re.findall(r"http://\S+#token=\S+", ats.output.read_text())

    page = visitors.window(None, links[0].removeprefix(ats.url))

    expect(page.locator(".me")).to_be_visible()


def test_a_link_signs_in_all_tabs_of_a_browser_and_signing_out_counts_for_all(visitors: Visitors, ats: Ats) -> None:
    page = visitors.window("TEAM_MEMBER")
    second = page.context.new_page()
    second.goto(f"{ats.url}/activity")
    expect(second.locator(".me")).to_contain_text("Team Member")

    second.get_by_role("button", name="Sign out").click()

    for tab in (page, second):
        expect(tab.get_by_role("heading", name="You are signed out")).to_be_visible()


def test_a_token_can_be_pasted_and_sent_by_the_keyboard_alone(visitors: Visitors, ats: Ats) -> None:
    page = visitors.window(None, "/activity")
    expect(page.get_by_role("heading", name="Sign in to Callboard")).to_be_visible()

    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.insert_text(f"Bearer {ats.token('TEAM_MEMBER')}")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="Activity", level=1)).to_be_visible()
    expect(page.locator(".me")).to_contain_text("Team Member")


def test_a_token_that_is_not_accepted_is_refused_on_the_sign_in_page(visitors: Visitors) -> None:
    page = visitors.window(None)

    page.get_by_label("Token").fill("not-a-token")
    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_role("alert")).to_contain_text("isn't accepted")
    expect(page.get_by_label("Token")).to_be_focused()


def test_an_integrations_key_does_not_sign_in_a_person(visitors: Visitors, ats: Ats) -> None:
    page = visitors.window(None)

    page.get_by_label("Token").fill(ats.key())
    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_role("heading", name="That is an integration's key")).to_be_visible()


def test_a_sign_in_that_expires_shows_a_page_that_takes_a_new_one(visitors: Visitors, ats: Ats) -> None:
    page = visitors.window(None)
    page.goto("about:blank")
    page.goto(f"{ats.url}/activity#token={ats.token('ADMIN', seconds=-26)}")

    expect(page.get_by_role("heading", name="Your sign-in has expired")).to_be_visible()
    page.get_by_label("Token").fill(ats.token("ADMIN"))
    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_role("heading", name="Activity", level=1)).to_be_visible()


def test_signing_out_forgets_the_token(visitors: Visitors) -> None:
    page = visitors.window("ADMIN")

    page.get_by_role("button", name="Sign out").click()

    expect(page.get_by_role("heading", name="You are signed out")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Sign in to Callboard")).to_be_visible()


def test_a_sign_in_link_asks_before_it_takes_the_place_of_who_is_signed_in(visitors: Visitors, ats: Ats) -> None:
    page = visitors.window("ADMIN")
    bar, asked = page.locator("#bar"), list[str]()
    before = bar.inner_text()

    def follow_link(accepts: bool) -> None:
        page.once(
            "dialog", lambda dialog: (asked.append(dialog.message), dialog.accept() if accepts else dialog.dismiss())
        )
        page.evaluate("link => (location.hash = link)", f"#token={ats.token('INTERVIEWER')}")
        page.wait_for_function("() => location.hash === ''")

    follow_link(accepts=False)
    assert bar.inner_text() == before
    follow_link(accepts=True)
    expect(page.get_by_role("heading", name="My interviews")).to_be_visible()
    assert len(asked) == 2
