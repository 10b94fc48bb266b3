"""Settings, Integrations: the toggle, the keys, who may touch either, and how an integration is doing."""

import json
import re

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from tests.console.browsing import Ats, Visitors, accessibility_faults, clipboard_text

#: The demo has a database of its own, whichever the other tests are on.
pytestmark = pytest.mark.once


def integration_row(page: Page) -> Locator:
    return page.get_by_role("article", name="GoodTime")


def revoke_all_keys(ats: Ats) -> None:
    for key in ats.ask("{ integration(provider: GOODTIME) { apiKeys { id } } }")["integration"]["apiKeys"]:
        ats.ask("mutation($id: ID!) { revokeApiKey(id: $id) { errors { message } } }", id=key["id"])


def test_the_toggle_opens_the_row_and_the_key_is_shown_once(visitors: Visitors, ats: Ats) -> None:
    ats.switch(False)
    revoke_all_keys(ats)
    page = visitors.window("SUPER_ADMIN", "/settings/integrations")
    expect(page.get_by_role("heading", name="Partner Integrations")).to_be_visible()
    expect(page.get_by_role("heading", name="Scheduling")).to_be_visible()
    row, toggle = integration_row(page), page.get_by_role("switch", name="GoodTime")
    expect(toggle).not_to_be_checked()
    expect(row.get_by_role("button", name="Generate New Key")).to_have_count(0)
    expect(row).to_contain_text("Once it is on, GoodTime can")

    toggle.press("Space")

    expect(toggle).to_be_checked()
    expect(toggle).to_be_focused()
    red, green, blue = page.evaluate(
        "getComputedStyle(document.querySelector('.toggle')).backgroundColor.match(/\\d+/g).slice(0, 3).map(Number)"
    )
    assert red > 200 > green > blue, "orange"
    expect(row).to_contain_text("GoodTime can")

    row.get_by_role("button", name="Generate New Key").press("Enter")
    dialog = page.get_by_role("dialog", name="Your new GoodTime key")
    expect(dialog).to_contain_text("You will not have access to it again once you click Done")
    expect(dialog).to_contain_text("In GoodTime, open Company Settings, ATS Integrations, choose Callboard")
    secret = dialog.get_by_label("API key").input_value()
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(dialog).to_be_visible()
    dialog.get_by_role("button", name="Copy").click()
    expect(dialog.get_by_role("button", name="Copied")).to_be_visible()
    dialog.get_by_role("button", name="Done").click()

    expect(dialog).to_have_count(0)
    expect(row.get_by_role("table")).to_contain_text(secret[:12])
    assert secret not in page.content()
    assert ats.is_accepted(secret)


def test_a_new_key_is_copied_over_plain_http_too(visitors: Visitors, ats: Ats) -> None:
    ats.key()
    page = visitors.window("SUPER_ADMIN", "/settings/integrations", base=ats.url_elsewhere)
    page.get_by_role("button", name="Generate New Key").click()
    page.get_by_role("dialog").get_by_role("button", name="Generate New Key").click()
    secret = page.get_by_label("API key").input_value()

    page.get_by_role("button", name="Copy").click()

    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert clipboard_text(page) == secret


def test_the_dialog_of_a_new_key_says_which_key_ends_when(visitors: Visitors, ats: Ats) -> None:
    ats.switch(True)
    revoke_all_keys(ats)
    first, second = (
        ats.ask("mutation { generateApiKey(provider: GOODTIME) { secret } }")["generateApiKey"]["secret"]
        for _ in range(2)
    )
    page = visitors.window("SUPER_ADMIN", "/settings/integrations")

    page.get_by_role("button", name="Generate New Key").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(f"{first[:12]}… stops working at once")
    dialog.get_by_label(f"Keep the key {second[:12]}… working").select_option("For 1 more hour")
    dialog.get_by_role("button", name="Generate New Key").click()
    secret = dialog.get_by_label("API key").input_value()
    dialog.get_by_role("button", name="Done").click()

    expect(page.get_by_role("row", name=second[:12])).to_contain_text("in 1 hour")
    assert [ats.is_accepted(key) for key in (first, second, secret)] == [False, True, True]


def test_a_revoked_key_is_gone_from_the_list_and_refused(visitors: Visitors, ats: Ats) -> None:
    ats.switch(True)
    secret = ats.ask("mutation { generateApiKey(provider: GOODTIME) { secret } }")["generateApiKey"]["secret"]
    page = visitors.window("SUPER_ADMIN", "/settings/integrations")

    page.get_by_role("button", name=f"Revoke {secret[:12]}").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()

    expect(page.get_by_role("button", name=f"Revoke {secret[:12]}")).to_have_count(0)
    assert not ats.is_accepted(secret)


def test_a_second_window_sees_the_switch_without_a_reload(visitors: Visitors, ats: Ats) -> None:
    ats.switch(True)
    page = visitors.window("ADMIN", "/settings/integrations")
    toggle = page.get_by_role("switch", name="GoodTime")
    expect(toggle).to_be_checked()

    ats.switch(False)

    expect(toggle).not_to_be_checked()
    ats.switch(True)
    expect(toggle).to_be_checked()


def test_only_a_super_admin_can_switch_and_others_read_why(visitors: Visitors, ats: Ats) -> None:
    ats.switch(True)
    admin = visitors.window("ADMIN", "/settings/integrations")
    interviewer = visitors.window("INTERVIEWER", "/settings/integrations")

    expect(admin.get_by_role("switch", name="GoodTime")).to_be_disabled()
    expect(admin.get_by_text("Only Super Admins can switch integrations")).to_be_visible()
    expect(admin.get_by_role("button", name="Generate New Key")).to_have_count(0)
    expect(interviewer.get_by_role("heading", name="Not available to Interviewers")).to_be_visible()


def test_the_row_tells_how_the_integration_is_doing(browser: Browser, fresh_ats: Ats, axe: str) -> None:
    visitors = Visitors(browser, fresh_ats)
    key = fresh_ats.key()
    page = visitors.window("SUPER_ADMIN", "/settings/integrations")
    row = integration_row(page)
    expect(row).to_contain_text("Waiting for GoodTime's first call")

    candidate = fresh_ats.candidate()
    candidate.push()
    expect(row).to_contain_text("Connected")
    expect(row).to_contain_text(re.compile("Last push(just now|in 0|1 minute ago)"))
    panel = {"externalId": "refused", "candidateExternalId": candidate.external_id, "timezone": "UTC"}
    event = {"externalId": "one", "subject": "Talk", "startsAt": "2030-01-01T10:00:00Z", "durationMinutes": 45}
    refused = panel | {"interviews": [event | {"interviewers": [{"email": "stranger@mail.example"}]}]}
    push = "mutation($input: UpsertInterviewPanelInput!) { upsertInterviewPanel(input: $input) { errors { code } } }"
    assert fresh_ats.ask(push, key, input=refused)["upsertInterviewPanel"]["errors"]
    page.reload()

    expect(row).to_contain_text("1 push refused in the last day")
    expect(row.get_by_role("listitem").filter(has_text="An interviewer without an account").first).to_be_visible()
    assert accessibility_faults(page, axe) == []
    row.get_by_role("link", name="All refusals of the last week").click()
    expect(page.get_by_role("region", name="GoodTime")).to_contain_text("input.interviews.0.interviewers.0.email")
    assert "stranger" not in page.content()
    assert accessibility_faults(page, axe) == []
    visitors.close_all()


def test_where_there_are_several_schedulers_a_super_admin_says_which_one_opens(visitors: Visitors, ats: Ats) -> None:
    ats.switch(True)
    page = visitors.window("SUPER_ADMIN", "/activity")

    def add_a_second(route: Route) -> None:
        if "query Integrations" not in (route.request.post_data or ""):
            return route.fallback()
        answer = route.fetch().json()
        first = answer["data"]["integrations"][0]
        answer["data"]["integrations"].append(first | {"id": "int_second", "name": "Second", "provider": "SECOND"})
        route.fulfill(body=json.dumps(answer), content_type="application/json")

    page.route("**/graphql", add_a_second)
    page.get_by_role("link", name="Integrations").click()
    integration_row(page).get_by_role("button", name="Open it from Schedule buttons").click()

    expect(integration_row(page)).to_contain_text("Schedule buttons open it while it is on.")
    assert ats.ask("{ integration(provider: GOODTIME) { preferred } }")["integration"]["preferred"]
