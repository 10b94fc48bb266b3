"""The explorer's editor: what it suggests, what it says is wrong, how it formats, links to share and tabs."""

import re
from typing import Any

import pytest
from graphql import GraphQLSchema, GraphQLSyntaxError, build_client_schema, get_introspection_query, parse, validate
from playwright.sync_api import Page, expect

from tests.console.browsing import Ats, Visitors, accessibility_faults

#: The demo has a database of its own, whichever the other tests are on.
pytestmark = pytest.mark.once


def test_what_can_stand_at_the_cursor_is_offered_while_one_types(visitors: Visitors, ats: Ats, axe: str) -> None:
    page = visitors.window(None, f"/graphql#token={ats.token('ADMIN')}")
    page.get_by_role("button", name=re.compile("^Use ")).first.wait_for()
    query, variables = page.locator("#query"), page.locator("#variables")

    query.fill("")
    query.press_sequentially("query Dashboard($filter: Candi")
    assert offered(page)[:2] == ["CandidateFilter", "CandidateOrder"]
    query.press("Enter")
    query.press("ArrowRight")
    query.press_sequentially(" { cand")
    assert {"candidate", "candidates"} <= set(offered(page))
    query.press("ArrowDown")
    query.press("Enter")
    query.press_sequentially("(fil")
    assert offered(page) == ["filter"]
    assert accessibility_faults(page, axe) == []
    query.press("Control+Space")
    query.press("Tab")
    query.press_sequentially("$f")
    assert offered(page) == ["filter"]
    query.press("Enter")
    query.press("ArrowRight")
    query.press_sequentially(" { tot")
    query.press("Enter")
    expect(query).to_have_value(
        "query Dashboard($filter: CandidateFilter) { candidates(filter: $filter) { totalCount}}"
    )

    page.get_by_text("Variables", exact=True).click()
    variables.fill("")
    variables.press_sequentially('{"fil')
    assert offered(page) == ["filter"]
    variables.press("Enter")
    variables.press("ArrowRight")
    variables.press_sequentially(': {"sea')
    assert offered(page) == ["search"]
    variables.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()


def offered(page: Page) -> list[str]:
    """What the list at the cursor offers."""
    options = page.get_by_role("listbox").get_by_role("option").locator("span")
    expect(options.first).to_be_visible()
    return options.all_inner_texts()


def test_values_of_enums_and_types_of_fragments_are_offered_too(visitors: Visitors, ats: Ats) -> None:
    page = visitors.window(None, f"/graphql#token={ats.token('ADMIN')}")
    page.get_by_role("button", name=re.compile("^Use ")).first.wait_for()

    for text, wanted in {
        "mutation { setIntegrationEnabled(provider: ": ["GOODTIME"],
        "{ interviewPanels(filter: { status: [CANC": ["CANCELED"],
        "{ viewer { ...": ["on"],
        "{ viewer { ... on Us": ["User"],
        "{ account { name @inc": ["include"],
        "{ account { name @include(": ["if"],
    }.items():
        page.locator("#query").fill(text)
        page.locator("#query").press("Control+Space")
        assert offered(page) == wanted, text


FAULTY = {
    "unfinished": "{\n  viewer {\n",
    "a string without an end": '{\n  candidate(id: "x) { name }\n}',
    "a field": "{\n  account {\n    nme\n  }\n}",
    "an argument": "{\n  users(frist: 1) { totalCount }\n}",
    "a missing argument": "{\n  node { id }\n}",
    "a leaf with fields": "{\n  account {\n    name { x }\n  }\n}",
    "an object without": "{\n  account\n}",
    "an enum's value": "mutation {\n  generateApiKey(\n    provider: GOODTIMES) { secret }\n}",
    "a literal": '{\n  users(\n    first: "1") { totalCount }\n}',
    "an input's field": "{\n  candidates(filter: {\n    serch: null }) { totalCount }\n}",
    "an undeclared variable": "{\n  node(id: $id) { id }\n}",
    "an unused variable": "query A(\n  $id: ID) {\n  account { name }\n}",
    "a variable's type": "query A($id: Int!) {\n  node(id: $id) { id }\n}",
    "a nullable variable": "query A($id: ID) {\n  node(id: $id) { id }\n}",
    "a variable of no type": "query A(\n  $id: Nope) {\n  node(id: $id) { id }\n}",
    "an impossible type": "{\n  viewer {\n    ... on Candidate { id }\n  }\n}",
    "an unknown type": "{\n  viewer {\n    ... on Nobody { id }\n  }\n}",
    "an unknown fragment": "{\n  viewer { ...Nothing }\n}",
    "an unused fragment": "{ account { name } }\n\nfragment F on User { id }",
    "a directive": "{\n  account { name @only(if: true) }\n}",
    "a fragment's variable": "{ viewer { ...F } }\nfragment F on User {\n  feedbackForms(first: $n) { totalCount }\n}",
}


def test_what_is_wrong_is_said_in_the_line_where_the_server_would_say_it(visitors: Visitors, ats: Ats) -> None:
    page = visitors.window(None, f"/graphql#token={ats.token('ADMIN')}")
    page.get_by_role("button", name=re.compile("^Use ")).first.wait_for()
    introspection = ats.ask(get_introspection_query())
    schema = build_client_schema(introspection)

    shown = in_explorer(page, list(FAULTY.values()), introspection)

    for (name, text), each in zip(FAULTY.items(), shown, strict=True):
        errors = lines_of_errors(schema, text)
        assert len(each["lines"]) == len(errors), name
        assert all(line in lines for line, lines in zip(each["lines"], errors, strict=True)), (name, each, errors)
    page.locator("#query").fill(FAULTY["a field"])
    expect(page.locator(".lens")).to_have_text("Account has no field nme. Did you mean name?")
    page.get_by_role("button", name="Line 3 Account has no field nme").click()
    assert page.evaluate("document.activeElement.selectionStart") == 18


def in_explorer(page: Page, texts: list[str], introspection: Any) -> Any:
    """For each text the lines of what the explorer says is wrong with it, and the text formatted."""
    return page.evaluate(
        """async ([texts, { __schema }]) => {
          const { Schema } = await import("/console/explorer-schema.js");
          const { documentProblems } = await import("/console/explorer-validation.js");
          const { format } = await import("/console/explorer-format.js");
          const schema = new Schema(__schema);
          const line = (text, { start }) => text.slice(0, start).split("\\n").length;
          return texts.map((text) => ({
            lines: documentProblems(text, schema).map((problem) => line(text, problem)),
            formatted: format(text),
          }));
        }""",
        [texts, introspection],
    )


def lines_of_errors(schema: GraphQLSchema, text: str) -> list[set[int]]:
    """For each error that graphql-core finds the lines that it names: where it is, and what it contradicts."""
    try:
        errors = validate(schema, parse(text))
    except GraphQLSyntaxError as error:
        errors = [error]
    return sorted(({place.line for place in error.locations or []} for error in errors), key=max)


def test_formatting_keeps_comments_and_what_is_said_twice_stays_as_it_is(visitors: Visitors, ats: Ats) -> None:
    page = visitors.window(None, f"/graphql#token={ats.token('ADMIN')}")
    untidy = (
        '# Who?\nquery Q($id:ID!,$after:String="x"){candidate(id:$id){id # short\n name ...F@include(if:true)}}'
        "fragment F on Candidate{stage{name}}"
    )
    tidy = """# Who?
query Q($id: ID!, $after: String = "x") {
  candidate(id: $id) {
    id # short
    name
    ...F @include(if: true)
  }
}

fragment F on Candidate {
  stage {
    name
  }
}
"""
    query = page.locator("#query")
    query.fill(untidy)

    page.get_by_role("button", name="Format").click()
    expect(query).to_have_value(tidy)
    query.press("Control+Shift+F")
    expect(query).to_have_value(tidy)
    query.press("Control+z")
    expect(query).to_have_value(untidy)


def test_a_link_opens_the_operation_for_whoever_has_it_without_the_token(visitors: Visitors, ats: Ats) -> None:
    page = visitors.window(None, f"/graphql#token={ats.token('ADMIN')}")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    shared = "query Shared($first: Int) {\n  users(first: $first) { totalCount }\n}"
    page.locator("#query").fill(shared)
    page.get_by_text("Variables", exact=True).click()
    page.locator("#variables").fill('{ "first": 3 }')

    page.get_by_role("button", name="Link").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    link = page.evaluate("navigator.clipboard.readText()")

    assert ats.token("ADMIN")[:20] not in link
    other = visitors.window(None, link.removeprefix(ats.url))
    expect(other.locator("#query")).to_have_value(
        "query Shared($first: Int) {\n  users(first: $first) { totalCount }\n}"
    )
    expect(other.locator("#variables")).to_have_value('{ "first": 3 }')
    expect(other.get_by_label("Token")).to_have_value("")


def test_tabs_are_kept_until_one_signs_out(visitors: Visitors, ats: Ats) -> None:
    console = visitors.window("ADMIN")
    page = console.context.new_page()
    page.goto(f"{ats.url}/graphql")
    query, names = page.locator("#query"), page.get_by_role("tab")

    query.fill("query One { account { name } }")
    page.get_by_role("button", name="New tab").click()
    query.fill("query Two { account { slug } }")
    expect(names).to_have_text(["query One", "query Two"])
    page.get_by_role("tab", name="query One").click()
    expect(query).to_have_value("query One { account { name } }")
    page.close()
    page = console.context.new_page()
    page.goto(f"{ats.url}/graphql")
    expect(page.get_by_role("tab")).to_have_text(["query One", "query Two"])
    expect(page.get_by_role("tab", name="query One")).to_have_attribute("aria-selected", "true")
    page.get_by_role("button", name="Close tab").click()
    expect(page.get_by_role("tab")).to_have_text(["query Two"])

    console.get_by_role("button", name="Sign out").click()
    expect(console.get_by_role("heading", name="You are signed out")).to_be_visible()
    page.reload()

    expect(page.get_by_role("tab")).to_have_text(["query Me"])


def test_an_error_of_a_field_that_runs_is_shown_in_its_line(visitors: Visitors, ats: Ats) -> None:
    page = visitors.window(None, f"/graphql#token={ats.token('TEAM_MEMBER')}")
    page.locator("#query").fill("{\n  account { name }\n  auditEvents { totalCount }\n}")

    page.get_by_role("button", name="Run").click()

    expect(page.get_by_role("button", name=re.compile("^Line 3 "))).to_be_visible()
