"""Callboard's way in: the ASGI application, and the command line of the README. Imported by nobody but tests."""

import asyncio
import contextlib
import os
import secrets
import socket
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
import uvicorn
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles

import demo as demo_account
import goodtime
import logs
import settings
from auth import tokens
from models import database
from resolvers import changes, directory, integrations
from schema import SCHEMA
from transport import http, websocket
from transport.requests import Requests

CONSOLE = Path(__file__).parent / "console"

HERE = "127.0.0.1"


def app() -> Starlette:
    """The ASGI application, as the settings have it."""
    its = settings.current()
    cors = Middleware(
        CORSMiddleware,
        allow_origins=its.origins,
        allow_methods=["GET", "POST"],
        allow_headers=["authorization", "content-type", "x-request-id"],
        expose_headers=["x-request-id", "retry-after", "ratelimit", "ratelimit-policy"],
    )
    routes = [
        Route("/graphql", graphql, methods=["GET", "POST"]),
        WebSocketRoute("/graphql", websocket.serve),
        Route("/healthz", alive),
        Route("/readyz", ready),
        Mount("/console", StaticFiles(directory=CONSOLE)),
        *(Route(path, console) for path in ("/", "/feedback/{id}", "/candidates/{id}")),
        *(Route(path, console) for path in ("/interviews", "/activity", "/settings/integrations")),
    ]
    return Starlette(
        routes=routes,
        middleware=[Middleware(Requests), cors],
        lifespan=lifespan,
        exception_handlers={404: http.not_found},
    )


@contextlib.asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    """The database is open while the application runs; acts under way end before it closes."""
    async with database.opened(settings.current().database_url):
        try:
            yield
        finally:
            await changes.drained()


async def graphql(request: Request) -> Response:
    """The API; for a browser that just looks, the page to explore it with."""
    if request.method == "GET" and "query" not in request.query_params and _is_browser(request):
        return FileResponse(CONSOLE / "graphiql.html")
    return await http.graphql(request)


async def console(request: Request) -> Response:
    """Every screen of the console is the same page."""
    return FileResponse(CONSOLE / "index.html")


async def alive(request: Request) -> Response:
    """The process answers."""
    return JSONResponse({"status": "alive"})


async def ready(request: Request) -> Response:
    """The process can serve: the database is reachable and at the current version."""
    try:
        async with asyncio.timeout(5):
            current = await database.is_current()
    except (*database.UNREACHABLE, TimeoutError):
        return JSONResponse({"status": "the database can't be reached"}, 503)
    if not current:
        return JSONResponse({"status": "the database is not migrated: run `callboard migrate`"}, 503)
    return JSONResponse({"status": "ready"})


def _is_browser(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "")


cli = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
accounts = typer.Typer(help="Accounts.", no_args_is_help=True)
cli.add_typer(accounts, name="account")

PortOption = Annotated[int, typer.Option(min=0, max=65535, help="The port to listen on; 0 picks a free one.")]


class Failure(Exception):
    """What a user can mend: shown as one line on stderr, exit code 1."""


@cli.command()
def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = HERE,
    port: PortOption = 8000,
    workers: Annotated[int, typer.Option(min=1, help="Processes; more than one needs PostgreSQL.")] = 1,
) -> None:
    """Serve the API and the console."""
    its = settings.current()
    if workers > 1 and not its.on_postgres:
        raise Failure(
            "SQLite is for one process: set CALLBOARD_DATABASE_URL=postgres://… to serve with more than one worker."
        )
    if its.jwt_secret is None and its.jwks_url is None:
        raise Failure("Nobody could sign in: set CALLBOARD_JWKS_URL, or CALLBOARD_JWT_SECRET on a machine of your own.")
    if not asyncio.run(_with_database(database.is_current)):
        raise Failure("The database is not at the current version: run `callboard migrate` first.")
    _listen(host, port, workers)


@cli.command()
def migrate() -> None:
    """Bring the database to the current version. Safe when several start it at once."""

    async def run() -> list[str]:
        applied = await database.migrate(settings.current().database_url)
        async with database.opened(settings.current().database_url):
            await integrations.ensure_everywhere()
        return applied

    applied = asyncio.run(run())
    typer.echo(f"Applied {', '.join(applied)}." if applied else "The database is at the current version already.")


@cli.command()
def demo(
    port: PortOption = 8000,
    simulate: Annotated[bool, typer.Option(help="Let GoodTime's simulator work beside the server.")] = True,
) -> None:
    """Try Callboard: a demo account, the server, and GoodTime's simulator beside it. Listens on this machine only."""
    if not os.environ.get("CALLBOARD_JWT_SECRET") and settings.current().jwt_secret is None:
        os.environ["CALLBOARD_JWT_SECRET"] = secrets.token_urlsafe(32)
        settings.current.cache_clear()
    secret = settings.current().jwt_secret
    if secret is None:
        raise Failure("The demo signs its own tokens: unset CALLBOARD_JWKS_URL for it.")
    listening = _bound(HERE, port)
    address = f"http://{HERE}:{listening.getsockname()[1]}"
    os.environ.setdefault("CALLBOARD_PUBLIC_URL", address)
    settings.current.cache_clear()
    asyncio.run(_demo(listening, address, simulate, secret))


async def _demo(listening: socket.socket, address: str, simulate: bool, secret: SecretStr) -> None:
    url = settings.current().database_url
    await database.migrate(url)
    async with database.opened(url):
        key = await demo_account.load(simulate)
    typer.echo(demo_account.welcome(address, secret.get_secret_value(), key))
    server = uvicorn.Server(_config(HERE, listening.getsockname()[1]))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    stop = asyncio.Event()
    working = asyncio.create_task(goodtime.simulate(f"{address}/graphql", key, rate=0.5, stop=stop)) if key else None
    try:
        await serving
    finally:
        stop.set()
        if working is not None:
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)


@accounts.command("create")
def create_account(
    slug: Annotated[str, typer.Argument(help="The short name that tokens carry, such as acme.")],
    name: Annotated[str, typer.Option(help="The company's name.")],
    super_admin: Annotated[str, typer.Option(help="The email of the first Super Admin.")],
) -> None:
    """Make an account with its first Super Admin."""
    try:
        account = asyncio.run(_with_database(lambda: directory.create_account(slug, name, super_admin)))
    except ValueError as refused:
        raise Failure(str(refused)) from None
    typer.echo(f"Made the account {account.slug}. Its Super Admin is {super_admin}.")


@cli.command()
def token(
    email: Annotated[str, typer.Argument(help="The user's email.")],
    account: Annotated[str | None, typer.Option(help="The account's slug, where the email is in several.")] = None,
    hours: Annotated[float, typer.Option(min=0.01, max=24 * 365, help="How long it is good for.")] = 12,
) -> None:
    """Print a token for a user, signed with the shared secret: for a machine of your own."""
    secret = settings.current().jwt_secret
    if settings.current().jwks_url is not None:
        raise Failure("Tokens come from the identity provider here (CALLBOARD_JWKS_URL is set).")
    if secret is None:
        raise Failure("Set CALLBOARD_JWT_SECRET, the one that the server has.")
    slugs = asyncio.run(_with_database(lambda: directory.accounts_of(email)))
    if account is not None and account not in slugs:
        raise Failure(f"There is no active user {email} in an account {account}.")
    if account is None and len(slugs) != 1:
        raise Failure(
            f"{email} is in the accounts {', '.join(slugs)}: say which with --account."
            if slugs
            else f"There is no active user {email}."
        )
    typer.echo(tokens.sign(secret.get_secret_value(), email, account or slugs[0], hours))


@cli.command()
def simulate(
    key: Annotated[str, typer.Option(envvar="CALLBOARD_KEY", help="The integration's key.")],
    url: Annotated[str, typer.Option(help="Where the API is.")] = f"http://{HERE}:8000/graphql",
    panels: Annotated[int | None, typer.Option(min=1, help="How many panels; for ever without it.")] = None,
    rate: Annotated[float, typer.Option(min=0.01, help="Acts a second, at most.")] = 5,
) -> None:
    """Be GoodTime: push, reschedule, cancel and re-send panels over the network, and report what came back."""
    raise typer.Exit(goodtime.run(url, key, panels=panels, rate=rate))


@cli.command("schema")
def print_schema() -> None:
    """Print the schema in GraphQL's definition language."""
    typer.echo(SCHEMA.as_str())


@cli.command()
def prune() -> None:
    """Drop what is past its retention: the old changes of the log."""
    retention = timedelta(days=settings.current().change_retention_days)
    gone = asyncio.run(_with_database(lambda: changes.prune(retention)))
    typer.echo(f"Dropped {gone} changes older than {retention.days} days.")


async def _with_database(work: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    async with database.opened(settings.current().database_url):
        return await work()


def _listen(host: str, port: int, workers: int) -> None:
    if workers > 1:
        uvicorn.run(**_options(host, port), app="server:app", workers=workers)
        return
    uvicorn.Server(_config(host, port)).run(sockets=[_bound(host, port)])


def _config(host: str, port: int) -> uvicorn.Config:
    return uvicorn.Config("server:app", **_options(host, port))


def _options(host: str, port: int) -> dict[str, Any]:
    return {
        "host": host,
        "port": port,
        "factory": True,
        "log_config": None,
        "access_log": False,
        "server_header": False,
        "timeout_graceful_shutdown": 8,
        "ws_max_size": settings.current().websocket_message_bytes,
        "ws_per_message_deflate": False,
    }


def _bound(host: str, port: int) -> socket.socket:
    """The socket to listen on: a port in use is one clear line, before anything is started."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        raise Failure(f"Can't listen on {host}:{port} ({error.strerror}): choose another with --port.") from None
    return listening


def main() -> None:
    """The command line. What a user can cause ends in one line on stderr, never in a traceback."""
    try:
        logs.configure(settings.current().log_format)
        cli()
    except settings.BadSetting as bad:
        _fail(str(bad))
    except Failure as failure:
        _fail(str(failure))
    except database.UNREACHABLE as error:
        _fail(f"The database at CALLBOARD_DATABASE_URL can't be used: {str(error).splitlines()[0][:200]}")


def _fail(line: str) -> None:
    print(f"callboard: {line}", file=sys.stderr)
    raise SystemExit(1)


if __name__ == "__main__":
    main()
