/** Live updates: the change feed and the integration's state, subscribed to once for all views of this tab. */

import { SubscriptionClient } from "/console/client.js";
import { CANDIDATE, PANEL } from "/console/fragments.js";

const CHANGES = `${PANEL}${CANDIDATE}
  subscription Changes($after: String) {
    interviewPanelChanges(after: $after) {
      cursor kind at
      actor { ...Actor }
      panel { ...Panel candidate { ...Candidate } }
    }
  }`;

const INTEGRATION = `
  subscription IntegrationSwitched { integrationChanges(provider: GOODTIME) { id enabled } }`;

const LONGEST_WAIT = 600;

/** Dispatches `change` and `integration` with what arrived, and `stale` when what views have loaded may be outdated. */
class Live extends EventTarget {
  #client;

  get state() {
    return this.#client?.state ?? "connecting";
  }

  /** Subscribes. Resolves once the feed is active, or soon: a slow connection must not delay the first view. */
  start(viewer) {
    const client = (this.#client = new SubscriptionClient());
    client.addEventListener("state", () => this.#dispatch("state", client.state));
    client.addEventListener("unauthenticated", () => this.#dispatch("unauthenticated"));
    return new Promise((resolve) => {
      setTimeout(resolve, LONGEST_WAIT);
      client.subscribe(
        { query: CHANGES },
        {
          next: (data) => this.#dispatch("change", data.interviewPanelChanges),
          cursor: (data) => data.interviewPanelChanges.cursor,
          restarted: () => (this.#dispatch("stale"), resolve()),
        },
      );
      if (viewer.role !== "INTERVIEWER")
        client.subscribe(
          { query: INTEGRATION },
          { next: (data) => this.#dispatch("integration", data.integrationChanges) },
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
