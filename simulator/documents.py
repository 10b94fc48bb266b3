"""What the simulator asks: a query for each list, a mutation for each act, and all that is compared of a panel."""

from typing import Any, Final

from gql import GraphQLRequest

JsonObject = dict[str, Any]
"An object of an answer."

SHOWN: Final = """fragment Shown on InterviewPanel {
  id sequence status timezone cancellation { origin }
  interviews(includeCanceled: true) {
    externalId subject startsAt durationMinutes location meetingUrl calendarUid cancellation { origin }
    calendarInvites { method text user { email } }
    interviewers { user { email } feedbackForm { url status } }
  }
}"""


def listing(name: str, wanted: str, arguments: str = "") -> GraphQLRequest:
    """A query for one page of a list."""
    return GraphQLRequest(f"""query Look($after: String{", $emails: [String!]" if arguments else ""}) {{
      page: {name}({arguments} first: 100, after: $after) {{
        edges {{ node {{ {wanted} }} }} pageInfo {{ hasNextPage endCursor }} }} }}""")


def mutation(name: str, wanted: str = "") -> GraphQLRequest:
    act = name[0].upper() + name[1:]
    return GraphQLRequest(f"""mutation {act}($input: {act}Input!) {{
      answer: {name}(input: $input) {{ {wanted} panel {{ ...Shown }} errors {{ code message path }} }} }} {SHOWN}""")


CANDIDATES: Final = listing("candidates", "id stage { hasInterview }")
USERS: Final = listing("users", "id email")
TEMPLATES: Final = listing("feedbackTemplates", "id")
PRE_CHECK: Final = listing("users", "id email", "emails: $emails")
MUTATIONS: Final = {
    "upsertInterviewPanel": mutation("upsertInterviewPanel", "outcome warnings { code }"),
    "upsertInterview": mutation("upsertInterview", "outcome warnings { code }"),
    "cancelInterviewPanel": mutation("cancelInterviewPanel"),
    "cancelInterview": mutation("cancelInterview"),
}
PANEL: Final = GraphQLRequest(f"""query Panel($externalId: String!) {{
  panel: interviewPanel(externalId: $externalId) {{ ...Shown }} }} {SHOWN}""")
