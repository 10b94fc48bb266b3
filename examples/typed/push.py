"""Pushes one panel by a client that is generated from the schema: mypy finds a field or an argument that there is not.

callboard schema > callboard.graphql && pip install -r requirements.txt && ariadne-codegen
python push.py http://127.0.0.1:8000/graphql KEY CANDIDATE_EXTERNAL_ID INTERVIEWER_EMAIL
"""

import sys
from datetime import datetime

from generated_client import Client, InterviewerInput, InterviewInput, UpsertInterviewPanelInput

url, key, candidate_external_id, email = sys.argv[1:]
push = UpsertInterviewPanelInput(
    external_id="typed-python",
    candidate_external_id=candidate_external_id,
    sequence=1,
    timezone="America/New_York",
    interviews=[
        InterviewInput(
            external_id="one",
            subject="System design",
            starts_at=datetime.fromisoformat("2030-03-31T09:00:00-04:00"),
            duration_minutes=45,
            interviewers=[InterviewerInput(email=email)],
        )
    ],
)
with Client(url, headers={"Authorization": f"Bearer {key}"}) as client:
    pushed = client.push(push).upsert_interview_panel
for error in pushed.errors:
    print(error.code.value, ".".join(error.path), error.message, file=sys.stderr)
for warning in pushed.warnings:
    print(warning.code.value, ".".join(warning.path), warning.message, file=sys.stderr)
if pushed.panel and pushed.outcome:
    seats = [seat for interview in pushed.panel.interviews for seat in interview.interviewers]
    forms = [seat.feedback_form.url for seat in seats if seat.feedback_form]
    print(pushed.outcome.value, pushed.panel.starts_at, *forms)
