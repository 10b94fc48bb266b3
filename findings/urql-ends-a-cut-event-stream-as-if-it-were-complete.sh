#!/usr/bin/env bash
# urql takes an event stream that breaks off without `complete` for a finished subscription: no error, no new try.
#
# Packages: @urql/core@6.0.3, graphql@16.15.0, wonka@6.3.6 (Node 20)
# Date: 2026-11-30
# One would guess: Without the protocol's `complete` event the stream was cut (a deploy, a proxy's time-out), so the
#   client reports an error or connects again.
# What happens: The last result is repeated with hasNext: false, there is no error, and one request is all there
#   ever was. A reader can't tell it from a subscription that the server has completed.
# Why the guess is a good one: graphql-sse's PROTOCOL.md, distinct connections mode: the complete event tells that
#   the operation is done; the HTML standard (section 9.2) has clients of event streams connect again when one ends.
# What it means for a GraphQL service: A restart of the server ends urql's live pages for good. Follow over graphql-
#   ws or graphql-sse's client instead, or take the end of a subscription (hasNext false) as the sign to go on from
#   the last cursor.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --save-exact \
  @urql/core@6.0.3 graphql@16.15.0 wonka@6.3.6 >/dev/null

cat >probe.mjs <<'EOF'
import http from "node:http";
import { Client, fetchExchange, gql } from "@urql/core";
import { onEnd, pipe, subscribe } from "wonka";

for (const last of ["event: complete\ndata:\n\n", ""]) {
  let requests = 0;
  const server = http.createServer((_, response) => {
    requests += 1;
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(`event: next\ndata: ${JSON.stringify({ data: { tick: requests } })}\n\n`);
    setTimeout(() => response.end(last), 50);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${server.address().port}/graphql`;
  const client = new Client({ url, exchanges: [fetchExchange], fetchSubscriptions: true });
  const seen = [];
  pipe(
    client.subscription(gql`subscription Ticks { tick }`, {}),
    onEnd(() => seen.push("end")),
    subscribe(({ data, error, hasNext }) => seen.push(`tick ${data?.tick} error ${error?.message} hasNext ${hasNext}`)),
  );
  await new Promise((resolve) => setTimeout(resolve, 2000));
  console.log(`${last ? "with complete" : "cut off"}: ${seen.join("; ")}; requests ${requests}`);
  server.closeAllConnections();
  server.close();
}
EOF

cat >expected <<'EOF'
with complete: tick 1 error undefined hasNext true; tick 1 error undefined hasNext false; end; requests 1
cut off: tick 1 error undefined hasNext true; tick 1 error undefined hasNext false; end; requests 1
EOF

timeout 300 node probe.mjs >seen 2>errors || { cat seen errors; echo "CHANGED: the probe itself failed"; exit 1; }
cat seen
diff expected seen || { echo "CHANGED: urql handles cut event streams differently from what was recorded"; exit 1; }
echo "As recorded: no error and no second request after the cut."
