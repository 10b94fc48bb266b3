"""Signing in at a real identity provider, npm's `oidc-provider`: there and back, in all tabs, renewed, and out."""

import json
import logging
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, TimeoutError, expect

from tests import output_scan
from tests.console.browsing import EMAILS, PATIENCE, ROOT, WINDOW, Ats, Visitors, free_port, skip_without, until

pytestmark = [pytest.mark.once, pytest.mark.xdist_group("oidc-provider")]

FOLDER = ROOT / "tests" / "oidc"
TOKEN = re.compile(r"eyJ[\w-]{5,}\.")
ID_TOKEN_SECONDS = 10
#: A pattern, which Playwright's driver knows: to ask a function it would wait for the test at every request.
ELSEWHERE = re.compile(r"https?://(?!127\.0\.0\.1)")


@dataclass
class Company:
    """The console of a company with an identity provider."""

    url: str
    provider: str
    #: Where the interviewer's feedback link leads.
    form: str

    def renewals(self) -> list[str]:
        """What was asked for with refresh tokens, and how that ended."""
        return [grant for grant in httpx.get(f"{self.provider}/grants").json() if grant.startswith("refresh_token")]


def start_provider(settings: dict[str, object]) -> subprocess.Popen[bytes]:
    """The provider, whose packages npm installs as the lock file says. Skips where this machine can't."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        skip_without("node and npm, for oidc-provider")
    if not (FOLDER / "node_modules" / "oidc-provider").exists():
        fetched = subprocess.run([npm, "ci", "--silent"], cwd=FOLDER, capture_output=True, text=True, check=False)
        if fetched.returncode:
            skip_without(f"oidc-provider, which npm could not fetch ({fetched.stderr.strip()[-200:]})")
    arguments = [node, "provider.mjs", json.dumps(settings)]
    return subprocess.Popen(arguments, cwd=FOLDER, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@pytest.fixture(scope="module")
def company(ats: Ats, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """The demo's account as a company with a provider has it, with a form for the interviewer."""
    candidate = ats.candidate()
    form = candidate.form_id(candidate.push(days=-1), EMAILS["INTERVIEWER"])
    folder, port, provider_port = tmp_path_factory.mktemp("openid"), free_port(), free_port()
    copy_database(ats.output.parent / "callboard.db", folder / "callboard.db")
    url, provider = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{provider_port}"
    settings = {"port": provider_port, "redirectUri": f"{url}/auth/callback", "home": f"{url}/"}
    env = {name: value for name, value in os.environ.items() if not name.startswith("CALLBOARD_")} | {
        "CALLBOARD_DATABASE_URL": f"sqlite://{folder}/callboard.db",
        "CALLBOARD_PUBLIC_URL": url,
        "CALLBOARD_OIDC_ISSUER": provider,
        "CALLBOARD_OIDC_CLIENT_ID": "callboard",
        "CALLBOARD_OIDC_PARAMETERS": "prompt=consent",
        "CALLBOARD_JWT_ACCOUNT": "demo",
    }
    command = [sys.executable, str(ROOT / "server.py"), "serve", "--port", str(port)]
    with start_provider(settings | {"idTokenSeconds": ID_TOKEN_SECONDS}) as identity_provider:
        try:
            until(lambda: identity_provider.poll() is not None or answers(f"{provider}/jwks"), 60)
            log = output_scan.log().open("w")
            with log, subprocess.Popen(command, env=env, cwd=folder, stderr=log) as server:
                try:
                    until(lambda: server.poll() is not None or answers(f"{url}/readyz"), 120)
                    yield Company(url, provider, form)
                finally:
                    server.terminate()
        finally:
            identity_provider.terminate()


def copy_database(source: Path, target: Path) -> None:
    with sqlite3.connect(source) as one, sqlite3.connect(target) as other:
        one.backup(other)
    one.close()
    other.close()


def answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2).is_success
    except httpx.HTTPError:
        return False


@pytest.fixture
def browser_window(visitors: Visitors) -> Iterator[BrowserContext]:
    """A browser of somebody's own, signed in nowhere."""
    context = visitors.browser.new_context(**WINDOW)
    context.set_default_timeout(PATIENCE * 1000)
    # The provider's own pages ask for a font of another host, and are drawn once that is there or can't be.
    context.route(ELSEWHERE, lambda route: route.abort())
    yield context
    context.close()


def sign_in(page: Page, email: str) -> None:
    """From the console's sign-in page to the provider, and back."""
    link, login = page.get_by_role("link", name="Sign in"), page.locator("[name=login]")
    link.click()
    # On a busy machine the provider's page did not come in one of ten sign-ins; it is not known yet where it was lost.
    try:
        login.wait_for(timeout=10_000)
    except TimeoutError:
        logging.getLogger(__name__).warning("Signing in took ten seconds to come to %s", page.url)
        page.reload()
        link.or_(login).first.wait_for()
        if link.is_visible():
            link.click()
        page.wait_for_url(lambda url: "/interaction/" in url, wait_until="commit")
    login.fill(email)
    page.locator("[name=password]").fill("any")
    page.get_by_role("button").first.click()
    page.get_by_role("button", name="Continue").click()


def test_a_feedback_link_leads_to_the_form_after_signing_in_at_the_provider(
    company: Company, browser_window: BrowserContext
) -> None:
    page, addresses = browser_window.new_page(), list[str]()
    page.on("request", lambda request: addresses.append(request.url))
    page.goto(f"{company.url}/feedback/{company.form}")
    expect(page.get_by_role("heading", name="Sign in to Callboard")).to_be_visible()

    sign_in(page, EMAILS["INTERVIEWER"])

    page.wait_for_url(f"{company.url}/feedback/{company.form}")
    expect(page.locator(".me")).to_contain_text("Interviewer")
    expect(page.get_by_role("heading", name="Engineering interview")).to_be_visible()
    assert [address for address in addresses if TOKEN.search(address)] == []
    stored = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])")
    assert not TOKEN.search(stored)
    kept = [cookie for cookie in browser_window.cookies() if "callboard-session" in cookie["name"]]
    assert [(cookie["httpOnly"], cookie["sameSite"]) for cookie in kept] == [(True, "Strict")]


def test_one_sign_in_counts_in_all_tabs_is_renewed_without_a_word_and_ends_in_all_tabs(
    company: Company, browser_window: BrowserContext
) -> None:
    page = browser_window.new_page()
    page.goto(f"{company.url}/activity")
    sign_in(page, EMAILS["SUPER_ADMIN"])
    expect(page.get_by_role("heading", name="Activity", level=1)).to_be_visible()

    second = browser_window.new_page()
    second.goto(f"{company.url}/settings/integrations")
    expect(second.locator(".me")).to_contain_text("Super Admin")

    before = len(company.renewals())
    until(lambda: len(company.renewals()) >= before + 2)
    assert set(company.renewals()) == {"refresh_token"}
    for tab in (page, second):
        expect(tab.locator(".me")).to_contain_text("Super Admin")
        expect(tab.locator("#bar .live[data-state=live]")).to_be_visible()

    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Yes").click()
    page.wait_for_url(f"{company.url}/")
    expect(page.get_by_role("heading", name="Sign in to Callboard")).to_be_visible()
    expect(second.get_by_role("heading", name="You are signed out")).to_be_visible()
    page.get_by_role("link", name="Sign in").click()
    expect(page.locator("[name=login]")).to_be_visible()


def test_a_sign_in_that_is_over_leads_to_the_provider_and_back_to_the_same_page(
    company: Company, browser_window: BrowserContext
) -> None:
    page = browser_window.new_page()
    page.goto(f"{company.url}/")
    sign_in(page, EMAILS["ADMIN"])
    expect(page.locator(".me")).to_contain_text("Admin")
    errors = [{"message": "The token has expired.", "extensions": {"code": "UNAUTHENTICATED"}}]

    page.route("**/graphql", lambda route: route.fulfill(json={"data": None, "errors": errors}))
    page.get_by_role("link", name="Integrations").click()
    expect(page.get_by_role("heading", name="Your sign-in has expired")).to_be_visible()
    page.unroute("**/graphql")
    page.get_by_role("link", name="Sign in").click()
    page.get_by_role("button", name="Continue").click()

    page.wait_for_url(f"{company.url}/settings/integrations")
    expect(page.get_by_role("heading", name="Integrations", level=1)).to_be_visible()


def test_whom_the_provider_knows_and_callboard_does_not_learns_that(
    company: Company, browser_window: BrowserContext
) -> None:
    page = browser_window.new_page()
    page.goto(f"{company.url}/interviews")

    sign_in(page, "stranger@anywhere.example")

    expect(page.get_by_role("heading", name="You are not a user here")).to_be_visible()
    assert page.url == f"{company.url}/interviews"
