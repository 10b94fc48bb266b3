/** Live updates: the change feed, subscribed to once for all views of this tab. */

import { SubscriptionClient } from "/console/client.js";
import { CANDIDATE, PANEL } from "/console/fragments.js";

const CHANGES = `${PANEL}${CANDIDATE}
  subscription Changes($after: String) {
    changes(after: $after) {
      __typename cursor type at
      actor { ...Actor }
      ... on InterviewPanelChange { previousStartsAt panel { ...Panel candidate { ...Candidate } } }
      ... on CandidateChange { candidate { ...Candidate } }
      ... on FeedbackFormChange { form { id status interviewer { id } } }
      ... on IntegrationChange { integration { id name } }
      ... on DirectoryChange { node { id } }
      ... on NoLongerVisible { nodeId }
    }
  }`;

const EVENTS = {
  InterviewPanelChange: "change",
  CandidateChange: "candidate",
  FeedbackFormChange: "form",
  IntegrationChange: "integration",
  DirectoryChange: "directory",
  NoLongerVisible: "gone",
};

const LONGEST_WAIT = 600;

/**
 * Dispatches what arrived: a `change` of a panel, a `candidate`, a `form`, an `integration`, something of the
 * `directory` (users, stages, postings, templates), or what is `gone` from the viewer's view; and `stale` when what views have loaded may be outdated.
 */
class Live extends EventTarget {
  #client;

  get state() {
    return this.#client?.state ?? "connecting";
  }

  /** Subscribes. Resolves once the feed is active, or soon: a slow connection must not delay the first view. */
  start() {
    const client = (this.#client = new SubscriptionClient());
    client.addEventListener("state", () => this.#dispatch("state", client.state));
    client.addEventListener("unauthenticated", () => this.#dispatch("unauthenticated"));
    return new Promise((resolve) => {
      setTimeout(resolve, LONGEST_WAIT);
      client.subscribe(
        { query: CHANGES },
        {
          next: ({ changes }) => this.#dispatch(EVENTS[changes.__typename], changes),
          cursor: ({ changes }) => changes.cursor,
          restarted: () => (this.#dispatch("stale"), resolve()),
        },
      );
    });
  }

  stop() {
    this.#client?.close();
    this.#client = undefined;
    this.#dispatch("state", this.state);
  }

  #dispatch(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

export const live = new Live();
