/** Reads the change log from its end, a page at a time. */

import { ask } from "/console/client.js";
import { ACTOR } from "/console/fragments.js";

/** What the activity shows. A submitted form is told of by its panel, and what has left the view is gone. */
export const TYPES = ["InterviewPanelChange", "CandidateChange", "IntegrationChange"];

const ENTRIES = `${ACTOR}
  query Activity($topics: [ChangeTopic!], $candidateId: ID, $last: Int!, $before: String) {
    changes(topics: $topics, candidateId: $candidateId, last: $last, before: $before) {
      pageInfo { hasPreviousPage endCursor }
      edges { node {
        __typename cursor type at
        actor { ...Actor }
        ... on InterviewPanelChange {
          previousStartsAt
          panel { id version startsAt status candidate { id name } interviews(includeCanceled: true) { id subject } }
        }
        ... on CandidateChange { candidate { id name } }
        ... on IntegrationChange { integration { id name } }
      } }
    }
  }`;

/** The changes of the account, or of one candidate, from the newest to the oldest. */
export class ChangeLog {
  /** Whether there are older changes than those read; false before the first read. */
  hasMore = false;
  #candidateId;
  #before;

  constructor(candidateId) {
    this.#candidateId = candidateId;
  }

  /** Returns the next changes, newest first: `count` of them, less what is not shown. */
  async readEarlier(count) {
    const topics = ["INTERVIEW_PANELS", "CANDIDATES", "INTEGRATIONS"];
    const variables = { topics, candidateId: this.#candidateId, last: count, before: this.#before };
    const { edges, pageInfo } = (await ask(ENTRIES, variables)).changes;
    this.#before = pageInfo.endCursor ?? this.#before;
    this.hasMore = pageInfo.hasPreviousPage;
    return edges.map(({ node }) => node).filter(({ __typename }) => TYPES.includes(__typename));
  }
}
