"""Relay's Node, reached by its global id, and the Actor behind an act."""

from typing import Annotated

import strawberry

import models
from resolvers.queries import get, get_many
from schema.context import Info, viewer
from schema.refs import IntegrationRef, UserRef


@strawberry.interface(description="Anything with a global id: `node(id:)` finds it again.")
class Node:
    id: strawberry.ID = strawberry.field(description="Opaque, and unique among all types.")


def is_a(*classes: type) -> "classmethod[object, [object, object], bool]":
    """The `is_type_of` of a GraphQL type whose values are of these classes."""

    def is_type_of(cls: type[object], value: object, info: object) -> bool:
        return isinstance(value, classes)

    return classmethod(is_type_of)


Actor = Annotated[
    UserRef | IntegrationRef,
    strawberry.union("Actor", description="Whoever did something: a person, or a connected application."),
]

_MODELS_BY_PREFIX: dict[str, type[models.Row]] = {
    model.prefix: model
    for model in (
        models.Account,
        models.User,
        models.Stage,
        models.Posting,
        models.Candidate,
        models.Panel,
        models.Interview,
        models.Interviewer,
        models.FeedbackTemplate,
        models.FeedbackForm,
        models.Integration,
        models.ApiKey,
        models.AuditEvent,
    )
}


@strawberry.type
class NodeQuery:
    @strawberry.field(
        graphql_type=Node | None,
        description="Anything by its id; null for what the viewer may not see and for what does not exist.",
    )
    async def node(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="Any id that an answer had.")]
    ) -> models.Row | None:
        # Whoever is not signed in is refused, whatever the id looks like.
        who, model = viewer(info), _model_of(id)
        return await get(who, model, "id", id) if model else None

    @strawberry.field(
        graphql_type=list[Node | None],
        description=(
            "As many as a page may have, in the order of the ids; null in the place of what the viewer may not see."
        ),
    )
    async def nodes(
        self,
        info: Info,
        ids: Annotated[list[strawberry.ID], strawberry.argument(description="Any ids that answers had, 100 at most.")],
    ) -> list[models.Row | None]:
        return await get_many(viewer(info), [(_model_of(id), id) for id in ids])


def _model_of(id: str) -> type[models.Row] | None:
    return _MODELS_BY_PREFIX.get(id.partition("_")[0])
