// graphql-sse: changes as server-sent events, where WebSockets don't get through. It tries again after every cut, with the
// variables that it was given at first: the same object, which therefore has to move on.
//     node sse.mjs http://127.0.0.1:8000/graphql TOKEN
import { createClient } from "graphql-sse";
import { fail, FOLLOW, show } from "./resume.mjs";

const [url, token] = process.argv.slice(2);
const variables = {}; // a cursor that was taken before the page was loaded; without one the header says where it begins
const client = createClient({
  url,
  headers: { Authorization: `Bearer ${token}` },
  retryAttempts: Infinity,
  retry: (retries) => new Promise((go) => setTimeout(go, Math.min(30_000, 200 * 2 ** retries) * Math.random())),
  fetchFn: async (...request) => {
    const response = await fetch(...request);
    variables.after ??= response.headers.get("change-cursor") ?? undefined;
    return response;
  },
});

client.subscribe(
  { query: FOLLOW, variables },
  {
    next({ data, errors }) {
      if (errors) return fail(errors);
      variables.after = data.interviewPanelChanges.cursor;
      show(data.interviewPanelChanges);
    },
    error: fail,
    complete: () => fail("the server has nothing more to say"),
  },
);
