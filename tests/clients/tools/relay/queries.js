// What relay-compiler compiles for `caches.mjs`.
import { graphql } from "relay-runtime";

graphql`
  query queriesFormQuery($id: ID!) {
    feedbackForm(id: $id) { id fields { id label options } }
  }
`;
graphql`
  query queriesTemplatesQuery {
    feedbackTemplates(search: "Technical") { edges { node { id fields { id label options } } } }
  }
`;
graphql`
  query queriesPanelsPaginationQuery($id: ID!) {
    node(id: $id) { ...queriesPanels_candidate @alias }
  }
`;
graphql`
  fragment queriesPanels_candidate on Candidate
  @argumentDefinitions(
    first: { type: "Int" } after: { type: "String" } last: { type: "Int" } before: { type: "String" }
  )
  @refetchable(queryName: "queriesPanelsRefetchQuery") {
    id
    interviewPanels(first: $first, after: $after, last: $last, before: $before)
      @connection(key: "queriesPanels_interviewPanels") {
      edges { node { id status startsAt interviews { id interviewers { id user { id name } } } } }
    }
  }
`;
graphql`
  subscription queriesChangesSubscription($after: String) {
    changes(after: $after) {
      cursor
      ... on InterviewPanelChange { panel { id status startsAt cancellation { id at } } }
      ... on CandidateChange { candidate { id name scheduleAction { id url } } }
    }
  }
`;
