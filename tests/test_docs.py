"""The docs for people who write clients: what they list is all there is, and what they ask for is valid."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import websockets
from gql import Client, gql
from gql.transport.exceptions import TransportConnectionFailed
from gql.transport.websockets import WebsocketsTransport
from graphql import GraphQLInterfaceType, GraphQLUnionType, build_schema, parse, validate

from auth.refusals import Code
from resolvers.errors import ErrorCode, WarningCode
from tests.processes import tool, with_packages
from tests.test_house import ROOMS, TOOLS

pytestmark = pytest.mark.once

ROOT = Path(__file__).parent.parent
DOCS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
GRAPHQL = [
    pytest.param(block, id=f"{path.name}, {block.split()[0]} {number}")
    for path in DOCS
    for number, block in enumerate(re.findall(r"```graphql\n(.*?)```", path.read_text(), re.DOTALL))
]


def table(page: str, heading: str) -> list[list[str]]:
    """The rows of the first table below a heading, without its first two lines."""
    below = (ROOT / "docs" / page).read_text().split(heading, 1)[1]
    lines = re.search(r"(?:^\|.*\n)+", below, re.MULTILINE)
    assert lines, f"there is a table below {heading}"
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[0].splitlines()[2:]]


@pytest.mark.parametrize(
    ("heading", "codes"),
    [
        ("### In the payload: `UserError.code`", {code.value for code in ErrorCode}),
        ("### Beside it: `Warning.code`", {code.value for code in WarningCode}),
        ("### Instead of an answer: `extensions.code`", {code.value for code in Code}),
    ],
)
def test_schedulers_find_every_code_with_what_to_do(heading: str, codes: set[str]) -> None:
    rows = table("schedulers.md", heading)

    assert sorted(row[0].strip("` ") for row in rows) == sorted(codes)
    assert all(cell for row in rows for cell in row)
    if "Warning" not in heading:
        assert {row[3].strip(" |") for row in rows} <= {"yes", "no", "changed"}


@pytest.mark.parametrize("block", GRAPHQL)
def test_what_the_docs_ask_for_is_valid_under_the_contract(block: str) -> None:
    contract = build_schema((ROOT / "docs/contract.graphql").read_text())

    assert validate(contract, parse(block)) == []


def close_codes() -> list[list[str]]:
    return table("clients.md", "## How a WebSocket is closed, and what clients make of it")


def test_every_close_of_ours_is_in_the_table() -> None:
    source = (ROOT / "transport/websocket.py").read_text()
    ours = set(re.findall(r"(?:Closed\(|close\(|else )(\d{4})\b", source)) | {"1013"}

    assert ours | {"1001", "1006", "1009"} == {row[0] for row in close_codes()}


def made_of(folder: Path, *ends: str) -> dict[str, dict[str, str]]:
    """What each client makes of these ends of a stream, tried with the packages of the recipes in an empty folder."""
    packages = with_packages(ROOT / "examples" / "recipes", "relay-runtime") / "node_modules"
    (folder / "node_modules").symlink_to(packages)
    script = shutil.copy(ROOT / "tests" / "clients" / "close_codes.mjs", folder)
    run = subprocess.run([tool("node"), script, *ends], capture_output=True, text=True, check=True)
    return dict(json.loads(run.stdout))


def test_clients_over_websockets_do_with_each_close_what_the_table_says(tmp_path: Path) -> None:
    ends = {row[0]: row[2] for row in close_codes()}

    assert made_of(tmp_path, *ends) == dict.fromkeys(("graphql-ws", "apollo", "urql", "relay"), ends)
    assert [row[3].rstrip(" |") for row in close_codes()] == [
        "an error: begin again" if end == "again" else "an error: don't" for end in ends.values()
    ]


def test_graphql_sse_does_with_each_end_of_a_stream_what_the_table_says(tmp_path: Path) -> None:
    rows = table(
        "clients.md", "An event stream has no close codes. graphql-sse 2.6.1 tries everything again, as often as"
    )
    ends = {row[0].strip("`"): row[2].rstrip(" |") for row in rows}

    assert made_of(tmp_path, "sse", *ends) == {"graphql-sse": ends}


async def follow(transport: WebsocketsTransport) -> None:
    async with Client(transport=transport) as session:
        async for _ in session.subscribe(gql("subscription { change }")):
            raise AssertionError("nothing comes")


@pytest.mark.parametrize("code", [row[0] for row in close_codes()])
async def test_gql_ends_at_every_close_and_its_cause_has_the_code(code: str) -> None:
    async def close_at_subscribe(socket: websockets.ServerConnection) -> None:
        await socket.recv()
        await socket.send('{"type": "connection_ack"}')
        await socket.recv()
        if code == "1006":
            socket.transport.abort()
        else:
            await socket.close(int(code))

    protocol = websockets.Subprotocol("graphql-transport-ws")
    async with websockets.serve(close_at_subscribe, "127.0.0.1", 0, subprotocols=[protocol]) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        transport = WebsocketsTransport(f"ws://127.0.0.1:{port}", subprotocols=[protocol])
        with pytest.raises(TransportConnectionFailed) as failed:
            await follow(transport)

    received = getattr(failed.value.__cause__, "rcvd", None)
    assert (received and str(received.code)) == (None if code == "1006" else code)


def test_the_possible_types_to_copy_are_those_of_the_schema() -> None:
    contract = build_schema((ROOT / "docs/contract.graphql").read_text())
    page = (ROOT / "docs/clients.md").read_text()

    for name in ("Node", "Actor", "Change"):
        abstract = contract.type_map[name]
        assert isinstance(abstract, GraphQLInterfaceType | GraphQLUnionType)
        listed = re.search(rf"^ *{name}: (\[.*?\])", page, re.MULTILINE)
        assert listed
        assert json.loads(listed[1]) == sorted(
            (each.name for each in contract.get_possible_types(abstract)), key=str.lower
        )


@pytest.mark.parametrize("page", ["architecture.md", "database.md", "execution.md", "feed.md", "decisions"])
def test_every_file_that_a_page_about_the_code_names_is_there(page: str) -> None:
    pages = [ROOT / "docs" / page] if page.endswith(".md") else sorted((ROOT / "docs" / page).glob("*.md"))
    named = {name for path in pages for name in re.findall(r"`([\w./-]+\.(?:py|md|toml))`", path.read_text())}

    assert [name for name in named if not any((ROOT / folder / name).exists() for folder in ("", *ROOMS))] == []


def test_the_map_names_every_room_and_every_tool_of_the_rules() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text()

    assert {room for room in ROOMS if f"`{room}/`" not in text} == set()
    assert {tool for tool in TOOLS["resolvers"] if f"`{tool}`" not in text} == set()
