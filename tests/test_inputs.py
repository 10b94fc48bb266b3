"""Every GraphQL input and the rules' dataclass that it maps to have the same fields, of the same types and defaults."""

from collections.abc import Sequence
from dataclasses import MISSING, fields
from typing import Any, NamedTuple, get_args, get_origin, get_type_hints

import pytest
import strawberry
from graphql import GraphQLInputObjectType

from resolvers import audit, cancels, candidates, declarations, feedback, panels, syncs, template_syncs, user_syncs
from resolvers.validation import URL, TimeZone
from schema import SCHEMA
from schema import audit as audit_schema
from schema import cancels as cancels_schema
from schema import candidates as candidates_schema
from schema import feedback as feedback_schema
from schema import panels as panels_schema
from schema import pushes as pushes_schema
from schema import syncs as syncs_schema

pytestmark = pytest.mark.once

PAIRS: dict[type, type] = {
    audit_schema.AuditEventFilter: audit.AuditFilter,
    cancels_schema.CancelInterviewPanelInput: cancels.PanelCancel,
    cancels_schema.CancelInterviewInput: cancels.InterviewCancel,
    candidates_schema.CandidateFilter: candidates.CandidateFilter,
    feedback_schema.FeedbackAnswerInput: feedback.AnswerGiven,
    panels_schema.InterviewFilter: panels.InterviewFilter,
    panels_schema.InterviewPanelFilter: panels.PanelFilter,
    pushes_schema.InterviewerInput: declarations.InterviewerPush,
    pushes_schema.InterviewInput: declarations.InterviewPush,
    pushes_schema.UpsertInterviewPanelInput: declarations.PanelPush,
    pushes_schema.UpsertInterviewInput: declarations.SinglePush,
    syncs_schema.UserInput: user_syncs.UserRow,
    syncs_schema.PostingInput: syncs.PostingRow,
    syncs_schema.StageInput: syncs.StageRow,
    syncs_schema.CandidateInput: syncs.CandidateRow,
    syncs_schema.FeedbackFieldInput: template_syncs.TemplateFieldRow,
    syncs_schema.FeedbackTemplateInput: template_syncs.TemplateRow,
}
#: Inputs whose mutations take their fields one by one.
UNMAPPED = {"RestoreInterviewPanelInput", "SubmitFeedbackInput"}

#: What GraphQL has a scalar of its own for is text to the rules.
TEXT = {strawberry.ID, URL, TimeZone}


class Described(NamedTuple):
    """A field, as both sides can be compared."""

    name: str
    type: object
    default: object


def described(kind: type) -> set[Described]:
    """The fields of an input or a dataclass. What may be left out has a default on both sides."""
    hints = get_type_hints(kind)
    return {Described(field.name, plain_type(hints[field.name]), repr(default(field))) for field in fields(kind)}


def default(field: Any) -> object:
    if field.default_factory is not MISSING:
        return list(field.default_factory())
    return None if field.default in (MISSING, strawberry.UNSET) else field.default


def plain_type(hint: Any) -> object:
    """The type without its nullability: an input takes null for what it leaves out, and the rules get the default."""
    if get_origin(hint) in (list, Sequence):
        return ("list", plain_type(get_args(hint)[0]))
    alternatives = [each for each in get_args(hint) if each is not type(None)]
    if alternatives:
        [hint] = alternatives
        return plain_type(hint)
    return str if hint in TEXT else PAIRS.get(hint, hint)


@pytest.mark.parametrize("input", PAIRS, ids=lambda pair: pair.__name__)
def test_an_input_has_the_fields_of_what_it_maps_to(input: type) -> None:
    assert described(input) == described(PAIRS[input])


def test_every_input_of_the_schema_is_compared() -> None:
    types = SCHEMA._schema.type_map.values()

    assert {each.name for each in types if isinstance(each, GraphQLInputObjectType)} == UNMAPPED | {
        each.__name__ for each in PAIRS
    }
