"""What one request, or one delivery of a subscription, knows beside its arguments."""

from dataclasses import dataclass, field

import strawberry

from auth.viewer import Viewer
from execution import Level
from feed.hub import Hub
from feed.subscription import DirectWriter


@dataclass
class Context:
    """Who is asking, or why nobody is. Only what needs a viewer is refused: the schema may be read by anybody."""

    request_id: str
    hub: Hub = field(repr=False)
    signed_in: Viewer | None = None
    #: Why nobody is signed in.
    refusal: Exception | None = field(default=None, repr=False)
    #: How the changes of a subscription get to its client without waking its task, where they can.
    direct_writer: DirectWriter | None = field(default=None, repr=False)

    @property
    def viewer(self) -> Viewer:
        """Who is asking. Raises Refused where nobody is signed in, or what the database raised when it was asked."""
        if self.signed_in is None:
            assert self.refusal is not None, "without a viewer there is a reason"
            raise self.refusal
        return self.signed_in


Info = strawberry.Info[Context, None]


def viewer(request: Info | Level) -> Viewer:
    """Who is asking. Raises Refused where nobody is signed in."""
    context: Context = request.context
    return context.viewer
