/** Reads the change log backwards, although the API pages through it forwards only. */

import { ask } from "/console/client.js";
import { ACTOR } from "/console/fragments.js";

const BLOCK = 500;
const PAGE = 100;

// Three reads lead to the end of the log: where its blocks start, where the pages of the last block start, and the
// cursors of the last page. Then its entries are read from the cursor before them.
const ENDS = `
  query Ends($candidateId: ID, $first: Int!, $after: String) {
    interviewPanelChanges(candidateId: $candidateId, first: $first, after: $after) {
      pageInfo { hasNextPage endCursor }
    }
  }`;

const CURSORS = `
  query Cursors($candidateId: ID, $first: Int!, $after: String) {
    interviewPanelChanges(candidateId: $candidateId, first: $first, after: $after) { edges { cursor } }
  }`;

const ENTRIES = `${ACTOR}
  query Entries($candidateId: ID, $first: Int!, $after: String) {
    interviewPanelChanges(candidateId: $candidateId, first: $first, after: $after) {
      edges { node {
        cursor kind at
        actor { ...Actor }
        panel { id version startsAt status candidate { id name } interviews(includeCanceled: true) { id subject } }
      } }
    }
  }`;

/** The changes of the account, or of one candidate, from the newest to the oldest. */
export class ChangeLog {
  #candidateId;
  #blockStarts;
  #pageStarts = [];
  #cursors = [];

  constructor(candidateId) {
    this.#candidateId = candidateId;
  }

  /** Whether there are older changes than those read; false before the first read. */
  get hasMore() {
    return this.#blockStarts?.length + this.#pageStarts.length > 0;
  }

  /** Returns the next `count` changes, newest first; fewer at the beginning of the log. */
  async readEarlier(count) {
    this.#blockStarts ??= await this.#starts(BLOCK);
    const changes = [];
    while (changes.length < count && this.hasMore)
      changes.push(...(await this.#readFromLastPage(count - changes.length)));
    return changes;
  }

  async #readFromLastPage(count) {
    if (!this.#pageStarts.length) this.#pageStarts = await this.#starts(PAGE, this.#blockStarts.pop(), BLOCK / PAGE);
    const start = this.#pageStarts.at(-1);
    if (!this.#cursors.length)
      this.#cursors = (await this.#read(CURSORS, PAGE, start)).edges.map(({ cursor }) => cursor);
    const unread = Math.max(0, this.#cursors.length - count);
    const size = this.#cursors.length - unread || 1;
    const { edges } = await this.#read(ENTRIES, size, this.#cursors[unread - 1] ?? start);
    this.#cursors = this.#cursors.slice(0, unread);
    if (!unread) this.#pageStarts.pop();
    return edges.map(({ node }) => node).reverse();
  }

  /** The cursors after which pages of that size start. */
  async #starts(size, after, most = Infinity) {
    const starts = [];
    for (let hasNextPage = true; hasNextPage && starts.length < most;) {
      starts.push(after);
      const { pageInfo } = await this.#read(ENDS, size, after);
      [after, hasNextPage] = [pageInfo.endCursor, pageInfo.hasNextPage];
    }
    return starts;
  }

  async #read(query, first, after) {
    const { interviewPanelChanges } = await ask(query, { candidateId: this.#candidateId, first, after });
    return interviewPanelChanges;
  }
}
