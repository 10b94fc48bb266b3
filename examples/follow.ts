/**
 * Follows changes of interview panels over a WebSocket, in a browser or in Node. After a disconnect it resumes after
 * the last change, so that none is missed or repeated; without a cursor to resume from, it loads all panels first.
 *     npm ci && npm run follow -- ws://127.0.0.1:8000/graphql TOKEN [CURSOR]
 */
import { createClient, type Client } from "graphql-ws/client";

const FOLLOW = `subscription Follow($after: String) { change: interviewPanelChanges(after: $after) {
  cursor kind panel { externalId status startsAt } } }`;
const HEAD = "{ changeCursor }";
const PANELS = `query Panels($after: String) { page: interviewPanels(first: 100, after: $after) {
  edges { node { externalId status startsAt } } pageInfo { hasNextPage endCursor } } }`;

interface Panel { externalId: string; status: string; startsAt: string | null }
interface Change { cursor: string; kind: string; panel: Panel }
interface Page<T> { edges: { node: T }[]; pageInfo: { hasNextPage: boolean; endCursor: string | null } }
interface Failure { code?: number; reason?: string; message?: string; extensions?: { code: string; cursor?: string } }
const AGAIN = ["SERVICE_UNAVAILABLE", "RATE_LIMITED", "INTERNAL_SERVER_ERROR"];
const REFUSED = [4400, 4401, 4403, 4406];

/** Yields the results of one operation. Errors arrive inside results, and are thrown here. */
async function* results<T>(client: Client, query: string, after: string | null): AsyncGenerator<T> {
  for await (const { data, errors } of client.iterate<T>({ query, variables: { after } })) {
    if (errors) throw errors[0];
    yield data as T;
  }
}

async function* pages<T>(client: Client, query: string): AsyncGenerator<Page<T>> {
  for (let after: string | null = null, more = true; more; )
    for await (const { page } of results<{ page: Page<T> }>(client, query, after)) {
      yield page;
      ({ hasNextPage: more, endCursor: after } = page.pageInfo);
    }
}

/** Prints the current state of all panels. Returns a cursor read before, so that later changes are followed. */
async function load(client: Client): Promise<string | null> {
  let cursor: string | null = null;
  for await (const { changeCursor } of results<{ changeCursor: string }>(client, HEAD, null)) cursor = changeCursor;
  for await (const page of pages<Panel>(client, PANELS))
    for (const { node } of page.edges) console.log("-", "LOADED", node.externalId, node.status);
  return cursor;
}

/** Yields every change after the cursor, once and in order, for ever. Throws errors that retrying can't solve. */
export async function* follow(url: string, token: string, cursor: string | null = null): AsyncGenerator<Change> {
  for (let wait = 100; ; wait = Math.min(2 * wait, 30_000)) {
    let silence: ReturnType<typeof setTimeout> | undefined;
    const client = createClient({
      url, connectionParams: { Authorization: `Bearer ${token}` }, keepAlive: 20_000,
      retryAttempts: 0, // Its own retries would send the old cursor again.
      on: {
        ping: () => (silence ??= setTimeout(() => client.terminate(), 10_000)),
        pong: () => (silence = clearTimeout(silence) as undefined),
      },
    });
    try {
      cursor ??= await load(client);
      for await (const { change } of results<{ change: Change }>(client, FOLLOW, cursor)) {
        yield change;
        [cursor, wait] = [change.cursor, 100];
      }
    } catch (thrown) {
      const { code, reason, message, extensions } = [thrown].flat()[0] as Failure;
      const fatal = extensions ? !AGAIN.includes(extensions.code) : REFUSED.includes(code ?? 0);
      if (extensions?.code === "CURSOR_EXPIRED") cursor = null;
      else if (extensions?.code === "TOO_SLOW") cursor = extensions.cursor ?? cursor;
      else if (fatal) throw new Error(message ?? reason);
    } finally { client.dispose(); }
    await new Promise((resolve) => setTimeout(resolve, wait * (0.5 + Math.random()))); // Not all reconnect at once.
  }
}

const [url, token, after] = (globalThis as { process?: { argv: string[] } }).process?.argv.slice(2) ?? [];
if (url && token)
  for await (const { cursor, kind, panel } of follow(url, token, after))
    console.log(cursor, kind, panel.externalId, panel.status);
