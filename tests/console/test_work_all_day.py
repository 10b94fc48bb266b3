"""What a team that keeps the console open all day works with: views, the finder, undo, scorecards, one's day, times."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.console.browsing import EMAILS, Ats, Visitors, accessibility_faults, panel_cards

#: The demo has a database of its own, whichever the other tests are on.
pytestmark = pytest.mark.once

SUBMIT = """mutation($input: SubmitFeedbackInput!) { submitFeedback(input: $input) { errors { message path } } }"""
FIELDS = "query($id: ID!) { feedbackForm(id: $id) { fields { id type required } } }"


def names(page: Page) -> list[str]:
    """The candidates of the list, in its order."""
    return page.locator("main:not([aria-busy]) .rows .who a").all_inner_texts()


def open_view(page: Page, name: str) -> None:
    page.get_by_role("list", name="Views").get_by_role("link", name=name).click()
    page.wait_for_selector("main:not([aria-busy]) .body > :not(.skeleton)")


def submit(ats: Ats, form: str, score: str) -> None:
    """Submit the Interviewer's form with that score."""
    token = ats.token("INTERVIEWER")
    fields = ats.ask(FIELDS, token, id=form)["feedbackForm"]["fields"]
    values = {"SCORE": score, "TEXTAREA": "Thinks aloud."}
    answers = [{"fieldId": each["id"], "values": [values[each["type"]]]} for each in fields if each["required"]]
    assert not ats.ask(SUBMIT, token, input={"formId": form, "answers": answers})["submitFeedback"]["errors"]


def test_each_view_shows_its_candidates_and_stays_in_the_address(visitors: Visitors, ats: Ats, axe: str) -> None:
    free, planned, over = (ats.candidate(name=f"Viewed {name}") for name in ("Free", "Planned", "Over"))
    planned.push(days=3)
    over.push(days=-3)
    page = visitors.window("TEAM_MEMBER", "/?search=viewed")
    expect(page.get_by_text("3 candidates", exact=True)).to_be_visible()

    for view, shown in (
        ("Nothing planned", [free.name, over.name]),
        ("Feedback due", [over.name]),
        ("Mine", [free.name, over.name, planned.name]),
    ):
        open_view(page, view)
        expect(page.locator(".rows .who a")).to_have_text(shown)
        expect(page.get_by_role("link", name=view)).to_have_attribute("aria-current", "page")
    assert accessibility_faults(page, axe) == []
    page.reload()
    expect(page.locator(".rows .who a")).to_have_text([free.name, over.name, planned.name])

    open_view(page, "Archived")
    expect(page.get_by_role("heading", name="No matches")).to_be_visible()
    page.go_back()
    expect(page.locator(".rows .who a")).to_have_count(3)


def test_a_list_is_sorted_by_stage_and_by_next_interview_and_moves_with_the_interviews(
    visitors: Visitors, ats: Ats
) -> None:
    late, soon, never = (ats.candidate(name=f"Sorted {name}") for name in ("A", "B", "C"))
    late.push(days=9)
    soon.push(days=2)
    page = visitors.window("ADMIN", "/?search=sorted")
    expect(page.locator(".rows .who a")).to_have_text([late.name, soon.name, never.name])

    page.get_by_label("Sort by").select_option("By next interview")
    expect(page.locator(".rows .who a")).to_have_text([soon.name, late.name])
    assert "sort=next" in page.url
    never.push(days=1)
    expect(page.locator(".rows .who a")).to_have_text([never.name, soon.name, late.name])

    page.get_by_label("Sort by").select_option("By stage")
    expect(page.locator(".rows .who a")).to_have_text([late.name, soon.name, never.name])


@pytest.mark.parametrize("keys", ["/", "Control+k"])
def test_anybody_is_found_from_any_view(keys: str, visitors: Visitors, ats: Ats, axe: str) -> None:
    candidate = ats.candidate()
    page = visitors.window("TEAM_MEMBER", "/activity")

    page.keyboard.press(keys)
    finder = page.get_by_role("dialog", name="Find anybody")
    field = finder.get_by_role("combobox", name="Find anybody")
    expect(field).to_be_focused()
    field.fill(candidate.external_id)
    expect(finder.get_by_role("option")).to_have_count(1)
    assert accessibility_faults(page, axe) == []
    field.press("Enter")

    expect(page.get_by_role("heading", name=candidate.name, level=1)).to_be_visible()
    page.keyboard.press(keys)
    field.fill("ivo")
    finder.get_by_role("option").filter(has_text="Interviewer").first.click()
    expect(page.get_by_role("list", name="Users")).to_contain_text("Ivo")


def test_a_slash_that_is_typed_opens_nothing_and_nobody_found_is_said(visitors: Visitors) -> None:
    page = visitors.window("ADMIN")
    page.get_by_label("Search by name or email").press("/")
    expect(page.get_by_role("dialog")).to_have_count(0)

    page.get_by_role("button", name="Find anybody").click()
    page.get_by_role("combobox", name="Find anybody").fill("nobody has such a name")

    expect(page.get_by_text("Nobody matches")).to_be_visible()


def test_an_interviewer_finds_whom_they_interview(visitors: Visitors, ats: Ats) -> None:
    candidate = ats.candidate()
    candidate.push(days=300)
    page = visitors.window("INTERVIEWER", "/activity")

    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Find anybody").fill(candidate.name)
    page.get_by_role("dialog").get_by_role("option").first.click()

    expect(page.locator(".seat").filter(has_text=candidate.name)).to_be_in_viewport()


def test_a_cancel_is_undone_by_the_notice_that_tells_of_it(visitors: Visitors, ats: Ats, axe: str) -> None:
    candidate = ats.candidate()
    candidate.push(days=3)
    page = visitors.window("TEAM_MEMBER", f"/candidates/{candidate.id}")
    page.get_by_role("button", name="Cancel", exact=True).click()
    page.get_by_role("button", name="Cancel the interviews").click()
    expect(panel_cards(page)).to_have_count(0)
    assert accessibility_faults(page, axe) == []

    page.get_by_role("button", name="Undo").click()

    expect(panel_cards(page)).to_have_count(1)
    expect(page.get_by_text("The interviews are on the profile again.")).to_be_visible()
    expect(page.get_by_role("button", name="Undo")).to_have_count(0)


def test_scorecards_show_who_has_submitted_and_the_scores_that_one_may_read(
    visitors: Visitors, ats: Ats, axe: str
) -> None:
    candidate = ats.candidate()
    form = candidate.form_id(candidate.push(days=-1), EMAILS["INTERVIEWER"])
    page = visitors.window("TEAM_MEMBER", f"/candidates/{candidate.id}")
    cards = page.get_by_role("region", name="Scorecards")
    expect(cards).to_contain_text("0 of 2 submitted")

    submit(ats, form, "Strong Hire")

    expect(cards).to_contain_text("1 of 2 submitted")
    expect(cards.get_by_role("listitem").filter(has_text="Strong Hire")).to_have_count(1)
    assert accessibility_faults(page, axe) == []


def test_the_day_of_an_interviewer_says_what_is_on_and_what_is_due(visitors: Visitors, ats: Ats) -> None:
    candidate = ats.candidate()
    candidate.push(days=-1)
    page = visitors.window("INTERVIEWER", "/interviews")

    today = page.get_by_role("region", name=re.compile("^Today, "))

    expect(today).to_contain_text(re.compile(r"\d+ feedback forms? due"))
    expect(page.locator(".cards.due")).to_contain_text(candidate.name)


def test_times_are_shown_in_the_zone_and_by_the_clock_that_were_chosen(visitors: Visitors, ats: Ats, axe: str) -> None:
    candidate = ats.candidate()
    candidate.push(days=3)
    page = visitors.window("ADMIN", f"/candidates/{candidate.id}")
    time = panel_cards(page).locator(".when > time")
    before = time.inner_text()

    page.get_by_role("button", name="Time zone and clock").click()
    page.get_by_label("Time zone", exact=True).select_option("Asia/Tokyo")
    page.get_by_label("Clock", exact=True).select_option("12")
    assert accessibility_faults(page, axe) == []
    page.get_by_role("button", name="Done").click()

    expect(time).to_contain_text(re.compile("am|pm", re.IGNORECASE))
    assert time.inner_text() != before
    expect(panel_cards(page).locator(".when")).to_contain_text("GMT+9")
    page.reload()
    expect(panel_cards(page).locator(".when")).to_contain_text("GMT+9")


def test_a_recruiter_waives_a_form_and_asks_for_it_again(visitors: Visitors, ats: Ats, axe: str) -> None:
    candidate = ats.candidate()
    form = candidate.form_id(candidate.push(days=-1), EMAILS["INTERVIEWER"])
    page = visitors.window("TEAM_MEMBER", f"/feedback/{form}")

    page.get_by_role("button", name="No longer ask for this feedback").click()
    expect(page.get_by_text("no longer asks for it")).to_be_visible()
    assert accessibility_faults(page, axe) == []
    page.get_by_role("button", name="Ask for this feedback again").click()

    expect(page.get_by_text("has not submitted it yet")).to_be_visible()
    interviewer = visitors.window("INTERVIEWER", f"/feedback/{form}")
    expect(interviewer.get_by_role("button", name="No longer ask")).to_have_count(0)


def test_erasing_a_candidate_is_confirmed_by_their_name_and_final(visitors: Visitors, ats: Ats, axe: str) -> None:
    candidate = ats.candidate()
    page = visitors.window("ADMIN", f"/candidates/{candidate.id}")
    page.get_by_role("button", name=f"More actions for {candidate.name}").click()
    page.get_by_role("menuitem", name="Erase personal data").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("This is final. Nobody can undo it.")
    assert accessibility_faults(page, axe) == []

    dialog.get_by_role("button", name="Erase for good").click()
    expect(dialog.get_by_role("alert")).to_contain_text("isn't the candidate's name")
    dialog.get_by_label("Type the candidate's name").fill(candidate.name)
    dialog.get_by_role("button", name="Erase for good").click()

    expect(page.get_by_role("heading", name="Erased", level=1)).to_be_visible()
    assert candidate.name not in page.locator("main").inner_text()
    team = visitors.window("TEAM_MEMBER", f"/candidates/{ats.candidate().id}")
    team.get_by_role("button", name=re.compile("^More actions")).click()
    expect(team.get_by_role("menuitem", name="Erase personal data")).to_have_count(0)
