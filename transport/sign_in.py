"""How people sign in to the console and out of it, with one session for all tabs of a browser.

The session is in a cookie that no script can read and no other site can send. The API takes no cookies: a page asks for
the token here and keeps it in memory. docs/decisions/0019 says why.
"""

import logging
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

import database
import settings
from auth import viewer
from auth.claims import Claims, InvalidToken
from auth.openid import OpenIdClient, SignedIn, SignInAttempt, SignInFailed, seconds_until_renewal
from auth.provider_keys import ProviderUnavailable
from auth.refusals import Code, Refused
from process import process_of
from transport import cookies

_MAX_DESTINATION = 2_000
_NO_STORE = {"Cache-Control": "no-store"}

_log = logging.getLogger("callboard.sign_in")


async def begin(request: Request) -> Response:
    """GET: send somebody to the identity provider; `to` is where on the console they want to go."""
    openid = process_of(request.scope).openid
    if openid is None:
        return _back("/", "unavailable")
    destination = _own_path(request.query_params.get("to", "/"))
    try:
        address, attempt = await openid.begin(destination)
    except (SignInFailed, ProviderUnavailable):
        return _back(destination, "unavailable")
    response = RedirectResponse(address, 303, _NO_STORE)
    cookies.keep_attempt(response, attempt)
    return response


async def finish(request: Request) -> Response:
    """GET: somebody comes back from the provider. They land where they wanted to go, signed in or told why not.

    What they come back with counts only in the browser that began, once, and within ten minutes.
    """
    process = process_of(request.scope)
    attempt = cookies.attempt_of(request)
    if attempt is None or process.openid is None:
        return _back("/", "failed")
    destination = _own_path(attempt.destination)
    try:
        await process.engine.rates.check_failures(_address(request))
        signed_in = await _signed_in(request, process.openid, attempt)
        await process.engine.rates.sign_in(f"Bearer {signed_in.token}", _address(request))
    except (Refused, SignInFailed, ProviderUnavailable, *database.UNREACHABLE) as failure:
        response = _back(destination, await _problem(request, failure))
    else:
        response = _back(destination)
        cookies.keep_session(response, request, signed_in)
    cookies.clear_attempt(response, attempt)
    return response


async def _signed_in(request: Request, openid: OpenIdClient, attempt: SignInAttempt) -> SignedIn:
    parameters = request.query_params
    if parameters.get("iss", openid.issuer) != openid.issuer:
        raise SignInFailed("the answer is another issuer's")
    if "code" not in parameters:
        denied = parameters.get("error") == "access_denied"
        raise SignInFailed("the provider let nobody in" if denied else "the provider gave no code")
    return await openid.finish(attempt, parameters["code"])


async def _problem(request: Request, failure: Exception) -> str:
    """What the console tells somebody who came back in vain; the log learns the rest."""
    if isinstance(failure, SignInFailed):
        _log.info("sign-in failed", extra={"why": str(failure), "address": _address(request)})
        await process_of(request.scope).engine.rates.count_failure(_address(request))
        return "failed"
    return "unknown" if isinstance(failure, Refused) and failure.code is Code.UNAUTHENTICATED else "unavailable"


async def token(request: Request) -> Response:
    """POST: the token of this browser's session, renewed where that is due, and the seconds until it is due again."""
    if not _is_own_page(request):
        return _refusal(403)
    process, signed_in = process_of(request.scope), cookies.session_of(request)
    if signed_in is None:
        return _refusal(401)
    try:
        await process.engine.rates.check_failures(_address(request))
        current, claims = await _current(signed_in, process.openid)
    except (SignInFailed, InvalidToken) as over:
        await process.engine.rates.count_failure(_address(request))
        _log.info("session over", extra={"why": str(over) or getattr(over, "reason", ""), "address": _address(request)})
        response = _refusal(401)
        cookies.clear_session(response, request)
        return response
    except (Refused, ProviderUnavailable):
        return _refusal(503)
    answer = {"token": current.token, "renewIn": seconds_until_renewal(current, claims), "signIn": _entrance()}
    response = JSONResponse(answer, headers=_NO_STORE)
    if current != signed_in:
        cookies.keep_session(response, request, current)
    return response


async def _current(signed_in: SignedIn, openid: OpenIdClient | None) -> tuple[SignedIn, Claims]:
    """The sign-in as of now, renewed where that is due. Raises SignInFailed, InvalidToken, ProviderUnavailable."""
    try:
        claims = await viewer.verifier().verify(signed_in.token)
        if seconds_until_renewal(signed_in, claims) != 0:
            return signed_in, claims
    except InvalidToken:
        if signed_in.refresh_token is None:
            raise
    if openid is None:
        raise SignInFailed("nobody signs in at a provider here")
    renewed = await openid.renew(signed_in)
    return renewed, await viewer.verifier().verify(renewed.token)


async def keep(request: Request) -> Response:
    """POST: let the user whose token is in `Authorization` be signed in, in all tabs of this browser."""
    if not _is_own_page(request):
        return _refusal(403)
    authorization = request.headers.get("authorization")
    try:
        person = await process_of(request.scope).engine.rates.sign_in(authorization, _address(request))
    except Refused as refusal:
        return _refusal(503 if refusal.code in (Code.SERVICE_UNAVAILABLE, Code.RATE_LIMITED) else 401)
    except database.UNREACHABLE:
        return _refusal(503)
    if person.user is None:
        return _refusal(401)
    response = Response(status_code=204, headers=_NO_STORE)
    cookies.keep_session(response, request, SignedIn(str(authorization).split()[1], None))
    return response


async def end(request: Request) -> Response:
    """POST: sign out. The answer has the address where one signs out of the identity provider too, or null."""
    if not _is_own_page(request):
        return _refusal(403)
    openid, signed_in, address = process_of(request.scope).openid, cookies.session_of(request), None
    if openid is not None and signed_in is not None:
        await openid.revoke(signed_in)
        address = await openid.sign_out_address()
    response = JSONResponse({"address": address}, headers=_NO_STORE)
    cookies.clear_session(response, request)
    return response


def _refusal(status: int) -> Response:
    """Nobody is signed in; where they can be, if at a provider."""
    return JSONResponse({"signIn": _entrance()}, status, headers=_NO_STORE)


def _entrance() -> str | None:
    """Where the way to the identity provider begins."""
    current = settings.current()
    return f"{current.public_url.rstrip('/')}/auth/sign-in" if current.oidc_issuer else None


def _back(destination: str, problem: str | None = None) -> Response:
    """To the console, where somebody wanted to go, or is told why they can't."""
    home = settings.current().public_url.rstrip("/")
    query = f"{'&' if '?' in destination else '?'}sign-in={problem}" if problem else ""
    return RedirectResponse(f"{home}{destination}{query}", 303, _NO_STORE)


def _own_path(path: str) -> str:
    """A path of the console, and nothing that leads elsewhere: browsers read `//` and `/\\` as another host."""
    parts = urlsplit(path) if path.isprintable() and "\\" not in path else None
    is_own = parts is not None and not parts.scheme and not parts.netloc and path.startswith("/")
    if not is_own or path.startswith(("//", "/auth/")) or len(path) > _MAX_DESTINATION:
        return "/"
    return path.partition("#")[0]


def _is_own_page(request: Request) -> bool:
    """Whether a page of ours asks: other sites may not even have tokens renewed."""
    origin, host = request.headers.get("origin"), request.headers.get("host")
    site = request.headers.get("sec-fetch-site", "same-origin")
    return site == "same-origin" and origin in (None, f"http://{host}", f"https://{host}")


def _address(request: Request) -> str:
    return request.client.host if request.client else ""
