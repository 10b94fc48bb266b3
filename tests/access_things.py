"""What operations name: things of an account, whoever may see them."""

from dataclasses import dataclass, replace

from tests.world import World


@dataclass(frozen=True)
class Things:
    """What operations name: a candidate with a panel and all that hangs on it, and things of the same account."""

    candidate: str
    candidate_external_id: str
    panel: str
    panel_external_id: str
    interview: str
    form: str
    noors_form: str
    field: str
    account: str
    integration: str
    key: str
    revoked_key: str
    user: str
    user_email: str
    stage: str
    posting: str
    posting_external_id: str
    template: str


NOTHING = Things(
    candidate="cnd_01hq0000000000000000000000",
    candidate_external_id="never was a candidate",
    panel="pan_01hq0000000000000000000000",
    panel_external_id="never was a panel",
    interview="itv_01hq0000000000000000000000",
    form="frm_01hq0000000000000000000000",
    noors_form="frm_01hq0000000000000000000001",
    field="fld_0000000000000000",
    account="acc_01hq0000000000000000000000",
    integration="int_01hq0000000000000000000000",
    key="key_01hq0000000000000000000000",
    revoked_key="key_01hq0000000000000000000001",
    user="usr_01hq0000000000000000000000",
    user_email="never-was@anywhere.example",
    stage="stg_01hq0000000000000000000000",
    posting="pst_01hq0000000000000000000000",
    posting_external_id="never was a posting",
    template="tpl_01hq0000000000000000000000",
)


async def find_things(world: World, candidate: str, posting: str) -> Things:
    """What there is in an account without any panel."""
    generated = await world.sam.ask(
        "mutation { generateApiKey(provider: GOODTIME, graceHours: 720) { apiKey { id } } }"
    )
    revoked = generated["generateApiKey"]["apiKey"]["id"]
    await world.sam.ask("mutation ($id: ID!) { revokeApiKey(id: $id) { errors { code } } }", id=revoked)
    account = await world.sam.ask(
        """query ($candidate: String, $email: String!) { account { id } postings { id externalId }
          integrations { id apiKeys { id } } candidate(externalId: $candidate) { id }
          users(emails: [$email]) { edges { node { id } } }
          feedbackTemplates { edges { node { id fields { id } } } } }""",
        candidate=candidate,
        email=world.email("rita"),
    )
    [integration] = account["integrations"]
    [field] = next(
        edge["node"]["fields"]
        for edge in account["feedbackTemplates"]["edges"]
        if edge["node"]["id"] == world.templates["values"]
    )
    return replace(
        NOTHING,
        candidate=account["candidate"]["id"],
        candidate_external_id=candidate,
        field=field["id"],
        account=account["account"]["id"],
        integration=integration["id"],
        key=integration["apiKeys"][0]["id"],
        revoked_key=revoked,
        user=account["users"]["edges"][0]["node"]["id"],
        user_email=world.email("rita"),
        stage=world.stages["On-site"],
        posting=next(row["id"] for row in account["postings"] if row["externalId"] == posting),
        posting_external_id=posting,
        template=world.templates["values"],
    )


async def with_panel(world: World, things: Things, external_id: str, *people: str) -> Things:
    """The same things with a panel of these people, Noor the last of them, each with a form."""
    interview = world.an_interview("one", *people, feedbackTemplateId=things.template)
    pushed = await world.goodtime.push(**world.a_panel(external_id, interview, candidateId=things.candidate))
    [stored] = pushed["panel"]["interviews"]
    return replace(
        things,
        panel=pushed["panel"]["id"],
        panel_external_id=external_id,
        interview=stored["id"],
        noors_form=stored["interviewers"][-1]["feedbackForm"]["id"],
    )
