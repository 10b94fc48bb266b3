"""The events of subscriptions as JSON: a change is rendered once for all subscribers whose answer is the same."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import orjson
from graphql import DocumentNode, OperationType

import models
from auth.refusals import Code, Refused
from auth.viewer import Viewer
from feed.subscription import DirectWriter
from operations.documents import Prepared
from operations.execute import result
from resolvers.access import shared_scope
from schema.context import Context


async def rendered(its: Prepared, variables: dict[str, Any] | None, context: Context, event: object) -> bytes:
    """One event of a subscription as JSON: a change is rendered once for all who share the answer, while it is fresh.

    Raises Refused(SERVICE_UNAVAILABLE): what can't be shown while the database is away must not pass for delivered.
    """
    if its.personal or not isinstance(event, models.Change):
        return await _json(its, variables, context, event)
    key = (event.id, *_shaped(its, variables), *shared_scope(context.viewer))
    if key not in _renderings:
        # The document is held so that its identity stays its own.
        _renderings[key] = its.document, asyncio.ensure_future(_json(its, variables, context, event))
        asyncio.get_running_loop().call_later(_FRESH_SECONDS, _renderings.pop, key)
    return await asyncio.shield(_renderings[key][1])


def straight(
    its: Prepared, variables: dict[str, Any] | None, request_id: str, write: Callable[[Sequence[bytes]], bool]
) -> DirectWriter | None:
    """How the changes of a subscription are written to its socket without waking it; None: each is told by itself."""
    if its.kind is not OperationType.SUBSCRIPTION or its.personal:
        return None
    shaped = _shaped(its, variables)

    async def render(viewer: Viewer, change: models.LogEntry) -> bytes:
        return await rendered(its, variables, Context(request_id, viewer), change)

    return DirectWriter(lambda viewer: (*shaped, *shared_scope(viewer)), render, write)


def _shaped(its: Prepared, variables: dict[str, Any] | None) -> tuple[Any, ...]:
    """What the answer depends on beside the viewer. A variable that isn't given has its default; null is a value."""
    given = variables or {}
    return (id(its.document), its.name, *(repr(given.get(name, _NOT_GIVEN)) for name in sorted(its.shaping)))


_NOT_GIVEN = object()


_FRESH_SECONDS = 0.5

_renderings: dict[tuple[Any, ...], tuple[DocumentNode, asyncio.Future[bytes]]] = {}


async def _json(its: Prepared, variables: dict[str, Any] | None, context: Context, event: object) -> bytes:
    given = await result(its, variables, context, event)
    for error in given.get("errors", ()):
        if error["extensions"]["code"] == Code.SERVICE_UNAVAILABLE:
            raise Refused(Code.SERVICE_UNAVAILABLE, error["message"])
    return orjson.dumps(given)
