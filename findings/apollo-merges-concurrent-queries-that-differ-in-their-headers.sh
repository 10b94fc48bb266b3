#!/usr/bin/env bash
# Two Apollo queries at the same time that differ only in their headers become one request, and both get its answer.
#
# Packages: @apollo/client@4.3.8, graphql@16.15.0, rxjs@7.8.2 (Node 20)
# Date: 2026-11-30
# One would guess: A query with other headers is another request, above all with fetchPolicy no-cache.
# What happens: In-flight queries are deduplicated by query and variables alone; context, and so headers, doesn't
#   count. The second caller gets the answer to the first one's Accept-Language. With context.queryDeduplication:
#   false two requests are made.
# Why the guess is a good one: RFC 9110, section 12.5.5 (Vary): an answer may depend on any request header; Apollo's
#   documentation offers context.headers per query, and no-cache as 'not stored'.
# What it means for a GraphQL service: What changes an answer (language, version, a trace id to find in the logs)
#   must not travel in a header alone: make it an argument, or tell clients to turn deduplication off.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --save-exact \
  @apollo/client@4.3.8 graphql@16.15.0 rxjs@7.8.2 >/dev/null

cat >probe.mjs <<'EOF'
import { ApolloClient, ApolloLink, gql, InMemoryCache, Observable } from "@apollo/client";

async function ask(queryDeduplication) {
  let requests = 0;
  const link = new ApolloLink((operation) => new Observable((observer) => {
    requests += 1;
    const { headers } = operation.getContext();
    setTimeout(() => {
      observer.next({ data: { greeting: `in ${headers["accept-language"]}` } });
      observer.complete();
    }, 20);
  }));
  const client = new ApolloClient({ cache: new InMemoryCache(), link });
  const query = gql`query Greeting { greeting }`;
  const answers = await Promise.all(["de", "fr"].map((language) => client.query({
    query,
    fetchPolicy: "no-cache",
    context: { headers: { "accept-language": language }, queryDeduplication },
  })));
  console.log(`${requests} request(s); asked in de, fr; answered`, answers.map((each) => each.data.greeting).join(", "));
}

await ask(undefined);
await ask(false);
EOF

cat >expected <<'EOF'
1 request(s); asked in de, fr; answered in de, in de
2 request(s); asked in de, fr; answered in de, in fr
EOF

timeout 300 node probe.mjs >seen 2>errors || { cat seen errors; echo "CHANGED: the probe itself failed"; exit 1; }
cat seen
diff expected seen || { echo "CHANGED: Apollo deduplicates differently from what was recorded"; exit 1; }
echo "As recorded: one request for two sets of headers."
