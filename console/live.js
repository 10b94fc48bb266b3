/** What happens while one looks: the change feed and the integration, followed once for all views of this tab. */

import { Socket } from "/console/client.js";
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

/** Dispatches `change` and `integration` with what arrived, and `afresh` when what was loaded before may be old. */
class Live extends EventTarget {
  #socket;

  get state() {
    return this.#socket?.state ?? "connecting";
  }

  /** Resolves once the feed is followed, or after a moment: a slow socket must not hold up the first view. */
  start(viewer) {
    const socket = (this.#socket = new Socket());
    socket.addEventListener("state", () => this.#tell("state", socket.state));
    socket.addEventListener("unauthenticated", () => this.#tell("unauthenticated"));
    return new Promise((resolve) => {
      setTimeout(resolve, 600);
      socket.follow(
        { query: CHANGES },
        {
          next: (data) => this.#tell("change", data.interviewPanelChanges),
          cursor: (data) => data.interviewPanelChanges.cursor,
          afresh: () => (this.#tell("afresh"), resolve()),
        },
      );
      if (viewer.role !== "INTERVIEWER") {
        socket.follow({ query: INTEGRATION }, { next: (data) => this.#tell("integration", data.integrationChanges) });
      }
    });
  }

  stop() {
    this.#socket?.close();
    this.#socket = undefined;
    this.#tell("state", this.state);
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

export const live = new Live();
