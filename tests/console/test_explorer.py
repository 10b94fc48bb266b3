"""The API explorer: what is typed runs, the schema is read, and the keyboard gets out."""

import re

import pytest
from graphql import build_client_schema, get_introspection_query, parse, validate
from playwright.sync_api import expect

from tests.console.browsing import EMAILS, Ats, Visitors

#: The demo has a database of its own, whichever the other tests are on.
pytestmark = pytest.mark.once


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
