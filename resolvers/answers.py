"""Answers to the fields of a form: what may be filled in, as an error at its path for all that is wrong."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import models
import settings
from models import FeedbackFieldType, FeedbackForm, StoredField
from resolvers import validation
from resolvers.errors import ErrorCode, Path, UserError, error
from resolvers.questions import id_in_version
from resolvers.validation import plain_text

_SCORES = ["Strong No Hire", "No Hire", "Hire", "Strong Hire"]
_YES_NO = ["Yes", "No"]


@dataclass(frozen=True)
class AnswerGiven:
    """What was filled in for one field."""

    field_id: str
    values: list[str]


def answer_faults(form_fields: Sequence[StoredField], answers: Sequence[AnswerGiven]) -> Iterator[UserError]:
    """Everything that is wrong with the answers, each at its path."""
    if len(answers) > len(form_fields):
        yield error(ErrorCode.INVALID, f"The form has {len(form_fields)} fields.", ("input", "answers"))
    else:
        size, most = validation.text_bytes(answers), settings.current().max_form_bytes
        yield from validation.byte_faults(size, most, "The form", "shorten its answers", ("input", "answers"))
    yield from _answered_faults(form_fields, answers[: len(form_fields)])
    yield from _unanswered_faults(form_fields, answers)


def _answered_faults(form_fields: Sequence[StoredField], answers: Sequence[AnswerGiven]) -> Iterator[UserError]:
    """What is wrong with single answers: each is for one field of the form, and no two for the same."""
    by_id = {each["id"]: each for each in form_fields}
    answered: set[str] = set()
    for index, answer in enumerate(answers):
        path = ("input", "answers", index)
        field = by_id.get(answer.field_id)
        if field is None:
            yield error(ErrorCode.NOT_FOUND, "The form has no such field.", (*path, "fieldId"))
        elif answer.field_id in answered:
            yield error(ErrorCode.INVALID, "This field is answered twice.", (*path, "fieldId"))
        else:
            answered.add(answer.field_id)
            size, most = validation.text_bytes(answer.values), settings.current().max_answer_bytes
            yield from validation.byte_faults(size, most, "The answer", "shorten it", (*path, "values"))
            yield from _values_faults(field, answer.values, (*path, "values"))


def _unanswered_faults(form_fields: Sequence[StoredField], answers: Sequence[AnswerGiven]) -> Iterator[UserError]:
    filled = {answer.field_id for answer in answers if any(value.strip() for value in answer.values)}
    for each in form_fields:
        if each["required"] and each["id"] not in filled:
            yield error(ErrorCode.INVALID, f"`{each['label']}` must be answered.", ("input", "answers", each["id"]))


def _values_faults(field: StoredField, answer: Sequence[str], path: Path) -> Iterator[UserError]:
    kind = FeedbackFieldType(field["type"])
    options = choices(kind, field["options"])
    most = len(options) if kind is FeedbackFieldType.MULTIPLE_SELECT else 1
    if len(answer) > most:
        yield error(ErrorCode.INVALID, f"`{field['label']}` takes at most {most} of them.", path)
        return
    if len(set(map(plain_text, answer))) != len(answer):
        yield error(ErrorCode.INVALID, f"`{field['label']}` has a value twice.", path)
    for index, value in enumerate(answer):
        yield from _value_faults(field, kind, options, value, (*path, index))


def _value_faults(
    field: StoredField, kind: FeedbackFieldType, options: Sequence[str], value: str, path: Path
) -> Iterator[UserError]:
    if options and plain_text(value) not in options:
        yield error(ErrorCode.INVALID, f"`{field['label']}` takes one of: {', '.join(options)}.", path)
    elif kind is FeedbackFieldType.DATE and not _is_date(value):
        yield error(ErrorCode.INVALID, f"`{field['label']}` takes a date such as 2026-03-31.", path)
    elif kind is FeedbackFieldType.TEXT:
        yield from validation.line_faults(value, path)
    else:
        yield from validation.prose_faults(value, path)


def choices(kind: FeedbackFieldType, options: Sequence[str]) -> list[str]:
    """The values that such a field takes; none: any text."""
    fixed = {FeedbackFieldType.SCORE: _SCORES, FeedbackFieldType.YES_NO: _YES_NO}
    return fixed.get(kind, list(options))


def _is_date(text: str) -> bool:
    try:
        return bool(re.fullmatch(r"\d{4}-\d\d-\d\d", text)) and bool(date.fromisoformat(text))
    except ValueError:
        return False


def stored_answers(form: FeedbackForm, answers: Sequence[AnswerGiven]) -> list[models.StoredAnswer]:
    """The answers as they are stored, without those that say nothing."""
    filled = [(answer, [text for value in answer.values if (text := plain_text(value))]) for answer in answers]
    return [{"field_id": id_in_version(form, answer.field_id), "values": values} for answer, values in filled if values]


def values_by_field(answers: Iterable[models.StoredAnswer]) -> dict[str, list[str]]:
    """What was answered: in which order fields and options were chosen says nothing."""
    return {answer["field_id"]: sorted(answer["values"]) for answer in answers}
