"""The contract's own scalars: how each is parsed and serialized. What can't be parsed is BAD_USER_INPUT."""

from datetime import UTC, datetime

import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

from auth.refusals import Code
from resolvers import validation

ScalarMap = dict[object, ScalarDefinition]


def _parse_error(message: str) -> GraphQLError:
    return GraphQLError(message, extensions={"code": Code.BAD_USER_INPUT})


def _parse_instant(text: object) -> datetime:
    try:
        instant = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        instant = None
    if instant is None:
        raise _parse_error("A DateTime is ISO 8601, such as 2026-03-31T09:00:00-04:00.")
    if instant.tzinfo is None:
        raise _parse_error("A DateTime needs its offset, such as -04:00 or Z.")
    if not 1900 < instant.year < 9999:
        raise _parse_error("A DateTime lies between the years 1901 and 9998.")
    return instant.astimezone(UTC)


def _serialize_instant(instant: datetime) -> str:
    utc = instant if instant.tzinfo is UTC else instant.astimezone(UTC)
    return utc.isoformat()[:-6] + "Z"


def _parse_url(text: object) -> validation.URL:
    if not isinstance(text, str) or not validation.is_url(text):
        raise _parse_error(
            f"A URL is absolute, http or https, without user info, and at most {validation.LINK:,} characters long."
        )
    return validation.URL(validation.plain_url(text))


def _parse_timezone(text: object) -> validation.TimeZone:
    if not isinstance(text, str) or not validation.is_timezone(text):
        raise _parse_error("A TimeZone is an IANA name, such as America/New_York.")
    return validation.TimeZone(text)


SCALARS: ScalarMap = {
    datetime: strawberry.scalar(
        name="DateTime",
        description=("An instant. ISO 8601 with an offset on input (a naive time is refused), UTC with `Z` on output."),
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339",
        serialize=_serialize_instant,
        parse_value=_parse_instant,
    ),
    validation.URL: strawberry.scalar(
        name="URL",
        description="An absolute http or https URL.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3986",
        serialize=str,
        parse_value=_parse_url,
    ),
    validation.TimeZone: strawberry.scalar(
        name="TimeZone",
        description="An IANA time zone name, such as America/New_York.",
        specified_by_url="https://www.iana.org/time-zones",
        serialize=str,
        parse_value=_parse_timezone,
    ),
}
