"""The form behind a feedback link: errors, draft, what is final, and whose answers one sees."""

import pytest
from playwright.sync_api import expect

from tests.console.browsing import EMAILS, Ats, Visitors

#: The demo has a database of its own, whichever the other tests are on.
pytestmark = pytest.mark.once


def test_all_errors_of_a_form_come_at_once_beside_their_fields(visitors: Visitors, ats: Ats) -> None:
    candidate = ats.candidate()
    form = candidate.form_id(candidate.push(days=-1), EMAILS["INTERVIEWER"])
    page = visitors.window("INTERVIEWER", f"/feedback/{form}")

    page.get_by_role("button", name="Submit feedback").click()

    summary = page.get_by_role("alert")
    expect(summary).to_contain_text("2 answers need correction")
    expect(summary).to_be_focused()
    expect(page.get_by_role("radiogroup", name="Overall recommendation")).to_contain_text("must be answered")
    expect(page.get_by_label("What speaks for them?")).to_have_attribute("aria-invalid", "true")
    summary.get_by_role("link", name="What speaks for them?").click()
    expect(page.get_by_label("What speaks for them?")).to_be_focused()


def test_a_draft_survives_a_reload_and_what_is_submitted_is_final(visitors: Visitors, ats: Ats) -> None:
    candidate = ats.candidate()
    form = candidate.form_id(candidate.push(days=-1), EMAILS["INTERVIEWER"])
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
    form = candidate.form_id(candidate.push(days=2), EMAILS["INTERVIEWER"])
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
    page = visitors.window("INTERVIEWER", f"/feedback/{candidate.form_id(pushed, EMAILS['INTERVIEWER'])}")
    expect(page.get_by_label("About the interview")).to_contain_text("Pending")

    submit(ats, candidate.form_id(pushed, colleague), colleague, "Very calm.")
    expect(page.get_by_label("About the interview")).to_contain_text("Hidden until you submit yours")
    submit(ats, candidate.form_id(pushed, EMAILS["INTERVIEWER"]), EMAILS["INTERVIEWER"], "Good.")

    page.get_by_label("About the interview").locator("summary").click()
    expect(page.get_by_text("Very calm.")).to_be_visible()
    lead = page.locator(".lead").inner_text()
    candidate.push(days=2)
    expect(page.locator(".lead")).not_to_have_text(lead)
    expect(page.get_by_text("Very calm.")).to_be_visible()


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


def test_an_interviewer_who_was_removed_reads_that_no_feedback_is_needed(visitors: Visitors, ats: Ats) -> None:
    candidate = ats.candidate()
    form = candidate.form_id(candidate.push(), EMAILS["INTERVIEWER"])
    candidate.push(without=EMAILS["INTERVIEWER"])

    page = visitors.window("INTERVIEWER", f"/feedback/{form}")

    expect(page.get_by_text("You were taken off this interview")).to_be_visible()
