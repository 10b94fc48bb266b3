/** Operations to begin with, in the order of the story: who I am, the dashboard, a profile, a push, and the feed. */

export const EXAMPLES = [
  {
    name: "Who am I?",
    query: `query Me {
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
    query: `query Dashboard($filter: CandidateFilter, $after: String) {
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
    query: `query Profile($id: ID!) {
  candidate(id: $id) {
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
  "id": ""
}`,
  },
  {
    name: "Scheduler: push a panel (with a key)",
    query: `mutation Push($input: UpsertInterviewPanelInput!) {
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
`,
    variables: `{
  "input": {
    "externalId": "panel-1",
    "sequence": 1,
    "candidateExternalId": "",
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
    query: `query PreCheck($emails: [String!]) {
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
    query: `mutation Cancel($input: CancelInterviewPanelInput!) {
  cancelInterviewPanel(input: $input) {
    calendarEventRemains
    panel { id status version }
    errors { code message }
  }
}
`,
    variables: `{
  "input": { "id": "", "reason": "The candidate is travelling" }
}`,
  },
  {
    name: "Live: every change of a panel",
    query: `subscription Follow($after: String) {
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
    query: `query CatchUp($after: String) {
  interviewPanelChanges(first: 20, after: $after) {
    pageInfo { hasNextPage endCursor }
    edges { node { cursor kind at panel { id status } } }
  }
}
`,
    variables: "",
  },
];
