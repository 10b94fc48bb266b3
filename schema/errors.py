"""User errors and warnings: what a payload says of what was refused, or accepted with a doubt."""

import strawberry

from resolvers import errors


@strawberry.type(
    description="A refusal that the caller can act on. Access and malformed requests are GraphQL errors instead."
)
class UserError:
    code: errors.ErrorCode = strawberry.field(description="What kind of refusal it is: branch on this.")
    message: str = strawberry.field(description="One sentence for people, saying what to do.")
    path: list[str] = strawberry.field(
        description='Where in the input, such as ["input", "interviews", "0", "interviewers", "1", "email"].'
    )


@strawberry.type(description="Something that was accepted, but that the caller should know.")
class Warning:
    code: errors.WarningCode = strawberry.field(description="What kind of warning it is: branch on this.")
    message: str = strawberry.field(description="One sentence for people.")
    path: list[str] = strawberry.field(description="Where in the input.")
