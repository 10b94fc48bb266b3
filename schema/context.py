"""What one request, or one delivery of a subscription, knows beside its arguments."""

from collections.abc import Awaitable
from dataclasses import dataclass, field

import strawberry

import database
from auth.refusals import Code, Refused
from auth.viewer import Viewer
from execution import Level
from feed.subscription import DirectWriter


@dataclass
class Context:
    """Who is asking, or why nobody is. Only what needs a viewer is refused: the schema may be read by anybody."""

    request_id: str
    _viewer: Viewer | None = None
    _refusal: Exception | None = field(default=None, repr=False)
    #: How the changes of a subscription reach its client straight away, where they can.
    straight: DirectWriter | None = field(default=None, repr=False)

    @classmethod
    async def of(cls, signing_in: Awaitable[Viewer], request_id: str) -> "Context":
        """The context of a request by whoever signs in. Raises Refused(RATE_LIMITED)."""
        try:
            return cls(request_id, _viewer=await signing_in)
        except (Refused, *database.UNREACHABLE) as refusal:
            if isinstance(refusal, Refused) and refusal.code is Code.RATE_LIMITED:
                raise
            return cls(request_id, _refusal=refusal)

    @property
    def known(self) -> Viewer | None:
        """Who is asking, if anybody is signed in."""
        return self._viewer

    @property
    def viewer(self) -> Viewer:
        """Raises Refused where nobody is signed in, or what kept the database from telling."""
        if self._viewer is None:
            assert self._refusal is not None, "without a viewer there is a reason"
            raise self._refusal
        return self._viewer

    @viewer.setter
    def viewer(self, viewer: Viewer) -> None:
        self._viewer = viewer


Info = strawberry.Info[Context, None]


def viewer(asked: Info | Level) -> Viewer:
    """Who is asking. Raises Refused where nobody is signed in."""
    context: Context = asked.context
    return context.viewer
