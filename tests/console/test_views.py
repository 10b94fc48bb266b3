"""Every view of the console in light, dark and on a phone: accessible, no wider than its window, without third parties.

With CALLBOARD_SCREENSHOTS naming a folder the views are kept there as small pictures, as in docs/screenshots.
"""

import io
import os
import re
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.console.browsing import EMAILS, Ats, Candidate, Visitors, accessibility_faults

#: The demo has a database of its own, whichever the other tests are on.
pytestmark = pytest.mark.once

FIRST_VIEW_BYTES = 80_000
JUMP = 0.02
PLACES = ("/", "/candidates/{}", "/interviews", "/activity", "/settings/integrations")
PICTURE_BYTES = 150_000
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "phone": {
        "viewport": {"width": 390, "height": 844},
        "device_scale_factor": 2,
        "has_touch": True,
        "is_mobile": True,
    },
}


def person(visitors: Visitors, name: str) -> Candidate:
    """The same candidate whenever that name is called."""
    return visitors.ats.candidate(name, external_id=name.lower().replace(" ", "-"))


def candidates(visitors: Visitors, look: dict[str, Any]) -> Page:
    names = ("Amara Okafor", "Björn Lindqvist", "Chiara Rossi", "Dmitri Volkov")
    for days, name in enumerate(names):
        candidate = person(visitors, name)
        if days % 2:
            candidate.push(days=days)
    return visitors.window("TEAM_MEMBER", **look)


def profile(visitors: Visitors, look: dict[str, Any]) -> Page:
    candidate = person(visitors, "Amara Okafor")
    candidate.push(days=-6, panel="screen", subjects=("Phone screen",))
    candidate.push(days=2, panel="onsite", subjects=("System design", "Pairing", "Values & collaboration"))
    return visitors.window("TEAM_MEMBER", f"/candidates/{candidate.id}", **look)


def banner(visitors: Visitors, look: dict[str, Any]) -> Page:
    visitors.ats.switch(True)
    candidate = person(visitors, "Ingrid Solberg")
    page = visitors.window("TEAM_MEMBER", f"/candidates/{candidate.id}", **look)
    page.get_by_role("button", name="More actions for Ingrid Solberg").click()
    return page


def cancel(visitors: Visitors, look: dict[str, Any]) -> Page:
    candidate = visitors.ats.candidate("Noor Haddad", external_id=f"noor-haddad-{secrets.token_hex(2)}")
    candidate.push(days=2, subjects=("System design", "Pairing"))
    page = visitors.window("TEAM_MEMBER", f"/candidates/{candidate.id}", **look)
    page.get_by_role("button", name="Cancel", exact=True).click()
    return page


def canceled(visitors: Visitors, look: dict[str, Any]) -> Page:
    page = cancel(visitors, look)
    page.get_by_role("button", name="Cancel the interviews").click()
    page.locator("details.canceled > summary").click()
    page.get_by_role("button", name="Restore").wait_for()
    # In one go within the page: the feed's news of the cancel may draw the panel anew between two of our calls.
    page.evaluate("document.querySelector('details.canceled').scrollIntoView({ block: 'end' })")
    return page


def integrations(visitors: Visitors, look: dict[str, Any]) -> Page:
    visitors.ats.key()
    return visitors.window("SUPER_ADMIN", "/settings/integrations", **look)


def key(visitors: Visitors, look: dict[str, Any]) -> Page:
    page = integrations(visitors, look)
    page.get_by_role("button", name="Generate New Key").click()
    page.get_by_role("dialog").get_by_role("button", name="Generate New Key").click()
    page.get_by_label("API key").wait_for()
    return page


def feedback(visitors: Visitors, look: dict[str, Any]) -> Page:
    candidate = visitors.ats.candidate("Chiara Rossi")
    form = candidate.form_id(candidate.push(days=-1), EMAILS["INTERVIEWER"])
    page = visitors.window("INTERVIEWER", f"/feedback/{form}", **look)
    page.get_by_label("Hire", exact=True).check()
    return page


def feedback_errors(visitors: Visitors, look: dict[str, Any]) -> Page:
    candidate = visitors.ats.candidate("Chiara Rossi")
    form = candidate.form_id(candidate.push(days=-1), EMAILS["INTERVIEWER"])
    page = visitors.window("INTERVIEWER", f"/feedback/{form}", **look)
    page.get_by_role("button", name="Submit feedback").click()
    page.get_by_role("alert").wait_for()
    return page


def feedback_submitted(visitors: Visitors, look: dict[str, Any]) -> Page:
    page = feedback(visitors, look)
    page.get_by_label("What speaks for them?").fill("Thinks aloud, takes hints, names trade-offs.")
    page.get_by_role("button", name="Submit feedback").click()
    page.locator(".answers").wait_for()
    # What was submitted comes back as a change, by which the view is loaded once more, and is faded meanwhile.
    page.wait_for_load_state("networkidle")
    page.locator("main:not([aria-busy])").wait_for()
    return page


def interviews(visitors: Visitors, look: dict[str, Any]) -> Page:
    person(visitors, "Dmitri Volkov").push(days=1)
    person(visitors, "Chiara Rossi").push(days=-1)
    return visitors.window("INTERVIEWER", "/interviews", **look)


def activity(visitors: Visitors, look: dict[str, Any]) -> Page:
    candidate = person(visitors, "Amara Okafor")
    candidate.push(days=3)
    candidate.push(days=4)
    other = visitors.ats.candidate("Noor Haddad", external_id=f"noor-haddad-{secrets.token_hex(2)}").push()
    visitors.ats.ask(
        "mutation($id: ID!) { cancelInterviewPanel(input: { id: $id }) { errors { message } } }",
        visitors.ats.token("TEAM_MEMBER"),
        id=other["id"],
    )
    page = visitors.window("ADMIN", "/activity", **look)
    candidate.delete()
    page.locator(".timeline .fresh").wait_for()
    return page


def users(visitors: Visitors, look: dict[str, Any]) -> Page:
    page = visitors.window("ADMIN", "/settings/users", **look)
    page.get_by_text("Double-check that all").click()
    page.get_by_label("Emails of interviewers").fill("interviewer@demo.example, nobody@demo.example")
    page.get_by_role("button", name="Check accounts").click()
    page.get_by_text("Without an account").wait_for()
    return page


def audit(visitors: Visitors, look: dict[str, Any]) -> Page:
    visitors.ats.key()
    return visitors.window("SUPER_ADMIN", "/settings/audit", **look)


def sign_in(visitors: Visitors, look: dict[str, Any]) -> Page:
    page = visitors.window(None, **look)
    page.get_by_role("heading", level=1).wait_for()
    return page


def nobody(visitors: Visitors, look: dict[str, Any]) -> Page:
    return visitors.window("ADMIN", "/?search=nobody+has+such+a+name", **look)


def finder(visitors: Visitors, look: dict[str, Any]) -> Page:
    page = visitors.window("TEAM_MEMBER", **look)
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Find anybody").fill("an")
    page.get_by_role("dialog").get_by_role("option").first.wait_for()
    return page


def explorer(visitors: Visitors, look: dict[str, Any]) -> Page:
    page = visitors.window(None, f"/graphql#token={visitors.ats.token('ADMIN')}", **look)
    page.get_by_role("button", name=re.compile("^Use ")).first.wait_for()
    page.get_by_label("Examples and history").select_option(label="Dashboard: candidates and their Schedule buttons")
    page.get_by_role("button", name="Run").click()
    page.get_by_role("button", name="Copy").and_(page.locator(":enabled")).wait_for()
    return page


VIEWS: dict[str, Callable[[Visitors, dict[str, Any]], Page]] = {
    view.__name__: view
    for view in (
        sign_in, candidates, nobody, profile, banner, interviews, activity, integrations, key, finder, explorer,
        cancel, canceled, feedback, feedback_errors, feedback_submitted, users, audit,
    )
}  # fmt: skip


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("view", VIEWS)
def test_a_view_is_accessible_and_fits_its_window_and_asks_nobody_else(
    view: str, look: str, visitors: Visitors, axe: str
) -> None:
    page = VIEWS[view](visitors, LOOKS[look])
    page.evaluate(
        "Promise.all(document.getAnimations()"
        ".filter((animation) => animation.effect.getTiming().iterations !== Infinity)"
        ".map((animation) => animation.finished.catch(() => {})))"
    )
    keep_picture(page, f"{view.replace('_', '-')}-{look}")

    assert accessibility_faults(page, axe) == []
    assert page.viewport_size is not None
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]


def keep_picture(page: Page, name: str) -> None:
    """A small picture of the window, where a folder for them is named."""
    folder = os.environ.get("CALLBOARD_SCREENSHOTS")
    if not folder:
        return
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    path = Path(folder) / f"{name}.png"
    in_few_colours(picture).save(path, optimize=True)
    assert path.stat().st_size < PICTURE_BYTES


def in_few_colours(picture: Image.Image) -> Image.Image:
    """The picture in 256 colours: its commonest as they are, so that areas stay true, and a choice for the edges."""
    counted = sorted(picture.getcolors(picture.width * picture.height) or [], reverse=True)
    common = [channel for _, colour in counted[:160] for channel in cast("tuple[int, ...]", colour)]
    edges = picture.quantize(96, Image.Quantize.MAXCOVERAGE).getpalette() or []
    channels = common + edges[: 96 * 3]
    palette = list(zip(channels[::3], channels[1::3], channels[2::3], strict=True))
    nearest = {
        colour: min(range(len(palette)), key=lambda place: distance(palette[place], colour)) for _, colour in counted
    }
    points = picture.tobytes()
    colours = zip(points[::3], points[1::3], points[2::3], strict=True)
    reduced = Image.frombytes("P", picture.size, bytes(nearest[colour] for colour in colours))
    reduced.putpalette(channels)
    return reduced


def distance(one: Any, other: Any) -> int:
    """How far two colours are from each other. Pillow's own search takes colours for one that differ by a shade."""
    return sum((left - right) ** 2 for left, right in zip(one, other, strict=True))


def test_the_console_asks_this_server_only_and_breaks_none_of_its_own_rules(visitors: Visitors, ats: Ats) -> None:
    candidate = ats.candidate()
    form = candidate.form_id(candidate.push(), EMAILS["INTERVIEWER"])
    page = visitors.window("SUPER_ADMIN")
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))

    places = ["/", "/interviews", "/activity", "/settings/integrations", "/graphql"]
    for place in [*places, f"/candidates/{candidate.id}", f"/feedback/{form}"]:
        page.goto(f"{ats.url}{place}")
        page.wait_for_load_state("networkidle")

    assert {url for url in asked if not url.startswith((ats.url, "data:"))} == set()
    assert complaints == []


@pytest.mark.parametrize("place", ["/", "/feedback/frm_any", "/candidates/any", "/settings/integrations", "/graphql"])
def test_every_page_carries_the_strict_policy(place: str, ats: Ats) -> None:
    page = httpx.get(f"{ats.url}{place}", headers={"Accept": "text/html"})

    policy = page.headers["content-security-policy"]
    assert page.status_code == 200
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "style-src 'self'" in policy
    assert "unsafe" not in policy
    assert "<style" not in page.text
    assert " style=" not in page.text
    assert re.search(r"<script(?![^>]*\bsrc=)", page.text) is None


@pytest.mark.parametrize("place", PLACES)
def test_whichever_view_is_the_first_is_small(place: str, visitors: Visitors, ats: Ats) -> None:
    candidate = person(visitors, "Amara Okafor")
    candidate.push()
    page = visitors.window(None, "/healthz")
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    received: list[float] = []
    session.on("Network.loadingFinished", lambda event: received.append(event["encodedDataLength"]))

    page.goto(f"{ats.url}{place.format(candidate.id)}#token={ats.token('ADMIN')}")
    content(page).wait_for()

    assert 0 < sum(received) < FIRST_VIEW_BYTES


@pytest.mark.parametrize("place", PLACES)
def test_nothing_jumps_while_a_view_loads(place: str, visitors: Visitors, ats: Ats) -> None:
    candidate = person(visitors, "Amara Okafor")
    candidate.push()
    page = visitors.window(None, "/healthz")
    page.add_init_script(
        "window.jumps = 0; new PerformanceObserver((list) => list.getEntries()"
        ".forEach((entry) => (window.jumps += entry.hadRecentInput ? 0 : entry.value)))"
        ".observe({ type: 'layout-shift', buffered: true })"
    )

    page.goto(f"{ats.url}{place.format(candidate.id)}#token={ats.token('ADMIN')}")
    content(page).wait_for()

    assert page.evaluate("window.jumps") < JUMP


def content(page: Page) -> Locator:
    """The content of the view once it is loaded."""
    return page.locator("main:not([aria-busy]) .body > :not(.skeleton)").first


def test_with_reduced_motion_nothing_moves(visitors: Visitors, ats: Ats) -> None:
    candidate = ats.candidate()
    page = visitors.window("ADMIN", f"/candidates/{candidate.id}", reduced_motion="reduce")

    candidate.push()

    expect(page.locator("article.panel.fresh")).to_be_visible()
    moving = "document.getAnimations().map((animation) => animation.animationName ?? animation.transitionProperty)"
    assert set(page.evaluate(moving)) <= {"lit"}


def test_the_first_tab_leads_past_the_navigation(visitors: Visitors) -> None:
    page = visitors.window("ADMIN")

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")

    expect(page.locator("main")).to_be_focused()
