"""gql: pushes a panel as the scheduler does, and prints what came of it.
python push_gql.py http://127.0.0.1:8000/graphql KEY CANDIDATE_EXTERNAL_ID INTERVIEWER_EMAIL
"""

import sys

from gql import Client, GraphQLRequest
from gql.transport.httpx import HTTPXTransport

PUSH = """mutation Push($input: UpsertInterviewPanelInput!) {
  upsertInterviewPanel(input: $input) {
    outcome
    panel { id status interviews { id interviewers { id feedbackForm { id url } } } }
    warnings { code path message }
    errors { code path message }
  }
}"""

url, key, candidate_external_id, email = sys.argv[1:]
interview = {
    "externalId": "one",
    "subject": "System design",
    "startsAt": "2030-03-31T09:00:00-04:00",
    "durationMinutes": 45,
    "interviewers": [{"email": email}],
}
# The next push of this panel has the next sequence. The same one again is UNCHANGED: it may be repeated.
panel = {"externalId": "by-gql", "sequence": 1, "timezone": "America/New_York", "interviews": [interview]}
variables = {"input": panel | {"candidateExternalId": candidate_external_id}}

transport = HTTPXTransport(url, headers={"Authorization": f"Bearer {key}"})
with Client(transport=transport) as session:
    pushed = session.execute(GraphQLRequest(PUSH, variable_values=variables))["upsertInterviewPanel"]
for problem in pushed["errors"] + pushed["warnings"]:
    print(problem["code"], ".".join(problem["path"]), problem["message"], file=sys.stderr)
print(pushed["outcome"], pushed["panel"] and pushed["panel"]["status"])
