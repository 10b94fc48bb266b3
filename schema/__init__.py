"""What clients see, joined from its words: `SCHEMA` is the whole of it."""

import strawberry
from strawberry.schema.config import StrawberryConfig

import models
import schema.enums  # noqa: F401 - clients see the enums once they are shown there
from execution import core_schema
from schema.audit import AuditQuery
from schema.cancels import CancelsMutation
from schema.candidates import CandidatesMutation, CandidatesQuery
from schema.changes import (
    CandidateChange,
    ChangesQuery,
    ChangesSubscription,
    DirectoryChange,
    FeedbackFormChange,
    IntegrationChange,
    NoLongerVisible,
)
from schema.context import Info, viewer
from schema.directory import Account, DirectoryMutation, DirectoryQuery, Posting, Stage
from schema.feedback import FeedbackForm, FeedbackMutation, FeedbackQuery, FeedbackTemplate
from schema.integrations import ApiKey, IntegrationsMutation, IntegrationsQuery, IntegrationsSubscription
from schema.node import Actor, NodeQuery
from schema.panels import PanelsQuery
from schema.pushes import PushesMutation
from schema.scalars import SCALARS
from schema.syncs import SyncsMutation


@strawberry.type(description="What can be asked.")
class Query(
    DirectoryQuery,
    NodeQuery,
    CandidatesQuery,
    PanelsQuery,
    ChangesQuery,
    FeedbackQuery,
    IntegrationsQuery,
    AuditQuery,
):
    @strawberry.field(graphql_type=Actor, description="The user or the integration whose token or key this is.")
    async def viewer(self, info: Info) -> models.User | models.Integration:
        return viewer(info).actor


@strawberry.type(description="What can be done.")
class Mutation(
    DirectoryMutation,
    CandidatesMutation,
    IntegrationsMutation,
    PushesMutation,
    CancelsMutation,
    FeedbackMutation,
    SyncsMutation,
):
    pass


@strawberry.type(description="What can be followed.")
class Subscription(ChangesSubscription, IntegrationsSubscription):
    pass


CHANGES = (CandidateChange, DirectoryChange, FeedbackFormChange, IntegrationChange, NoLongerVisible)

SCHEMA = strawberry.Schema(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    types=[Account, Stage, Posting, FeedbackTemplate, FeedbackForm, ApiKey, *CHANGES],
    config=StrawberryConfig(scalar_map=SCALARS, disable_field_suggestions=True),
)

#: The same, as graphql-core has it.
CORE_SCHEMA = core_schema(SCHEMA)

#: Fields whose answer depends on who asks, beyond what their role decides.
PERSONAL_FIELDS = {("FeedbackForm", "answers"), ("User", "feedbackForms")}
