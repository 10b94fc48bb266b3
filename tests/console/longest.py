"""The longest texts that the rules allow (docs/rules.md, Limits): of one word, and of words written from the right."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import clock
from tests.console.browsing import EMAILS, Ats, Candidate

NAME, PROSE = 500, 20_000
WORD = ("Donaudampfschifffahrtselektrizitätenhauptbetriebswerk" * 10)[:NAME]
WORDS = "عبد الرحمن (محمد) بن يوسف 12:30 " * 15
SCORES = ["Strong No Hire", "No Hire", "Hire", "Strong Hire"]
ADMIN, INTERVIEWER = (f"z-{role}-{'x' * 200}@demo.example" for role in ("admin", "interviewer"))


@dataclass
class Longest:
    """Where the longest texts are shown."""

    candidates: list[str]
    open_form: str
    submitted_form: str
    canceled: str


def sync_longest(ats: Ats) -> Longest:
    """Fill the account with the longest texts: people, a stage, a posting, templates, candidates and panels."""
    ats.key()
    _sync_directory(ats)
    candidates = [_candidate(ats, text, f"longest-{place}") for place, text in enumerate((WORD, WORDS))]
    panels = [
        _push(ats, each, days, text) for each, text in zip(candidates, (WORD, WORDS), strict=True) for days in (-1, 3)
    ]
    open_form, submitted = (_form(panel) for panel in panels[:3:2])
    _submit(ats, submitted)
    ats.ask(
        "mutation($input: CancelInterviewPanelInput!) { cancelInterviewPanel(input: $input) { errors { message } } }",
        ats.token(ADMIN),
        input={"id": panels[3]["id"], "reason": WORD},
    )
    return Longest([each.id for each in candidates], open_form["id"], submitted["id"], panels[3]["id"])


def _synced(ats: Ats, field: str, row_type: str, argument: str, rows: list[dict[str, Any]], selection: str = "") -> Any:
    query = (
        f"mutation($rows: [{row_type}!]!) {{ {field}({argument}: $rows) {{ {selection} errors {{ path message }} }} }}"
    )
    data = ats.ask(query, rows=rows)[field]
    assert not data["errors"], data
    return data


def _sync_directory(ats: Ats) -> None:
    people = [
        {"email": email, "name": f"Z{WORD}"[:NAME], "role": role}
        for email, role in ((ADMIN, "ADMIN"), (INTERVIEWER, "INTERVIEWER"))
    ]
    _synced(ats, "syncUsers", "UserInput", "users", people)
    _synced(ats, "syncStages", "StageInput", "stages", [{"name": WORD, "position": 99, "hasInterview": True}])
    _synced(
        ats,
        "syncPostings",
        "PostingInput",
        "postings",
        [{"externalId": "longest", "title": WORD, "hiringManagerEmail": ADMIN}],
    )


def _candidate(ats: Ats, text: str, external_id: str) -> Candidate:
    row = {
        "externalId": external_id,
        "name": text,
        "headline": text,
        "emails": [f"{external_id}-{'y' * 200}@mail.example"],
        "stage": WORD,
        "postingExternalId": "longest",
        "ownerEmail": ADMIN,
        "followerEmails": [ADMIN, EMAILS["TEAM_MEMBER"]],
    }
    [synced] = _synced(ats, "syncCandidates", "CandidateInput", "candidates", [row], "candidates { id }")["candidates"]
    return Candidate(ats, synced["id"], text, external_id)


def _template(ats: Ats, text: str) -> str:
    kinds = ("SCORE", "TEXTAREA", "YES_NO", "MULTIPLE_SELECT", "DROPDOWN", "DATE", "CODE", "TEXT")
    choices = [f"{number} {text}"[:NAME] for number in range(4)]
    fields = [
        {
            "type": kind,
            "label": text,
            "description": text,
            "options": SCORES if kind == "SCORE" else choices if kind in ("MULTIPLE_SELECT", "DROPDOWN") else [],
        }
        for kind in kinds
    ]
    row = {"externalId": f"longest-{text[:9]}", "name": text, "instructions": text, "fields": fields}
    selection = "feedbackTemplates { id }"
    data = _synced(ats, "syncFeedbackTemplates", "FeedbackTemplateInput", "feedbackTemplates", [row], selection)
    return str(data["feedbackTemplates"][0]["id"])


def _push(ats: Ats, candidate: Candidate, days: int, text: str) -> Any:
    # Two interviews whose hours have the most letters, and who is in them each way there is.
    start = (clock.now() + timedelta(days=days)).replace(hour=22, minute=50)
    responses = ("NEEDS_ACTION", "ACCEPTED", "TENTATIVE", "DECLINED")
    people = [INTERVIEWER, *ats.interviewers[:3]]
    interviews = [
        {
            "externalId": f"{place}",
            "subject": text,
            "startsAt": (start + timedelta(hours=place * 12)).isoformat(),
            "durationMinutes": 130,
            "location": text,
            "meetingUrl": "https://meet.example/longest",
            "note": (f"{text} " * 40)[: PROSE if days > 0 and place else NAME],
            "feedbackTemplateId": _template(ats, text),
            "interviewers": [
                {"email": email, "responseStatus": response} for email, response in zip(people, responses, strict=True)
            ],
        }
        for place in range(2)
    ]
    pushed = ats.ask(
        "mutation($input: UpsertInterviewPanelInput!) { upsertInterviewPanel(input: $input) { errors { message path }"
        " panel { id interviews { feedbackForms { id fields { id type } interviewer { email } } } } } }",
        ats.key(),
        input={
            "externalId": f"{candidate.external_id}-{days}",
            "candidateExternalId": candidate.external_id,
            "sequence": ats.sequence(),
            "externalUrl": "https://app.goodtime.example/interviews/longest",
            "timezone": "America/Argentina/ComodRivadavia",
            "note": text,
            "interviews": interviews,
        },
    )["upsertInterviewPanel"]
    assert not pushed["errors"], pushed
    return pushed["panel"]


def _form(panel: Any) -> Any:
    return next(form for form in panel["interviews"][0]["feedbackForms"] if form["interviewer"]["email"] == INTERVIEWER)


def _submit(ats: Ats, form: Any) -> None:
    values = {"SCORE": "Strong No Hire", "TEXTAREA": WORD * 4, "CODE": WORD, "TEXT": WORD, "YES_NO": "Yes"}
    answers = [
        {"fieldId": field["id"], "values": [values[field["type"]]]}
        for field in form["fields"]
        if field["type"] in values
    ]
    payload = ats.ask(
        "mutation($input: SubmitFeedbackInput!) { submitFeedback(input: $input) { errors { message path } } }",
        ats.token(INTERVIEWER),
        input={"formId": form["id"], "answers": answers},
    )["submitFeedback"]
    assert not payload["errors"], payload
