"""The events of subscriptions as JSON: a change is rendered once for all subscribers whose answer is the same."""

import asyncio
from collections.abc import Callable, Hashable, Sequence

from graphql import DocumentNode

import models
from auth.refusals import Code, Refused
from auth.viewer import Viewer
from database import Coalescer
from feed.subscription import DirectWriter
from operations.admission import Admission, Admitted
from operations.execute import execute_operation, new_work
from resolvers.access import visibility_key
from schema.context import Context
from work import counted

#: So long a rendering serves others who get the same change: what the change leads to may have moved on after that.
_FRESH_SECONDS = 0.5

_LEFT_OUT = object()


class Renderings:
    """The changes that were rendered just now, by all on which the answer depends."""

    def __init__(self, coalescer: Coalescer, admission: Admission) -> None:
        self._coalescer = coalescer
        self._admission = admission
        self._fresh: dict[Hashable, tuple[DocumentNode, asyncio.Future[bytes]]] = {}

    async def render(self, admitted: Admitted, context: Context, event: object) -> bytes:
        """The answer for one event of a subscription, as JSON. It is charged to the viewer for whom it is rendered.

        Raises RateLimited, and Refused(SERVICE_UNAVAILABLE) while the database is away: then the event doesn't count as
        delivered.
        """
        if admitted.operation.is_personal or not isinstance(event, models.LogEntry):
            await self._admission.spend_delivery(admitted, context)
            return await self._render(admitted, context, event)
        key = (event.epoch, event.position, *_answer_key(admitted), *visibility_key(context.viewer))
        if key not in self._fresh:
            # Not with the rendering, which is shared: a rate that is spent is nobody else's.
            await self._admission.spend_delivery(admitted, context)
        if key not in self._fresh:
            rendering = asyncio.ensure_future(self._render(admitted, context, event))
            # The document is kept with it so that no other one gets its identity.
            self._fresh[key] = admitted.operation.document, rendering
            asyncio.get_running_loop().call_later(_FRESH_SECONDS, self._fresh.pop, key)
        return await asyncio.shield(self._fresh[key][1])

    def direct_writer(
        self, admitted: Admitted, context: Context, write: Callable[[Sequence[bytes]], bool]
    ) -> DirectWriter | None:
        """How changes are written to a subscription's socket without waking its task; None: its answers are personal.

        `write` takes the answers as JSON, and returns whether the socket took them at once.
        """
        if admitted.operation.is_personal:
            return None
        answer_key, request_id, hub = _answer_key(admitted), context.request_id, context.hub

        async def render(viewer: Viewer, change: models.LogEntry) -> bytes:
            return await self.render(admitted, Context(request_id, hub, viewer), change)

        return DirectWriter(lambda viewer: (*answer_key, *visibility_key(viewer)), render, write)

    async def _render(self, admitted: Admitted, context: Context, event: object) -> bytes:
        work = new_work()
        try:
            response, payload = await counted(work, execute_operation, admitted, context, self._coalescer, work, event)
        finally:
            await self._admission.charge_work(admitted, context, work)
        for error in response.get("errors", ()):
            if error["extensions"]["code"] == Code.SERVICE_UNAVAILABLE:
                raise Refused(Code.SERVICE_UNAVAILABLE, error["message"])
        return payload


def _answer_key(admitted: Admitted) -> tuple[object, ...]:
    """On what an answer depends beside the event and the viewer. A variable that is left out differs from a null."""
    operation, variables = admitted.operation, admitted.variables
    values = (repr(variables.get(name, _LEFT_OUT)) for name in sorted(operation.answer_variables))
    return (id(operation.document), operation.name, *values)
