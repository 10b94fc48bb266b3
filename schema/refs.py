"""The references between words that would otherwise go in circles, once each."""

from typing import TYPE_CHECKING, Annotated

import strawberry

if TYPE_CHECKING:
    from schema.candidates import Candidate
    from schema.directory import User
    from schema.feedback import FeedbackForm, FeedbackTemplate
    from schema.integrations import Integration
    from schema.panels import Interview, InterviewPanel

CandidateRef = Annotated["Candidate", strawberry.lazy("schema.candidates")]
UserRef = Annotated["User", strawberry.lazy("schema.directory")]
FeedbackFormRef = Annotated["FeedbackForm", strawberry.lazy("schema.feedback")]
IntegrationRef = Annotated["Integration", strawberry.lazy("schema.integrations")]
InterviewRef = Annotated["Interview", strawberry.lazy("schema.panels")]
InterviewPanelRef = Annotated["InterviewPanel", strawberry.lazy("schema.panels")]
FeedbackTemplateRef = Annotated["FeedbackTemplate", strawberry.lazy("schema.feedback")]
