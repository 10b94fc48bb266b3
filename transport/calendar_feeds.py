"""Calendars to subscribe to, over HTTP: the secret in the path is the credential."""

import asyncio

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

import database
from auth.refusals import Code, Refused
from operations.rates import RateLimited
from process import process_of
from resolvers import calendar_feeds
from resolvers.calendar_feeds import Feed

#: What reading a feed costs its user, as operations do.
_COST = 100

_HEADERS = {"cache-control": "private, no-cache", "content-disposition": 'inline; filename="interviews.ics"'}


async def calendar_feed(request: Request) -> Response:
    """A user's interviews for whoever knows the address, or 304 where the program has them as they are."""
    try:
        async with process_of(request.scope).engine.time_limit():
            feed = await _read(request)
    except RateLimited as limited:
        return _refusal(429, limited.message, limited.headers)
    except Refused as refusal:
        if refusal.code is Code.UNAUTHENTICATED:
            return _refusal(404, refusal.message)
        return _refusal(503, refusal.message)
    except database.UNREACHABLE:
        return _refusal(503, "The calendar can't be read now: try again.", {"retry-after": "60"})
    headers = {**_HEADERS, "etag": feed.etag}
    if _is_known(request, feed.etag):
        return Response(status_code=304, headers=headers)
    text = await asyncio.to_thread(feed.text)
    return Response(text, headers=headers, media_type="text/calendar; charset=utf-8")


async def _read(request: Request) -> Feed:
    """Raises Refused, RateLimited too."""
    admission = process_of(request.scope).engine.admission
    address = request.client.host if request.client else ""
    rates = process_of(request.scope).engine.rates
    viewer = await rates.identify(request.path_params["secret"], address, calendar_feeds.subscriber)
    await rates.spend(viewer, address, _COST)
    async with admission.slot(viewer):
        return await calendar_feeds.read(viewer)


def _is_known(request: Request, etag: str) -> bool:
    """Whether the program has this very text: RFC 9110, 13.1.2, which compares weakly."""
    tags = ",".join(request.headers.getlist("if-none-match")).split(",")
    return bool({etag, "*"} & {tag.strip().removeprefix("W/") for tag in tags})


def _refusal(status: int, message: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"message": message}, status, headers)
