"""The console as visitors meet it: the help article from the toggle to a live panel, in a real browser."""

import re

from graphql import build_client_schema, get_introspection_query, parse, validate
from playwright.sync_api import Locator, Page, expect

from tests.console.browsing import EMAILS, Ats, Ear, Visitors, Wire


def panel_cards(page: Page) -> Locator:
    """The panels that stand on the profile."""
    return page.locator(".section:not(.canceled) article.panel")


def notice(page: Page, words: str | re.Pattern[str]) -> Locator:
    """Something said politely: on the screen, and to screen readers."""
    return page.locator("#notices[aria-live=polite]").get_by_text(words).first


def integration_row(page: Page) -> Locator:
    return page.get_by_role("article", name="GoodTime")


def test_a_sign_in_link_leaves_no_token_in_the_address(visitors: Visitors) -> None:
    page = visitors.window("ADMIN")

    assert page.url.endswith(":" + visitors.ats.url.rsplit(":", 1)[1] + "/")
    assert page.evaluate("sessionStorage.length") >= 1
    assert page.evaluate("localStorage.length") == 0
    expect(page.locator(".me")).to_contain_text("Admin")


def test_the_demo_prints_a_link_that_signs_in(visitors: Visitors, ats: Ats) -> None:
    links = re.findall(r"http://\S+#token=\S+", ats.said.read_text())

    page = visitors.window(None, links[0].removeprefix(ats.url))

    expect(page.locator(".me")).to_be_visible()


def test_a_token_can_be_pasted_and_sent_by_the_keyboard_alone(visitors: Visitors, ats: Ats) -> None:
    page = visitors.window(None, "/activity")
    expect(page.get_by_role("heading", name="Sign in to Callboard")).to_be_visible()

    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.insert_text(f"Bearer {ats.token('TEAM_MEMBER')}")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="Activity", level=1)).to_be_visible()
    expect(page.locator(".me")).to_contain_text("Team Member")


def test_a_token_that_is_no_good_is_told_so_at_the_door(visitors: Visitors) -> None:
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
    assert page.evaluate("sessionStorage.getItem('callboard.token')") is None
    page.get_by_label("Token").fill(ats.token("ADMIN"))
    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_role("heading", name="Activity", level=1)).to_be_visible()


def test_signing_out_forgets_the_token(visitors: Visitors) -> None:
    page = visitors.window("ADMIN")

    page.get_by_role("button", name="Sign out").click()

    expect(page.get_by_role("heading", name="You are signed out")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Sign in to Callboard")).to_be_visible()


def test_the_dashboard_searches_and_keeps_the_search_over_a_reload(visitors: Visitors, ats: Ats) -> None:
    candidate = ats.candidate()
    page = visitors.window("ADMIN")

    page.get_by_label("Search by name or email").fill(candidate.name.split()[1])

    expect(page.get_by_role("row").filter(has=page.get_by_role("rowheader"))).to_have_count(1)
    page.reload()
    expect(page.get_by_role("row").filter(has=page.get_by_role("rowheader"))).to_have_count(1)
    expect(page.get_by_role("link", name=candidate.name, exact=True)).to_be_visible()


def test_the_dashboard_filters_by_stage_and_says_when_nobody_fits(visitors: Visitors, ats: Ats) -> None:
    candidate = ats.candidate()
    page = visitors.window("ADMIN", f"/?search={candidate.external_id}")
    expect(page.get_by_text("1 candidate", exact=True)).to_be_visible()
    others = [stage["name"] for stage in ats.ask("{ stages { name } }")["stages"] if stage["name"] != ats.stage]

    page.get_by_label("Stages").select_option(label=ats.stage)
    expect(page.get_by_text("1 candidate", exact=True)).to_be_visible()
    page.get_by_label("Stages").select_option(label=others[0])

    expect(page.get_by_role("heading", name="Nobody fits")).to_be_visible()


def test_the_dashboard_pages_through_all_candidates(visitors: Visitors, ats: Ats) -> None:
    for _ in range(30):
        ats.candidate(name="Paged Person")
    page = visitors.window("ADMIN", "/?search=paged+person")
    rows = page.get_by_role("row").filter(has=page.get_by_role("rowheader"))
    expect(rows).to_have_count(25)

    page.get_by_role("button", name="Show more").click()

    expect(rows).to_have_count(30)
    expect(page.get_by_role("button", name="Show more")).to_have_count(0)


def test_the_schedule_button_has_its_tooltip_and_opens_goodtime_in_a_tab_of_its_own(
    visitors: Visitors, ats: Ats
) -> None:
    ats.switch(True)
    candidate = ats.candidate()
    page = visitors.window("TEAM_MEMBER", f"/?search={candidate.external_id}")
    button = page.get_by_role("link", name="Schedule")

    button.focus()

    expect(page.get_by_role("tooltip", name="Schedule in GoodTime")).to_be_visible()
    expect(button).to_have_attribute("target", "_blank")
    expect(button).to_have_attribute("rel", re.compile("noopener"))
    expect(button).to_have_attribute("href", re.compile(re.escape(candidate.external_id)))
    page.keyboard.press("Escape")
    expect(page.get_by_role("tooltip")).to_be_hidden()


def test_a_push_takes_the_schedule_button_off_the_dashboard_and_shows_the_interview(
    visitors: Visitors, ats: Ats
) -> None:
    ats.switch(True)
    candidate = ats.candidate()
    page = visitors.window("ADMIN", f"/?search={candidate.external_id}")
    expect(page.get_by_role("link", name="Schedule")).to_be_visible()

    candidate.push(subjects=("Pairing", "Values"))

    expect(page.locator(".row.fresh")).to_contain_text("Pairing and 1 more")
    expect(page.get_by_role("link", name="Schedule")).to_have_count(0)


def test_an_interviewer_is_led_to_their_interviews_and_never_schedules(visitors: Visitors) -> None:
    page = visitors.window("INTERVIEWER")

    expect(page.get_by_role("heading", name="My interviews", level=1)).to_be_visible()
    expect(page.get_by_role("navigation")).not_to_contain_text("Candidates")
    expect(page.get_by_text("Schedule")).to_have_count(0)


def test_the_banner_and_the_menu_lead_to_the_candidate_in_goodtime(visitors: Visitors, ats: Ats) -> None:
    ats.switch(True)
    candidate = ats.candidate()
    page = visitors.window("ADMIN", f"/candidates/{candidate.id}")

    banner = page.get_by_role("link", name="Schedule Interview in GoodTime")
    expect(banner).to_have_attribute("href", re.compile(re.escape(candidate.external_id)))
    page.get_by_role("button", name=f"More for {candidate.name}").focus()
    page.keyboard.press("ArrowDown")

    entry = page.get_by_role("menuitem", name="Schedule in GoodTime")
    expect(entry).to_be_focused()
    expect(entry).to_have_attribute("rel", re.compile("noopener"))
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name=f"More for {candidate.name}")).to_be_focused()


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
    expect(dialog.get_by_role("button", name="Keep them")).to_be_focused()
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

    expect(page.get_by_role("alert")).to_contain_text("changed meanwhile")
    page.get_by_role("button", name="Cancel the interviews").click()
    expect(panel_cards(page)).to_have_count(0)


def test_after_a_cut_connection_nothing_was_missed(visitors: Visitors, ats: Ats, wire: Wire) -> None:
    candidate = ats.candidate()
    candidate.push(panel="stays")
    candidate.push(panel="goes")
    page = visitors.window("ADMIN", f"/candidates/{candidate.id}", base=f"http://127.0.0.1:{wire.port}")
    expect(panel_cards(page)).to_have_count(2)
    dot = page.locator("#bar .live")

    wire.cut()
    expect(dot).to_have_attribute("data-state", re.compile("reconnecting|offline"))
    candidate.delete(panel="goes")
    candidate.push(panel="stays", subjects=("Moved while cut",))
    candidate.push(panel="comes", subjects=("Made while cut",))
    wire.join()

    expect(dot).to_have_attribute("data-state", "live")
    expect(panel_cards(page)).to_have_count(2)
    expect(page.get_by_role("heading", name="Moved while cut")).to_be_visible()
    expect(page.get_by_role("heading", name="Made while cut")).to_be_visible()


def test_a_window_whose_cursor_has_expired_loads_afresh(visitors: Visitors, ats: Ats) -> None:
    candidate, ear = ats.candidate(), Ear()
    page = visitors.window("ADMIN", f"/candidates/{candidate.id}", ear=ear)
    candidate.push(panel="first")
    expect(panel_cards(page)).to_have_count(1)

    ear.is_deaf = True
    candidate.push(panel="unheard")
    ear.refuse(code="CURSOR_EXPIRED")

    expect(panel_cards(page)).to_have_count(2)
    assert "after" not in ear.subscribed[-1]["payload"]["variables"]


def test_a_window_that_was_too_slow_goes_on_from_the_cursor_it_is_given(visitors: Visitors, ats: Ats) -> None:
    candidate, ear = ats.candidate(), Ear()
    page = visitors.window("ADMIN", f"/candidates/{candidate.id}", ear=ear)
    candidate.push(panel="first")
    expect(panel_cards(page)).to_have_count(1)
    cursor = ats.ask(
        "query($id: ID!) { interviewPanelChanges(candidateId: $id) { pageInfo { endCursor } } }", id=candidate.id
    )["interviewPanelChanges"]["pageInfo"]["endCursor"]

    ear.is_deaf = True
    candidate.push(panel="unheard")
    ear.refuse(code="TOO_SLOW", cursor=cursor)

    expect(panel_cards(page)).to_have_count(2)
    assert ear.subscribed[-1]["payload"]["variables"]["after"] == cursor


def test_a_view_that_cannot_be_loaded_says_so_and_tries_again(visitors: Visitors, ats: Ats, wire: Wire) -> None:
    page = visitors.window("ADMIN", base=f"http://127.0.0.1:{wire.port}")
    page.get_by_role("link", name="Activity").wait_for()

    wire.cut()
    page.get_by_role("link", name="Activity").click()
    expect(page.get_by_role("heading", name="Callboard can't be reached")).to_be_visible()
    wire.join()
    page.get_by_role("button", name="Try again").click()

    expect(page.locator(".timeline, .blank").first).to_be_visible()
    expect(page.get_by_role("heading", name="Callboard can't be reached")).to_have_count(0)


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
    page = visitors.window("ADMIN", "/candidates/cnd_nobody")

    expect(page.get_by_role("heading", name="No such candidate")).to_be_visible()


def test_the_toggle_opens_the_row_and_the_key_is_shown_once(visitors: Visitors, ats: Ats) -> None:
    ats.switch(False)
    page = visitors.window("SUPER_ADMIN", "/settings/integrations")
    expect(page.get_by_role("heading", name="Partner Integrations")).to_be_visible()
    expect(page.get_by_role("heading", name="Scheduling")).to_be_visible()
    row, toggle = integration_row(page), page.get_by_role("switch", name="GoodTime")
    expect(toggle).not_to_be_checked()
    expect(row.get_by_role("button", name="Generate New Key")).to_have_count(0)

    toggle.press("Space")

    expect(toggle).to_be_checked()
    expect(toggle).to_be_focused()
    red, green, blue = page.evaluate(
        "getComputedStyle(document.querySelector('.toggle')).backgroundColor.match(/\\d+/g).slice(0, 3).map(Number)"
    )
    assert red > 200 > green > blue, "orange"
    expect(row).to_contain_text("GoodTime may")

    row.get_by_role("button", name="Generate New Key").press("Enter")
    page.get_by_role("dialog").get_by_role("button", name="Generate New Key").press("Enter")
    dialog = page.get_by_role("dialog", name="Your new GoodTime key")
    expect(dialog).to_contain_text("You will not have access to it again once you click Done")
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
    assert ats.is_good(secret)


def test_a_revoked_key_is_gone_from_the_list_and_refused(visitors: Visitors, ats: Ats) -> None:
    ats.switch(True)
    made = ats.ask("mutation { generateApiKey(provider: GOODTIME) { secret } }")["generateApiKey"]["secret"]
    page = visitors.window("SUPER_ADMIN", "/settings/integrations")

    page.get_by_role("button", name=f"Revoke {made[:12]}").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()

    expect(page.get_by_role("button", name=f"Revoke {made[:12]}")).to_have_count(0)
    assert not ats.is_good(made)


def test_a_second_window_sees_the_switch_without_a_reload(visitors: Visitors, ats: Ats) -> None:
    ats.switch(True)
    page = visitors.window("ADMIN", "/settings/integrations")
    toggle = page.get_by_role("switch", name="GoodTime")
    expect(toggle).to_be_checked()

    ats.switch(False)

    expect(toggle).not_to_be_checked()
    ats.switch(True)
    expect(toggle).to_be_checked()


def test_only_a_super_admin_can_switch_and_others_are_told(visitors: Visitors, ats: Ats) -> None:
    ats.switch(True)
    admin = visitors.window("ADMIN", "/settings/integrations")
    interviewer = visitors.window("INTERVIEWER", "/settings/integrations")

    expect(admin.get_by_role("switch", name="GoodTime")).to_be_disabled()
    expect(admin.get_by_text("Only Super Admins switch integrations")).to_be_visible()
    expect(admin.get_by_role("button", name="Generate New Key")).to_have_count(0)
    expect(interviewer.get_by_role("heading", name="Not for Interviewers")).to_be_visible()


def test_all_errors_of_a_form_come_at_once_beside_their_fields(visitors: Visitors, ats: Ats) -> None:
    candidate = ats.candidate()
    form = candidate.form(candidate.push(days=-1), EMAILS["INTERVIEWER"])
    page = visitors.window("INTERVIEWER", f"/feedback/{form}")

    page.get_by_role("button", name="Submit feedback").click()

    summary = page.get_by_role("alert")
    expect(summary).to_contain_text("2 answers need another look")
    expect(summary).to_be_focused()
    expect(page.get_by_role("radiogroup", name="Overall recommendation")).to_contain_text("must be answered")
    expect(page.get_by_label("What speaks for them?")).to_have_attribute("aria-invalid", "true")
    summary.get_by_role("link", name="What speaks for them?").click()
    expect(page.get_by_label("What speaks for them?")).to_be_focused()


def test_a_draft_survives_a_reload_and_what_is_submitted_is_final(visitors: Visitors, ats: Ats) -> None:
    candidate = ats.candidate()
    form = candidate.form(candidate.push(days=-1), EMAILS["INTERVIEWER"])
    page = visitors.window("INTERVIEWER", f"/feedback/{form}")

    page.get_by_label("Strong Hire", exact=True).check()
    page.get_by_label("What speaks for them?").fill("Clear thinking.\nGood questions.")
    page.get_by_label("Yes").check()
    page.get_by_label("Debugging").check()
    page.get_by_label("Communication").check()
    page.get_by_label("Seniority").select_option("Senior")
    page.get_by_label("Earliest start they named").fill("2031-03-01")
    page.get_by_label("A snippet worth keeping").fill("return x")
    page.get_by_label("In one word").fill("Yes")
    page.reload()

    expect(page.get_by_label("Strong Hire", exact=True)).to_be_checked()
    expect(page.get_by_label("What speaks for them?")).to_have_value("Clear thinking.\nGood questions.")
    expect(page.get_by_label("Communication")).to_be_checked()
    page.get_by_role("button", name="Submit feedback").click()

    expect(page.get_by_text("is final")).to_be_visible()
    expect(page.locator(".answers")).to_contain_text("Debugging, Communication")
    expect(page.get_by_role("button", name="Submit feedback")).to_have_count(0)
    assert page.evaluate("localStorage.length") == 0


def test_what_comes_live_does_not_touch_a_word_of_a_form_being_filled_in(visitors: Visitors, ats: Ats) -> None:
    candidate = ats.candidate()
    form = candidate.form(candidate.push(days=2), EMAILS["INTERVIEWER"])
    page = visitors.window("INTERVIEWER", f"/feedback/{form}")
    lead = page.locator(".lead").inner_text()
    page.get_by_label("What speaks for them?").press_sequentially("Half a sen")

    candidate.push(days=4)
    expect(page.locator(".lead")).not_to_have_text(lead)
    page.keyboard.type("tence")

    expect(page.get_by_label("What speaks for them?")).to_have_value("Half a sentence")


def test_colleagues_answers_open_once_ones_own_are_in(visitors: Visitors, ats: Ats) -> None:
    candidate = ats.candidate()
    pushed = candidate.push(days=-1)
    colleague = ats.interviewers[1]
    page = visitors.window("INTERVIEWER", f"/feedback/{candidate.form(pushed, EMAILS['INTERVIEWER'])}")
    expect(page.get_by_label("About the interview")).to_contain_text("Pending")

    submit(ats, candidate.form(pushed, colleague), colleague, "Very calm.")
    expect(page.get_by_label("About the interview")).to_contain_text("Hidden until yours is in")
    submit(ats, candidate.form(pushed, EMAILS["INTERVIEWER"]), EMAILS["INTERVIEWER"], "Good.")

    page.get_by_label("About the interview").locator("summary").click()
    expect(page.get_by_label("About the interview")).to_contain_text("Very calm.")


def submit(ats: Ats, form: str, email: str, words: str) -> None:
    token = ats.token(email)
    fields = ats.ask("query($id: ID!) { feedbackForm(id: $id) { fields { id type } } }", token, id=form)
    by_type = {field["type"]: field["id"] for field in fields["feedbackForm"]["fields"]}
    answers = [
        {"fieldId": by_type["SCORE"], "values": ["Hire"]},
        {"fieldId": by_type["TEXTAREA"], "values": [words]},
    ]
    submitted = ats.ask(
        "mutation($input: SubmitFeedbackInput!) { submitFeedback(input: $input) { errors { message } } }",
        token,
        input={"formId": form, "answers": answers},
    )
    assert submitted["submitFeedback"]["errors"] == []


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
    assert coming.form(pushed, EMAILS["INTERVIEWER"]) in text.replace("\r\n ", "").replace("\n ", "")


def test_activity_goes_on_live_and_filters_by_who_and_what(visitors: Visitors, ats: Ats) -> None:
    candidate = ats.candidate()
    page = visitors.window("ADMIN", "/activity")

    pushed = candidate.push()

    entry = page.locator(".timeline li").filter(has_text=candidate.name)
    expect(entry).to_have_count(1)
    expect(entry).to_contain_text("GoodTime")
    ats.ask(
        "mutation($id: ID!) { cancelInterviewPanel(input: { id: $id }) { errors { message } } }",
        ats.token("ADMIN"),
        id=pushed["id"],
    )
    expect(entry).to_have_count(2)
    page.get_by_label("Who").select_option("People")
    expect(entry).to_have_count(1)
    expect(entry).to_contain_text("cancelled")
    page.get_by_label("What").select_option("Rescheduled")
    expect(entry).to_have_count(0)


def test_activity_shows_the_newest_first_and_earlier_ones_on_demand(visitors: Visitors, ats: Ats) -> None:
    candidate = ats.candidate()
    for days in range(2, 30):
        candidate.push(days=days)
        candidate.push(days=days, panel="other")

    page = visitors.window("ADMIN", f"/activity?candidateId={candidate.id}")
    entries = page.locator(".timeline li")
    expect(entries).to_have_count(50)
    page.get_by_role("button", name="Show earlier").click()

    expect(entries).to_have_count(56)
    expect(entries.last).to_contain_text("scheduled interviews of")


def test_the_explorer_runs_what_is_typed_and_follows_a_subscription(visitors: Visitors, ats: Ats) -> None:
    candidate = ats.candidate()
    page = visitors.window(None, f"/graphql#token={ats.token('ADMIN')}")
    query = page.get_by_label("Operation", exact=True).and_(page.locator("textarea"))

    query.fill("{ viewer { ... on User { email } } }")
    query.press("Control+Enter")
    expect(page.get_by_role("region", name="Result")).to_contain_text(EMAILS["ADMIN"])

    page.get_by_label("Examples and history").select_option(label="Live: every change of a panel")
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_text("Live · 0 received")).to_be_visible()
    candidate.push()
    expect(page.get_by_role("region", name="Result")).to_contain_text(candidate.name)
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("Stopped")).to_be_visible()


def test_the_explorer_reads_the_schema_and_writes_an_operation_from_it(visitors: Visitors, ats: Ats) -> None:
    page = visitors.window(None, f"/graphql#token={ats.token('SUPER_ADMIN')}")

    page.get_by_label("Search the schema").fill("calendarinvite")
    page.get_by_role("button", name="Interview.calendarInvite").click()
    expect(page.get_by_role("region", name="Schema")).to_contain_text("RFC 5545")
    page.get_by_role("button", name="Schema", exact=True).click()
    page.get_by_role("button", name="Use integrations").click()
    page.get_by_role("button", name="Run").click()

    expect(page.get_by_role("region", name="Result")).to_contain_text("GOODTIME")


def test_every_operation_that_the_explorer_offers_is_valid(visitors: Visitors, ats: Ats) -> None:
    page = visitors.window(None, f"/graphql#token={ats.token('ADMIN')}")
    uses = page.get_by_role("button", name=re.compile("^Use "))
    uses.first.wait_for()
    operations = [
        example["query"]
        for example in page.evaluate("import('/console/graphiql-examples.js').then(({ EXAMPLES }) => EXAMPLES)")
    ]
    for use in uses.all():
        use.click()
        operations.append(page.locator("#query").input_value())

    schema = build_client_schema(ats.ask(get_introspection_query()))
    faults = {operation: validate(schema, parse(operation)) for operation in operations}
    assert {operation: found for operation, found in faults.items() if found} == {}
    assert len(operations) > 30


def test_tab_indents_in_the_explorer_and_escape_lets_the_keyboard_out(visitors: Visitors) -> None:
    page = visitors.window(None, "/graphql")
    query = page.locator("#query")

    query.fill("")
    query.press_sequentially("{")
    query.press("Enter")
    query.press("Tab")
    expect(query).to_have_value("{\n    \n}")
    query.press("Escape")
    query.press("Tab")

    expect(query).not_to_be_focused()
