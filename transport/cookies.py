"""The cookies of a sign-in: the session, and what a browser keeps between the way to the provider and the way back."""

import base64
import json
from dataclasses import astuple
from typing import Literal
from urllib.parse import quote, unquote, urlsplit

from starlette.requests import Request
from starlette.responses import Response

import settings
from auth.openid import SignedIn, SignInAttempt

_ATTEMPT_SECONDS = 600
#: Browsers keep 4,096 bytes a cookie, its name and attributes included; providers' tokens may be longer.
_PART_CHARACTERS = 3_800
_MAX_PARTS = 4


def keep_attempt(response: Response, attempt: SignInAttempt) -> None:
    """Let the browser keep the attempt for ten minutes: sent along when the provider sends somebody back."""
    packed = base64.urlsafe_b64encode(json.dumps(astuple(attempt)).encode()).decode().rstrip("=")
    _set(response, _attempt_cookie(attempt.state), packed, "lax", _ATTEMPT_SECONDS)


def clear_attempt(response: Response, attempt: SignInAttempt) -> None:
    """An attempt counts once."""
    _clear(response, _attempt_cookie(attempt.state), "lax")


def attempt_of(request: Request) -> SignInAttempt | None:
    """The attempt that somebody comes back from, by the state in the address; None: this browser began none."""
    state = request.query_params.get("state", "")
    text = request.cookies.get(_attempt_cookie(state), "")
    try:
        parts = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        attempt = SignInAttempt(*map(str, parts))
    except (ValueError, TypeError):
        return None
    return attempt if attempt.state == state else None


def session_of(request: Request) -> SignedIn | None:
    """The session that the browser keeps, good or not."""
    parts = [request.cookies.get(name, "") for name in _session_cookies()]
    token, _, refresh_token = "".join(parts).partition("~")
    return SignedIn(token, unquote(refresh_token) or None) if token else None


def keep_session(response: Response, request: Request, signed_in: SignedIn) -> None:
    """Let the browser keep the session until it is closed; what is too long for that goes without renewal."""
    text = f"{signed_in.token}~{quote(signed_in.refresh_token or '', safe='')}"
    if len(text) > _PART_CHARACTERS * _MAX_PARTS:
        text = signed_in.token
    for number, name in enumerate(_session_cookies()):
        part = text[number * _PART_CHARACTERS : (number + 1) * _PART_CHARACTERS]
        if part:
            _set(response, name, part, "strict", None)
        elif name in request.cookies:
            _clear(response, name, "strict")


def clear_session(response: Response, request: Request) -> None:
    """Let the browser forget the session."""
    for name in _session_cookies():
        if name in request.cookies:
            _clear(response, name, "strict")


def _session_cookies() -> list[str]:
    return [_cookie(f"session-{number}") for number in range(_MAX_PARTS)]


def _attempt_cookie(state: str) -> str:
    """Each attempt has a cookie of its own: people open several links at a time."""
    return _cookie(f"attempt-{state[:12]}")


def _cookie(name: str) -> str:
    """A cookie's name. `__Host-` keeps neighbouring domains from setting it."""
    # Cookies know no ports: what serves beside us on this machine must not share them.
    port = urlsplit(settings.current().public_url).port
    return f"{'__Host-' if _is_secure() else ''}callboard-{name}{f'-{port}' if port else ''}"


def _is_secure() -> bool:
    return settings.current().public_url.startswith("https:")


def _set(response: Response, name: str, value: str, samesite: Literal["lax", "strict"], seconds: int | None) -> None:
    response.set_cookie(name, value, seconds, secure=_is_secure(), httponly=True, samesite=samesite)


def _clear(response: Response, name: str, samesite: Literal["lax", "strict"]) -> None:
    response.delete_cookie(name, secure=_is_secure(), httponly=True, samesite=samesite)
