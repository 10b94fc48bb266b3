"""What the tests of feedback share: templates, the ids of forms, and answers to them."""

from typing import Any

from tests.world import World

SYNC = """mutation ($rows: [FeedbackTemplateInput!]!) { syncFeedbackTemplates(feedbackTemplates: $rows) {
  feedbackTemplates { id fields { id } } errors { code path message } } }"""


async def template(world: World, *fields: dict[str, Any], external_id: str = "every") -> str:
    """The id of a template with these fields, synced by Ada."""
    row = {"externalId": external_id, "name": "Every type", "instructions": "Be fair", "fields": list(fields)}
    synced = await world.ada.ask(SYNC, rows=[row])
    assert synced["syncFeedbackTemplates"]["errors"] == []
    return str(synced["syncFeedbackTemplates"]["feedbackTemplates"][0]["id"])


async def form_ids(world: World, *people: str, template: str | None = None, **fields: Any) -> dict[str, str]:
    """The ids of the forms of a panel `p` of one interview with these people, by name."""
    interview = world.an_interview("one", *people, feedbackTemplateId=template or world.templates["technical"])
    pushed = await world.goodtime.push(**world.a_panel("p", interview, **fields))
    assert pushed["errors"] == []
    seats = pushed["panel"]["interviews"][0]["interviewers"]
    return {seat["user"]["email"].partition("@")[0]: seat["feedbackForm"]["id"] for seat in seats}
