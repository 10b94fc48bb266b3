"""A front end in development, on another port of this machine, calls the demo; pages of other machines may not."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.console.browsing import ELSEWHERE, EMAILS, Ats, Visitors

#: The demo has a database of its own, whichever the other tests are on.
pytestmark = pytest.mark.once

QUERY = "{ viewer { ... on User { email } } }"
ASK = """
async ([url, token, query]) => {
  const headers = { "Content-Type": "application/json", Authorization: `Bearer ${token}` };
  return (await fetch(url, { method: "POST", headers, body: JSON.stringify({ query }) })).json();
}"""
FOLLOW = """
([url, token]) => new Promise((resolve) => {
  const socket = new WebSocket(url.replace("http", "ws"), "graphql-transport-ws");
  const payload = { Authorization: `Bearer ${token}` };
  socket.onopen = () => socket.send(JSON.stringify({ type: "connection_init", payload }));
  socket.onmessage = ({ data }) => resolve(JSON.parse(data).type);
  socket.onclose = () => resolve("closed");
})"""


class _Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>A front end in development</title>")

    def log_message(self, *_: object) -> None:
        """Requests for the page are of no interest."""


@pytest.fixture
def port() -> Iterator[int]:
    """Where another server of this machine has a page."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def test_only_pages_of_this_machine_may_call_the_demo(visitors: Visitors, ats: Ats, port: int) -> None:
    page = visitors.window(None, "", base=f"http://localhost:{port}/")
    asked = [f"{ats.url}/graphql", ats.token("ADMIN"), QUERY]

    assert page.evaluate(ASK, asked) == {"data": {"viewer": {"email": EMAILS["ADMIN"]}}}
    assert page.evaluate(FOLLOW, asked) == "connection_ack"

    page.goto(f"http://{ELSEWHERE}:{port}/")

    assert page.evaluate(f"asked => ({ASK})(asked).catch(({{ name }}) => name)", asked) == "TypeError"
    assert page.evaluate(FOLLOW, asked) == "closed"
