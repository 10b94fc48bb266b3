"""The API explorer: what is typed runs, the schema is read, and the keyboard gets out."""

import json
import re
from typing import Any

import pytest
from graphql import build_client_schema, get_introspection_query, parse, print_ast, validate
from playwright.sync_api import Page, expect

from tests.console.browsing import EMAILS, Ats, Visitors, clipboard_text
from tests.console.test_explorer_editor import in_explorer

#: The demo has a database of its own, whichever the other tests are on.
pytestmark = pytest.mark.once

TWO_OPERATIONS = """query Me { viewer { ... on User { email } } }

subscription Follow { interviewPanelChanges { cursor panel { candidate { name } } } }
"""


def run(page: Page) -> Any:
    """Run the operation in the editor. Returns the response."""
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_text(re.compile(r"^200 · "))).to_be_visible()
    return json.loads(page.locator(".result pre").inner_text())


def follow(page: Page) -> None:
    """Subscribe as the editor says; returns once it is live."""
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_text("Live · 0 received")).to_be_visible()


def example(page: Page, label: str, token: str) -> None:
    """Put the example into the editor, as whoever has the token."""
    page.get_by_label("Token").fill(token)
    page.get_by_label("Examples and history").select_option(label=label)


def test_the_explorer_runs_what_is_typed_and_follows_a_subscription(visitors: Visitors, ats: Ats) -> None:
    candidate = ats.candidate()
    page = visitors.window(None, f"/graphql#token={ats.token('ADMIN')}")
    query = page.get_by_label("Operation", exact=True).and_(page.locator("textarea"))

    query.fill("{ viewer { ... on User { email } } }")
    query.press("Control+Enter")
    expect(page.get_by_role("region", name="Result")).to_contain_text(EMAILS["ADMIN"])

    page.get_by_label("Examples and history").select_option(label="Live: every change of a panel")
    follow(page)
    candidate.push()
    expect(page.get_by_role("region", name="Result")).to_contain_text(candidate.name)
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("Stopped")).to_be_visible()


def test_the_explorer_follows_the_subscription_in_which_the_cursor_stands(visitors: Visitors, ats: Ats) -> None:
    candidate = ats.candidate()
    page = visitors.window(None, f"/graphql#token={ats.token('ADMIN')}")
    page.locator("#query").fill(TWO_OPERATIONS)

    page.locator("#query").press("Control+End")
    follow(page)
    candidate.push()

    expect(page.get_by_role("region", name="Result")).to_contain_text(candidate.name)


def test_queries_and_subscriptions_run_as_the_one_whom_the_extra_headers_name(visitors: Visitors, ats: Ats) -> None:
    candidate = ats.candidate()
    page = visitors.window(None, f"/graphql#token={ats.token('LIMITED_TEAM_MEMBER')}")
    page.locator("#query").fill(TWO_OPERATIONS)
    page.get_by_text("Headers", exact=True).click()
    page.locator("#headers").fill(json.dumps({"authorization": f"Bearer {ats.token('ADMIN')}"}))

    page.locator("#query").press("Control+Home")
    assert run(page) == {"data": {"viewer": {"email": EMAILS["ADMIN"]}}}
    page.locator("#query").press("Control+End")
    follow(page)
    candidate.push()

    expect(page.get_by_role("region", name="Result")).to_contain_text(candidate.name)


def test_an_answer_is_copied_over_plain_http_too(visitors: Visitors, ats: Ats) -> None:
    page = visitors.window(None, f"/graphql#token={ats.token('ADMIN')}", base=ats.url_elsewhere)
    answer = run(page)

    page.get_by_role("button", name="Copy").click()

    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert json.loads(clipboard_text(page)) == answer


def test_each_example_says_who_runs_it_and_runs_in_the_demo_account_as_it_stands(visitors: Visitors, ats: Ats) -> None:
    page = visitors.window(None, "/graphql")
    answers: dict[str, Any] = {}

    examples = page.locator("optgroup[label=Examples] option")
    expect(examples.first).to_be_attached()
    for label in examples.all_inner_texts():
        example(page, label, ats.key() if "with a key" in label else ats.token("TEAM_MEMBER"))
        text = page.locator("#query").input_value()
        assert re.match("# (As any|As a user|With a key)", text)
        [name, *_] = re.findall(r"^(?:query|mutation|subscription) (\w+)", text, re.MULTILINE)
        if name == "Follow":
            follow(page)
        else:
            answers[name] = run(page)

    assert {name: answer["errors"] for name, answer in answers.items() if "errors" in answer} == {}
    data = {name: answer["data"] for name, answer in answers.items()}
    assert data["Profile"]["candidate"]["name"] == "Amara Nwosu"
    assert data["Push"]["upsertInterviewPanel"]["errors"] == []
    assert data["Cancel"]["cancelInterviewPanel"]["panel"]["status"] == "CANCELED"
    assert [edge["node"]["email"] for edge in data["PreCheck"]["users"]["edges"]] == [EMAILS["INTERVIEWER"]]


def test_the_push_example_leads_to_a_feedback_form(visitors: Visitors, ats: Ats) -> None:
    candidate = ats.candidate()
    page = visitors.window(None, "/graphql")
    example(page, "Scheduler: push a panel (with a key)", ats.key())
    query, variables = page.locator("#query"), page.locator("#variables")

    query.press("Control+End")
    [template, *_] = run(page)["data"]["feedbackTemplates"]["edges"]
    push = json.loads(variables.input_value())
    push["input"] |= {"candidateExternalId": candidate.external_id, "externalId": f"{candidate.external_id}-panel"}
    push["input"]["interviews"][0]["feedbackTemplateId"] = template["node"]["id"]
    variables.fill(json.dumps(push))
    query.press("Control+Home")
    pushed = run(page)["data"]["upsertInterviewPanel"]

    [form] = pushed["panel"]["interviews"][0]["feedbackForms"]
    assert form["url"].startswith(f"{ats.url}/feedback/")
    candidate.delete()


def test_the_explorer_reads_the_schema_and_writes_an_operation_from_it(visitors: Visitors, ats: Ats) -> None:
    page = visitors.window(None, f"/graphql#token={ats.token('SUPER_ADMIN')}")

    page.get_by_label("Search the schema").fill("calendarinvite")
    page.get_by_role("button", name="Interview.calendarInvite", exact=True).click()
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
        for example in page.evaluate("import('/console/explorer-examples.js').then(({ EXAMPLES }) => EXAMPLES)")
    ]
    for use in uses.all():
        use.click()
        operations.append(page.locator("#query").input_value())

    introspection = ats.ask(get_introspection_query())
    schema = build_client_schema(introspection)
    faults = {operation: validate(schema, parse(operation)) for operation in operations}
    assert {operation: errors for operation, errors in faults.items() if errors} == {}
    assert len(operations) > 30
    shown = in_explorer(page, operations, introspection)
    assert [each["lines"] for each in shown] == [[]] * len(operations)
    for operation, each in zip(operations, shown, strict=True):
        assert print_ast(parse(each["formatted"])) == print_ast(parse(operation))


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
