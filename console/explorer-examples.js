/**
 * Example operations. Each says who can run it. In the demo account each runs without changes, in this order: the
 * cancel needs the push before it.
 */

export const EXAMPLES = [
  {
    name: "Who am I?",
    query: `# As anyone: with a user's token or an integration's key.
query Me {
  viewer {
    __typename
    ... on User { id name email role }
    ... on Integration { id name enabled permissions }
  }
  account { name slug }
}
`,
    variables: "",
  },
  {
    name: "Dashboard: candidates and their Schedule buttons",
    query: `# As anyone except an Interviewer, who sees no candidates.
# Schedule buttons are for users: a key gets null.
query Dashboard($filter: CandidateFilter, $after: String) {
  candidates(filter: $filter, first: 10, after: $after) {
    totalCount
    pageInfo { hasNextPage endCursor }
    edges {
      node {
        id
        name
        stage { name }
        scheduleAction { dashboardLabel menuLabel url }
        interviewPanels(upcomingOnly: true, first: 1) {
          edges { node { startsAt status } }
        }
      }
    }
  }
}
`,
    variables: `{
  "filter": { "search": "" }
}`,
  },
  {
    name: "Profile: the panels of a candidate",
    query: `# As anyone except an Interviewer, who sees no candidates.
# Schedule buttons are for users: a key gets null.
query Profile($externalId: String!) {
  candidate(externalId: $externalId) {
    name
    scheduleAction { bannerLabel menuLabel url }
    interviewPanels(includeCanceled: true) {
      edges {
        node {
          id
          version
          status
          externalUrl
          startsAt
          interviews {
            subject
            startsAt
            durationMinutes
            interviewers { user { name } responseStatus feedbackForm { status url } }
          }
        }
      }
    }
  }
}
`,
    variables: `{
  "externalId": "cand-1"
}`,
  },
  {
    name: "Scheduler: push a panel (with a key)",
    query: `# With a key: Super Admins generate it under Integrations.
#
# For feedback forms, name a template: move the cursor to
# Templates below and run it, add to the interview
#   "feedbackTemplateId": "<one of the ids>"
# and push again with the next "sequence".
mutation Push($input: UpsertInterviewPanelInput!) {
  upsertInterviewPanel(input: $input) {
    outcome
    warnings { code message path }
    errors { code message path }
    panel {
      id
      status
      interviews { subject startsAt feedbackForms { interviewer { name } url } }
    }
  }
}

query Templates {
  feedbackTemplates {
    edges { node { id name } }
  }
}
`,
    variables: `{
  "input": {
    "externalId": "panel-1",
    "sequence": 1,
    "candidateExternalId": "cand-1",
    "timezone": "America/New_York",
    "interviews": [
      {
        "externalId": "event-1",
        "subject": "System design",
        "startsAt": "2030-01-15T10:00:00-05:00",
        "durationMinutes": 45,
        "interviewers": [{ "email": "interviewer@demo.example" }]
      }
    ]
  }
}`,
  },
  {
    name: "Scheduler: which people have an account?",
    query: `# As anyone except an Interviewer.
query PreCheck($emails: [String!]) {
  users(emails: $emails) {
    edges { node { id name email role } }
  }
}
`,
    variables: `{
  "emails": ["interviewer@demo.example", "nobody@demo.example"]
}`,
  },
  {
    name: "Take a panel off the profile",
    query: `# As a user who is not an Interviewer: removes the panel that
# was pushed above from the profile; its calendar event remains.
# With a key the panel is deleted, as by the scheduler itself.
mutation Cancel($input: CancelInterviewPanelInput!) {
  cancelInterviewPanel(input: $input) {
    calendarEventRemains
    panel { id status version }
    errors { code message }
  }
}
`,
    variables: `{
  "input": { "externalId": "panel-1", "reason": "The candidate is travelling" }
}`,
  },
  {
    name: "Live: every change of a panel",
    query: `# As anyone: you receive changes of panels you have access to.
subscription Follow($after: String) {
  interviewPanelChanges(after: $after) {
    cursor
    kind
    at
    actor { ... on User { name } ... on Integration { name } }
    panel { id status startsAt candidate { name } }
  }
}
`,
    variables: "",
  },
  {
    name: "Catch up: the change feed by page",
    query: `# As anyone: you receive changes of panels you have access to.
query CatchUp($after: String) {
  interviewPanelChanges(first: 20, after: $after) {
    pageInfo { hasNextPage endCursor }
    edges { node { cursor kind at panel { id status } } }
  }
}
`,
    variables: "",
  },
];
